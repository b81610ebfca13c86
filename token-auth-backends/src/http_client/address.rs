//! Which addresses are asked.

use std::net::IpAddr;

use http::Uri;

/// An address that is not asked: whoever stands between could read what is sent, and give other answers.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error(
    "must be an https URL without user, query or fragment (http on loopback needs `allow_loopback_http`)"
)]
pub struct AddressError;

/// An address that may be asked: https, or http on loopback where that is allowed.
pub(crate) fn check(url: &str, loopback_http: bool) -> Result<Uri, AddressError> {
    let uri: Uri = url.parse().map_err(|_| AddressError)?;
    let (Some(scheme), Some(authority)) = (uri.scheme_str(), uri.authority()) else {
        return Err(AddressError);
    };
    let allowed = match scheme {
        "https" => true,
        "http" => loopback_http && is_loopback(authority.host()),
        _ => false,
    };
    let plain = !authority.as_str().contains('@') && uri.query().is_none() && !url.contains('#');
    if allowed && plain { Ok(uri) } else { Err(AddressError) }
}

/// An address that a discovery document names: https, or the issuer's own host and port.
#[cfg(feature = "workload")]
pub(crate) fn check_named(url: &str, issuer: &Uri, loopback_http: bool) -> Result<Uri, AddressError> {
    let uri = check(url, loopback_http)?;
    let own = uri.scheme() == issuer.scheme() && uri.authority() == issuer.authority();
    if uri.scheme_str() == Some("https") || own { Ok(uri) } else { Err(AddressError) }
}

fn is_loopback(host: &str) -> bool {
    let bare = host.strip_prefix('[').and_then(|host| host.strip_suffix(']')).unwrap_or(host);
    host == "localhost" || bare.parse::<IpAddr>().is_ok_and(|address| address.is_loopback())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn https_or_loopback_where_allowed() {
        for (url, strict, loose) in [
            ("https://issuer.example", true, true),
            ("https://issuer.example:8443/path/", true, true),
            ("http://127.0.0.1:80/x", false, true),
            ("http://[::1]:80/x", false, true),
            ("http://localhost/x", false, true),
            ("http://10.0.0.1/x", false, false),
            ("http://localhost.example/x", false, false),
            ("https://user@issuer.example", false, false),
            ("https://issuer.example/?q", false, false),
            ("https://issuer.example/#f", false, false),
            ("file:///etc/passwd", false, false),
            ("ftp://issuer.example/", false, false),
            ("/path", false, false),
            ("", false, false),
        ] {
            assert_eq!((check(url, false).is_ok(), check(url, true).is_ok()), (strict, loose), "{url}");
        }
    }

    #[test]
    #[cfg(feature = "workload")]
    fn a_document_leads_nowhere_else_without_tls() {
        let named = |url, issuer: &str| check_named(url, &issuer.parse().unwrap(), true).is_ok();
        assert!(named("https://keys.example/jwks", "https://issuer.example"));
        assert!(named("http://127.0.0.1:81/jwks", "http://127.0.0.1:81"));
        assert!(!named("http://127.0.0.1:82/jwks", "http://127.0.0.1:81"));
        assert!(!named("http://127.0.0.1:81/jwks", "https://issuer.example"));
    }
}
