//! Why a request gets no token, and the answer that says so.

use serde::Serialize;

use crate::RequestError;

/// Why a client gets no token. The texts are for the client; how it came about is in the [`Record`](super::Record).
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum TokenError {
    /// The request cannot be read.
    #[error(transparent)]
    Request(#[from] RequestError),
    /// A grant type that this service does not offer.
    #[error("unsupported grant type")]
    UnsupportedGrantType,
    /// A service (audience) that this service issues no tokens for.
    #[error("unknown service")]
    UnknownService,
    /// No, or wrong, credentials.
    #[error("authentication required")]
    Unauthorized,
    /// A refresh token that is not one of this service, or no longer good, or made for another service.
    #[error("the refresh token is not valid any more: log in again")]
    InvalidRefreshToken,
    /// A password in exchange for a credential that none is given for (RFC 8693, section 2.2.2).
    #[error(
        "no password is given in exchange for this credential: leave out requested_token_type to get an access token"
    )]
    NoPassword,
    /// A password that would be good for nothing.
    #[error("a password is given for scopes that are granted, and there is none of them")]
    NothingGranted,
    /// Too many wrong passwords for this account.
    #[error("too many wrong passwords: try again later")]
    TooManyAttempts {
        /// Seconds until the next one is looked at.
        retry_after: u64,
    },
    /// A backend could not answer.
    #[error("temporarily unavailable")]
    Unavailable,
}

impl TokenError {
    /// The HTTP status that makes clients do the right thing: 401 asks for other credentials, 429 and 503 to try later.
    pub fn status(&self) -> u16 {
        match self {
            Self::Request(RequestError::UnsupportedScheme)
            | Self::Unauthorized
            | Self::InvalidRefreshToken => 401,
            Self::Request(RequestError::TooLong { what: "body", .. }) => 413,
            Self::Request(RequestError::TooLong { what: "query", .. }) => 414,
            Self::Request(RequestError::TooLong { .. }) => 431,
            Self::Request(_)
            | Self::UnsupportedGrantType
            | Self::UnknownService
            | Self::NoPassword
            | Self::NothingGranted => 400,
            Self::TooManyAttempts { .. } => 429,
            Self::Unavailable => 503,
        }
    }

    /// Seconds that a client should wait (`Retry-After`).
    pub fn retry_after(&self) -> Option<u64> {
        match self {
            Self::TooManyAttempts { retry_after } => Some(*retry_after),
            // As long as a request may take: what it waited for has been answered by then, or given up.
            Self::Unavailable => Some(5),
            _ => None,
        }
    }

    /// The body of the answer: the registry's form, and for a POST the fields of RFC 6749, section 5.2, too.
    pub fn to_json(&self, post: bool) -> Vec<u8> {
        let (code, oauth) = match self {
            Self::Request(RequestError::UnsupportedScheme) => ("UNAUTHORIZED", "invalid_client"),
            Self::Request(RequestError::Scope(_) | RequestError::TooManyScopes(_)) => {
                ("INVALID_REQUEST", "invalid_scope")
            }
            Self::Request(_) => ("INVALID_REQUEST", "invalid_request"),
            Self::UnsupportedGrantType => ("UNSUPPORTED", "unsupported_grant_type"),
            Self::UnknownService => ("INVALID_REQUEST", "invalid_target"),
            Self::NoPassword => ("UNSUPPORTED", "invalid_request"),
            Self::NothingGranted => ("DENIED", "invalid_scope"),
            Self::Unauthorized | Self::InvalidRefreshToken => ("UNAUTHORIZED", "invalid_grant"),
            // RFC 6749 has no word of its own for it.
            Self::TooManyAttempts { .. } => ("TOOMANYREQUESTS", "temporarily_unavailable"),
            Self::Unavailable => ("UNAVAILABLE", "temporarily_unavailable"),
        };
        error_body(code, &self.to_string(), post.then_some(oauth))
    }
}

/// An error in the registry's form, with the OAuth code where there is one.
pub(crate) fn error_body(code: &str, message: &str, oauth: Option<&str>) -> Vec<u8> {
    #[derive(Serialize)]
    struct Body<'a> {
        errors: [Entry<'a>; 1],
        #[serde(skip_serializing_if = "Option::is_none")]
        error: Option<&'a str>,
        #[serde(skip_serializing_if = "Option::is_none")]
        error_description: Option<&'a str>,
    }
    #[derive(Serialize)]
    struct Entry<'a> {
        code: &'a str,
        message: &'a str,
    }
    let body =
        Body { errors: [Entry { code, message }], error: oauth, error_description: oauth.map(|_| message) };
    serde_json::to_vec(&body).unwrap_or_default()
}

/// A quoted-string of RFC 9110 cannot hold control characters, and clients disagree about what lies beyond ASCII.
pub(super) fn challenge(issuer: &str) -> String {
    let realm: String = issuer
        .chars()
        .map(|c| if c == ' ' || c.is_ascii_graphic() { c } else { '?' })
        .flat_map(|c| matches!(c, '"' | '\\').then_some('\\').into_iter().chain([c]))
        .collect();
    format!("Basic realm=\"{realm}\"")
}

/// A service that cannot be.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum ServiceError {
    /// Registries compare the issuer with the one that they were told.
    #[error("the issuer is empty")]
    NoIssuer,
    /// Passwords that were tried cannot be remembered.
    #[error("the system has no randomness")]
    NoRandomness,
    /// A token that is born expired.
    #[error("the lifetime of tokens is less than a second")]
    NoLifetime,
}
