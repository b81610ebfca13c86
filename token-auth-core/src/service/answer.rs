use std::borrow::Cow;
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use serde::Serialize;
use time::OffsetDateTime;
use time::format_description::well_known::Rfc3339;

use super::TokenError;
use crate::token::unix_seconds;
use crate::{ActionSet, BackendError, ResourceScope};

/// What a request is answered with, and how that came about.
#[derive(Debug)]
#[non_exhaustive]
pub struct Answer {
    /// For the client.
    pub result: Result<TokenResponse, TokenError>,
    /// For the operator's log.
    pub record: Record,
}

/// The body of a successful answer (distribution's `token.md`, "Token response fields").
#[derive(Clone, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct TokenResponse {
    /// The signed token. Also sent as `access_token`, which is what clients read from the answer to a POST.
    pub token: String,
    /// Seconds from `issued_at` until the token expires.
    pub expires_in: u64,
    /// When the token was issued, RFC 3339 in UTC. Clients add `expires_in` to it.
    pub issued_at: String,
}

impl TokenResponse {
    pub(super) fn new(token: String, lifetime: Duration, now: SystemTime) -> Self {
        Self { token, expires_in: lifetime.as_secs(), issued_at: rfc3339(now) }
    }

    /// The answer as JSON.
    pub fn to_json(&self) -> Vec<u8> {
        // A token is base64url and dots, a time is digits and punctuation: nothing here needs escaping.
        let Self { token, expires_in, issued_at } = self;
        format!(r#"{{"token":"{token}","access_token":"{token}","expires_in":{expires_in},"issued_at":"{issued_at}"}}"#)
            .into_bytes()
    }
}

impl std::fmt::Debug for TokenResponse {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("TokenResponse")
            .field("token", &"[redacted]")
            .field("expires_in", &self.expires_in)
            .field("issued_at", &self.issued_at)
            .finish()
    }
}

/// How an answer came about. Holds no secret.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Record {
    /// The authenticated account; nothing if there is none.
    pub account: Option<Arc<str>>,
    /// Which authenticator knew the account.
    pub source: Option<Cow<'static, str>>,
    /// What was asked for and granted, scope by scope.
    pub decisions: Vec<Decision>,
    /// Why the request was denied or could not be answered.
    pub reason: Option<Cow<'static, str>>,
}

impl Record {
    pub(super) fn unavailable(&mut self, error: &BackendError) -> TokenError {
        use std::error::Error as _;
        let mut text = error.to_string();
        let mut cause = error.source().and_then(|shown| shown.source());
        while let Some(error) = cause {
            text.push_str(": ");
            text.push_str(&error.to_string());
            cause = error.source();
        }
        self.reason = Some(text.into());
        TokenError::Unavailable
    }
}

/// What became of one scope.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Decision {
    /// What was asked for.
    pub scope: ResourceScope,
    /// What was granted of it.
    pub granted: ActionSet,
    /// What decided; nothing if every authorizer abstained.
    pub decided_by: Option<Arc<str>>,
}

impl Decision {
    pub(super) fn nobody(scope: ResourceScope) -> Self {
        Self { scope, granted: ActionSet::new(), decided_by: None }
    }
}

fn rfc3339(time: SystemTime) -> String {
    i64::try_from(unix_seconds(time))
        .ok()
        .and_then(|seconds| OffsetDateTime::from_unix_timestamp(seconds).ok())
        .and_then(|time| time.format(&Rfc3339).ok())
        .unwrap_or_default()
}
