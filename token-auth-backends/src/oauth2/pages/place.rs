//! Where the pages are, as the browser sees it.

use http::header::{HOST, ORIGIN};
use http::request::Parts;

use super::PageOptions;

/// The parts of a page's address that come before its own path.
pub(super) struct Mount {
    /// `https://registry.example.com`
    origin: String,
    /// What the path of every page begins with; no slash at its end.
    pub(super) base: String,
    /// Whether cookies may be bound to TLS.
    pub(super) secure: bool,
    /// Whether all this is what the operator says, and not what the request does.
    configured: bool,
}

impl Mount {
    /// From the options, or else from the request. `None` if neither says it.
    pub(super) fn of(options: &PageOptions, parts: &Parts) -> Option<Self> {
        if let Some(url) = &options.public_url {
            return Some(Self {
                origin: url.origin().ascii_serialization(),
                base: url.path().trim_end_matches('/').to_owned(),
                secure: url.scheme() == "https",
                configured: true,
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
            configured: false,
        })
    }

    pub(super) fn url(&self, path: &str) -> String {
        format!("{}{}{path}", self.origin, self.base)
    }

    /// Whether a form was sent from one of these pages, by the word of the browser: `Sec-Fetch-Site`, or from old browsers
    /// `Origin`. Behind a reverse proxy that is not configured the scheme is not known.
    pub(super) fn sent(&self, parts: &Parts) -> bool {
        let header = |name: &str| parts.headers.get(name).map(|value| value.to_str().unwrap_or("null"));
        match (header("sec-fetch-site"), header(ORIGIN.as_str())) {
            (Some(site), _) => site == "same-origin",
            (None, Some(origin)) if self.configured => origin.eq_ignore_ascii_case(&self.origin),
            (None, Some(origin)) => host(origin).eq_ignore_ascii_case(host(&self.origin)),
            (None, None) => true,
        }
    }
}

/// `https://HOST`, without the scheme.
fn host(origin: &str) -> &str {
    origin.split_once("://").map_or("", |(_, host)| host)
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
        let place = Mount::of(&options, &request).unwrap();
        assert_eq!((&*place.url("/x"), place.secure), ("http://evil.example/inner/x", false));
        options.public_url = Some("https://registry.example.com/login/".parse().unwrap());
        let place = Mount::of(&options, &request).unwrap();
        assert_eq!((&*place.url("/x"), place.secure), ("https://registry.example.com/login/x", true));
    }

    #[test]
    fn a_host_that_is_none_is_not_believed() {
        let options = PageOptions::default();
        for host in ["", "a b", "a/b", "a\"b", "user@host", "a?b", "a#b", "a\\b"] {
            assert!(Mount::of(&options, &parts(&[("host", host)])).is_none(), "{host}");
        }
        assert!(Mount::of(&options, &parts(&[])).is_none());
        assert!(Mount::of(&options, &parts(&[("host", "[::1]:5001")])).is_some());
    }

    #[test]
    fn forms_of_other_sites_are_told_apart() {
        let unknown = PageOptions::default();
        let known = PageOptions::at("https://a.example".parse().unwrap());
        for (headers, own) in [
            (&[("origin", "https://a.example"), ("sec-fetch-site", "same-origin")][..], [true, true]),
            (&[("origin", "https://a.example")], [true, true]),
            (&[("origin", "http://a.example")], [true, false]),
            (&[], [true, true]),
            (&[("origin", "null")], [false, false]),
            (&[("origin", "a.example")], [false, false]),
            (&[("origin", "https://b.example")], [false, false]),
            (&[("origin", "https://a.example:8443")], [false, false]),
            (&[("origin", "https://a.example"), ("sec-fetch-site", "same-site")], [false, false]),
            (&[("sec-fetch-site", "cross-site")], [false, false]),
            (&[("sec-fetch-site", "none")], [false, false]),
        ] {
            let request = parts(&[&[("host", "a.example")], headers].concat());
            let sent = |options| Mount::of(options, &request).unwrap().sent(&request);
            assert_eq!([sent(&unknown), sent(&known)], own, "{headers:?}");
        }
        // A proxy that names another host to this server than the browser sees: the browser's own word counts.
        let request =
            parts(&[("host", "inner"), ("origin", "https://a.example"), ("sec-fetch-site", "same-origin")]);
        assert!(Mount::of(&unknown, &request).unwrap().sent(&request));
    }
}
