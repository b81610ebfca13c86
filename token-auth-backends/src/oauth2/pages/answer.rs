//! Answers: pages, redirects, and what is wrong, as a page for people and as JSON for clients.

use askama::Template;
use bytes::Bytes;
use http::header::{
    ACCEPT, CACHE_CONTROL, CONTENT_SECURITY_POLICY, CONTENT_TYPE, HeaderName, HeaderValue, LOCATION,
    REFERRER_POLICY, SET_COOKIE, X_CONTENT_TYPE_OPTIONS, X_FRAME_OPTIONS,
};
use http::request::Parts;
use http::{Response, StatusCode};
use http_body_util::Full;
use token_auth_core::http::error;

use super::templates::CONTENT_POLICY;

pub(super) type Answer = Response<Full<Bytes>>;

/// Why a page is not what was asked for. Its texts are for people and clients; nothing of how it came about is in them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct PageProblem {
    pub(super) status: StatusCode,
    pub(super) code: &'static str,
    pub(super) title: &'static str,
    pub(super) text: &'static str,
}

impl PageProblem {
    const fn new(status: StatusCode, code: &'static str, title: &'static str, text: &'static str) -> Self {
        Self { status, code, title, text }
    }

    pub(super) const NOT_FOUND: Self =
        Self::new(StatusCode::NOT_FOUND, "NOT_FOUND", "There is no such page", "Check the address.");
    pub(super) const METHOD: Self = Self::new(
        StatusCode::METHOD_NOT_ALLOWED,
        "UNSUPPORTED",
        "This page cannot be used so",
        "Go to it by a link or a form.",
    );
    pub(super) const MALFORMED: Self = Self::new(
        StatusCode::BAD_REQUEST,
        "INVALID_REQUEST",
        "The request cannot be read",
        "Begin again at the sign-in.",
    );
    pub(super) const TOO_LARGE: Self = Self::new(
        StatusCode::PAYLOAD_TOO_LARGE,
        "INVALID_REQUEST",
        "The request is too large",
        "Begin again at the sign-in.",
    );
    pub(super) const SIGNED_OUT: Self = Self::new(
        StatusCode::UNAUTHORIZED,
        "UNAUTHORIZED",
        "You are not signed in",
        "Your session has ended. Sign in again.",
    );
    pub(super) const SIGNED_OUT_HERE: Self = Self::new(
        StatusCode::SERVICE_UNAVAILABLE,
        "UNAVAILABLE",
        "You are signed out in this browser alone",
        "The server cannot end your sessions in other browsers at the moment. They end by themselves.",
    );
    pub(super) const FORGED: Self = Self::new(
        StatusCode::FORBIDDEN,
        "DENIED",
        "The form was not sent from this page",
        "Nothing was changed. Go back to your tokens and try again.",
    );
    pub(super) const OTHER_BROWSER: Self = Self::new(
        StatusCode::BAD_REQUEST,
        "INVALID_REQUEST",
        "This sign-in cannot be finished",
        "It was begun too long ago, in another browser or tab, or has been finished already. Begin again.",
    );
    pub(super) const CANCELLED: Self = Self::new(
        StatusCode::FORBIDDEN,
        "DENIED",
        "The sign-in was cancelled",
        "You were not signed in. You can try again at any time.",
    );
    pub(super) const REFUSED_BY_PROVIDER: Self = Self::new(
        StatusCode::BAD_GATEWAY,
        "UNAVAILABLE",
        "The identity provider refuses",
        "It does not accept the request of this server. Tell the administrator.",
    );
    pub(super) const UNTRUSTED: Self = Self::new(
        StatusCode::FORBIDDEN,
        "DENIED",
        "The sign-in failed",
        "What the identity provider answered cannot be trusted, so you were not signed in. Begin again; if it fails again, \
         tell the administrator.",
    );
    pub(super) const NOT_ALLOWED: Self = Self::new(
        StatusCode::FORBIDDEN,
        "DENIED",
        "You have no access",
        "You signed in, but this account may not use the registry: it is not in the right organization or domain, or its \
         address is not verified. Use another account, or ask the administrator.",
    );
    pub(super) const AWAY: Self = Self::new(
        StatusCode::SERVICE_UNAVAILABLE,
        "UNAVAILABLE",
        "The identity provider does not answer",
        "You were not signed in. Try again in a few minutes.",
    );
    pub(super) const UNAVAILABLE: Self = Self::new(
        StatusCode::SERVICE_UNAVAILABLE,
        "UNAVAILABLE",
        "That does not work at the moment",
        "Nothing was changed. Try again in a few minutes.",
    );
}

/// Whether a person looks at the answer: browsers say so.
pub(super) fn is_for_a_person(parts: &Parts) -> bool {
    parts
        .headers
        .get_all(ACCEPT)
        .iter()
        .any(|accept| accept.to_str().is_ok_and(|accept| accept.contains("text/html")))
}

/// A page. Nothing of it is kept by the browser or a proxy.
pub(super) fn page(status: StatusCode, template: &impl Template) -> Answer {
    let Ok(text) = template.render() else { return json(&PageProblem::UNAVAILABLE) };
    let mut answer = Response::new(Full::new(Bytes::from(text)));
    *answer.status_mut() = status;
    answer.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static("text/html; charset=utf-8"));
    answer
}

pub(super) fn json(problem: &PageProblem) -> Answer {
    error(problem.status, problem.code, problem.title)
}

/// To another page. Always with GET, so that nothing is sent twice (RFC 9110, section 15.4.4).
pub(super) fn redirect(to: &str) -> Answer {
    let mut answer = Response::new(Full::default());
    let Ok(to) = HeaderValue::from_str(to) else { return json(&PageProblem::UNAVAILABLE) };
    *answer.status_mut() = StatusCode::SEE_OTHER;
    answer.headers_mut().insert(LOCATION, to);
    answer
}

pub(super) fn with_cookie(mut answer: Answer, cookie: Option<HeaderValue>) -> Answer {
    if let Some(cookie) = cookie {
        answer.headers_mut().append(SET_COOKIE, cookie);
    }
    answer
}

/// What holds for every answer.
pub(super) fn secured(mut answer: Answer) -> Answer {
    let headers = answer.headers_mut();
    if let Ok(policy) = HeaderValue::from_str(&CONTENT_POLICY) {
        headers.insert(CONTENT_SECURITY_POLICY, policy);
    }
    for (name, value) in [
        (CACHE_CONTROL, "no-store"),
        // Nothing for anyone else. `no-referrer` would make browsers send `Origin: null` with the pages' own forms.
        (REFERRER_POLICY, "same-origin"),
        (X_CONTENT_TYPE_OPTIONS, "nosniff"),
        (X_FRAME_OPTIONS, "DENY"),
        (HeaderName::from_static("cross-origin-opener-policy"), "same-origin"),
        (HeaderName::from_static("cross-origin-resource-policy"), "same-origin"),
    ] {
        headers.insert(name, HeaderValue::from_static(value));
    }
    answer
}
