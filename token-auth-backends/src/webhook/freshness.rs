//! How long an answer is good: `Cache-Control` (RFC 9111, section 5.2.2).

use std::time::Duration;

use http::HeaderMap;
use http::header::{AGE, CACHE_CONTROL};

/// How long the answer with these headers is good from now. Without `max-age`, not at all.
pub(super) fn freshness(headers: &HeaderMap) -> Duration {
    let mut longest: Option<u64> = None;
    for value in headers.get_all(CACHE_CONTROL) {
        let Ok(text) = value.to_str() else { return Duration::ZERO };
        for directive in text.split(',') {
            let (name, argument) = match directive.split_once('=') {
                Some((name, argument)) => (name.trim(), argument.trim().trim_matches('"')),
                None => (directive.trim(), ""),
            };
            if name.eq_ignore_ascii_case("max-age") {
                let Ok(seconds) = argument.parse() else { return Duration::ZERO };
                longest = Some(longest.map_or(seconds, |known| known.min(seconds)));
            } else if ["no-store", "no-cache"].iter().any(|word| name.eq_ignore_ascii_case(word)) {
                return Duration::ZERO;
            }
        }
    }
    let age = match headers.get(AGE) {
        None => Some(0),
        Some(age) => age.to_str().ok().and_then(|age| age.trim().parse().ok()),
    };
    Duration::from_secs(longest.unwrap_or(0).saturating_sub(age.unwrap_or(u64::MAX)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_plain_max_age_makes_an_answer_good_for_longer() {
        for (values, age, seconds) in [
            (&[][..], None, 0),
            (&["max-age=60"], None, 60),
            (&["private, MAX-AGE=\"60\""], None, 60),
            (&["max-age=60", "max-age=30"], None, 30),
            (&["max-age=60"], Some("20"), 40),
            (&["max-age=60"], Some("soon"), 0),
            (&["max-age=60, no-store"], None, 0),
            (&["No-Cache, max-age=60"], None, 0),
            (&["max-age=-1"], None, 0),
            (&["max-age"], None, 0),
            (&["s-maxage=60, public"], None, 0),
            (&["max-age=60\u{fe}"], None, 0),
        ] {
            let mut headers = HeaderMap::new();
            for value in values {
                headers.append(CACHE_CONTROL, http::HeaderValue::from_bytes(value.as_bytes()).unwrap());
            }
            if let Some(age) = age {
                headers.append(AGE, age.parse().unwrap());
            }
            assert_eq!(freshness(&headers).as_secs(), seconds, "{values:?} {age:?}");
        }
    }
}
