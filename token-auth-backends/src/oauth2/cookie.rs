//! Cookies: read from requests, set and cleared in answers.

use std::time::Duration;

use http::HeaderMap;
use http::header::{COOKIE, HeaderValue};

/// The most bytes that are read of the `Cookie` headers.
const LIMIT: usize = 16 * 1024;

/// The name of a cookie under this path prefix. Over TLS it begins with `__Host-`: a browser then takes it only from
/// this very host, over TLS, and for all paths, so that no neighbour under the same domain can plant one.
pub(super) fn name(kind: &str, prefix: &str, secure: bool) -> String {
    let place: String = prefix.chars().map(|c| if c.is_ascii_alphanumeric() { c } else { '-' }).collect();
    format!("{}token-auth{place}-{kind}", if secure { "__Host-" } else { "" })
}

/// The value of a cookie. A name that is sent twice has none: nobody can tell which is whose.
pub(super) fn read(headers: &HeaderMap, name: &str) -> Option<String> {
    let mut found = None;
    let mut left = LIMIT;
    for line in headers.get_all(COOKIE) {
        left = left.checked_sub(line.len())?;
        for pair in line.to_str().ok()?.split(';') {
            let Some((key, value)) = pair.trim().split_once('=') else { continue };
            if key == name && found.replace(value.to_owned()).is_some() {
                return None;
            }
        }
    }
    found
}

/// Sets a cookie. `value` is base64url.
pub(super) fn set(name: &str, value: &str, lifetime: Duration, secure: bool) -> Option<HeaderValue> {
    let secure = if secure { "; Secure" } else { "" };
    let text =
        format!("{name}={value}; Path=/; Max-Age={}; HttpOnly; SameSite=Lax{secure}", lifetime.as_secs());
    let mut header = HeaderValue::from_str(&text).ok()?;
    header.set_sensitive(true);
    Some(header)
}

/// Makes the browser forget a cookie.
pub(super) fn clear(name: &str, secure: bool) -> Option<HeaderValue> {
    set(name, "", Duration::ZERO, secure)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn headers(lines: &[&str]) -> HeaderMap {
        lines.iter().map(|line| (COOKIE, line.parse().unwrap())).collect()
    }

    #[test]
    fn a_cookie_is_found_by_its_whole_name_and_once() {
        for (lines, value) in [
            (&["a=1; b=2"][..], Some("2")),
            (&["a=1", "b=2=3"], Some("2=3")),
            (&["bb=1; B=2; a b=3"], None),
            (&["b=1; b=2"], None),
            (&["b=1", "b=1"], None),
            (&["b"], None),
            (&[], None),
        ] {
            assert_eq!(read(&headers(lines), "b").as_deref(), value, "{lines:?}");
        }
        assert_eq!(read(&headers(&[&format!("b=1; a={}", "x".repeat(LIMIT))]), "b"), None);
    }

    #[test]
    fn attributes() {
        let lifetime = Duration::from_secs(600);
        assert_eq!(name("session", "/registry/auth", true), "__Host-token-auth-registry-auth-session");
        assert_eq!(name("session", "", false), "token-auth-session");
        assert_eq!(
            set("n", "v", lifetime, true).unwrap(),
            "n=v; Path=/; Max-Age=600; HttpOnly; SameSite=Lax; Secure"
        );
        assert_eq!(clear("n", false).unwrap(), "n=; Path=/; Max-Age=0; HttpOnly; SameSite=Lax");
    }
}
