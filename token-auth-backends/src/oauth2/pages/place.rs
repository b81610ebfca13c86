//! Where the pages are, as the browser sees it.

use http::header::{HOST, ORIGIN};
use http::request::Parts;

use super::PageOptions;

/// The parts of a page's address that come before its own path.
pub(super) struct Place {
    /// `https://registry.example.com`
    origin: String,
    /// What the path of every page begins with; no slash at its end.
    pub(super) base: String,
    /// Whether cookies may be bound to TLS.
    pub(super) secure: bool,
}

impl Place {
    /// From the options, or else from the request. `None` if neither says it.
    pub(super) fn of(options: &PageOptions, parts: &Parts) -> Option<Self> {
        if let Some(url) = &options.public_url {
            return Some(Self {
                origin: url.origin().ascii_serialization(),
                base: url.path().trim_end_matches('/').to_owned(),
                secure: url.scheme() == "https",
            });
        }
        let host = match parts.uri.authority() {
            Some(authority) => authority.as_str(),
            None => parts.headers.get(HOST)?.to_str().ok()?,
        };
        let plain = |c: char| c.is_ascii_alphanumeric() || ".-:[]_".contains(c);
        let scheme = if options.tls { "https" } else { "http" };
        (!host.is_empty() && host.chars().all(plain)).then(|| Self {
            origin: format!("{scheme}://{host}"),
            base: options.path_prefix.trim_end_matches('/').to_owned(),
            secure: options.tls,
        })
    }

    pub(super) fn url(&self, path: &str) -> String {
        format!("{}{}{path}", self.origin, self.base)
    }

    /// Whether a form was sent from one of these pages, by the word of the browser.
    pub(super) fn sent(&self, parts: &Parts) -> bool {
        let header = |name: &str| parts.headers.get(name).map(|value| value.to_str().unwrap_or("null"));
        let same_site = header("sec-fetch-site").is_none_or(|site| site == "same-origin");
        let same_origin =
            header(ORIGIN.as_str()).is_none_or(|origin| origin.eq_ignore_ascii_case(&self.origin));
        same_site && same_origin
    }
}

#[cfg(test)]
mod tests {
    use http::Request;

    use super::*;

    fn parts(headers: &[(&str, &str)]) -> Parts {
        let builder =
            headers.iter().fold(Request::builder(), |builder, (name, value)| builder.header(*name, *value));
        builder.body(()).unwrap().into_parts().0
    }

    #[test]
    fn the_public_url_counts_before_the_request() {
        let mut options = PageOptions { path_prefix: "/inner".to_owned(), ..PageOptions::default() };
        let request = parts(&[("host", "evil.example")]);
        let place = Place::of(&options, &request).unwrap();
        assert_eq!((&*place.url("/x"), place.secure), ("http://evil.example/inner/x", false));
        options.public_url = Some("https://registry.example.com/login/".parse().unwrap());
        let place = Place::of(&options, &request).unwrap();
        assert_eq!((&*place.url("/x"), place.secure), ("https://registry.example.com/login/x", true));
    }

    #[test]
    fn a_host_that_is_none_is_not_believed() {
        let options = PageOptions::default();
        for host in ["", "a b", "a/b", "a\"b", "user@host", "a?b", "a#b", "a\\b"] {
            assert!(Place::of(&options, &parts(&[("host", host)])).is_none(), "{host}");
        }
        assert!(Place::of(&options, &parts(&[])).is_none());
        assert!(Place::of(&options, &parts(&[("host", "[::1]:5001")])).is_some());
    }

    #[test]
    fn forms_of_other_sites_are_told_apart() {
        let options = PageOptions::default();
        for (headers, own) in [
            (&[("origin", "http://a.example"), ("sec-fetch-site", "same-origin")][..], true),
            (&[("origin", "http://a.example")], true),
            (&[], true),
            (&[("origin", "null")], false),
            (&[("origin", "http://b.example")], false),
            (&[("origin", "https://a.example")], false),
            (&[("origin", "http://a.example"), ("sec-fetch-site", "same-site")], false),
            (&[("sec-fetch-site", "cross-site")], false),
            (&[("sec-fetch-site", "none")], false),
        ] {
            let request = parts(&[&[("host", "a.example")], headers].concat());
            assert_eq!(Place::of(&options, &request).unwrap().sent(&request), own, "{headers:?}");
        }
    }
}
