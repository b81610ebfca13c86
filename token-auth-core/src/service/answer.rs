//! What a request is answered with, and what the log is told of it.

use std::borrow::Cow;
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use serde::Serialize;
use time::OffsetDateTime;
use time::format_description::well_known::Rfc3339;

use super::TokenError;
use crate::{
    ActionSet, BackendError, Password, RequestedToken, ResourceScope, SourceId, TokenId, unix_seconds,
    with_causes,
};

/// What a request is answered with, and how that came about.
#[derive(Debug)]
#[non_exhaustive]
pub struct Answer {
    /// For the client.
    pub result: Result<TokenResponse, TokenError>,
    /// For the operator's log.
    pub record: Record,
}

/// The body of a successful answer (distribution's `token.md`, "Token response fields", and `oauth.md`).
#[derive(Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct TokenResponse {
    /// The signed token, or the password that was asked for in its place. Also sent as `access_token`, which is what clients
    /// read from the answer to a POST.
    pub token: String,
    /// Seconds from `issued_at` until the token expires.
    pub expires_in: u64,
    /// When the token was issued, RFC 3339 in UTC. Clients add `expires_in` to it.
    pub issued_at: String,
    /// The refresh token: a new one where one was asked for and allowed, the same one in the refresh grant.
    pub refresh_token: Option<Password>,
    /// What was granted, in the form of the `scope` parameter. Sent in the answer to a POST.
    pub scope: String,
    /// What kind of token it is, where it was given for one of another issuer (RFC 8693).
    pub(super) exchanged: Option<RequestedToken>,
}

impl TokenResponse {
    pub(super) fn new(token: String, lifetime: Duration, now: SystemTime) -> Self {
        Self {
            token,
            expires_in: lifetime.as_secs(),
            issued_at: rfc3339(now),
            refresh_token: None,
            scope: String::new(),
            exchanged: None,
        }
    }

    /// The answer as JSON; to a POST with the fields of RFC 6749, section 5.1, too.
    pub fn to_json(&self, post: bool) -> Vec<u8> {
        #[derive(Serialize)]
        struct Body<'a> {
            #[serde(skip_serializing_if = "Option::is_none")]
            token: Option<&'a str>,
            access_token: &'a str,
            expires_in: u64,
            issued_at: &'a str,
            #[serde(skip_serializing_if = "Option::is_none")]
            refresh_token: Option<&'a str>,
            #[serde(skip_serializing_if = "Option::is_none")]
            scope: Option<&'a str>,
            #[serde(skip_serializing_if = "Option::is_none")]
            token_type: Option<&'a str>,
            #[serde(skip_serializing_if = "Option::is_none")]
            issued_token_type: Option<&'a str>,
        }
        let (issued_token_type, token_type) = match self.exchanged {
            None => (None, "Bearer"),
            Some(RequestedToken::AccessToken) => (Some(RequestedToken::ACCESS_TOKEN_TYPE), "Bearer"),
            // RFC 8693, section 2.2.1: it is not to be presented as an access token.
            Some(RequestedToken::Password) => (Some(RequestedToken::PASSWORD_TYPE), "N_A"),
        };
        let body = Body {
            token: (self.exchanged != Some(RequestedToken::Password)).then_some(self.token.as_str()),
            access_token: &self.token,
            expires_in: self.expires_in,
            issued_at: &self.issued_at,
            refresh_token: self.refresh_token.as_ref().map(Password::expose),
            scope: post.then_some(&self.scope),
            token_type: post.then_some(token_type),
            issued_token_type,
        };
        serde_json::to_vec(&body).unwrap_or_default()
    }
}

impl std::fmt::Debug for TokenResponse {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("TokenResponse")
            .field("token", &"[redacted]")
            .field("expires_in", &self.expires_in)
            .field("issued_at", &self.issued_at)
            .field("refresh_token", &self.refresh_token)
            .field("scope", &self.scope)
            .finish_non_exhaustive()
    }
}

/// How an answer came about. Holds no secret.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Record {
    /// The authenticated account; nothing if there is none.
    pub account: Option<Arc<str>>,
    /// Which authenticator knew the account.
    pub source: Option<SourceId>,
    /// What was asked for and granted, scope by scope.
    pub decisions: Vec<ScopeDecision>,
    /// The refresh token or personal access token that was used or issued, by its public id.
    pub token_id: Option<TokenId>,
    /// Why the request was denied or could not be answered.
    pub reason: Option<Cow<'static, str>>,
}

impl Record {
    pub(super) fn unavailable(&mut self, error: &BackendError) -> TokenError {
        self.reason = Some(with_causes(error).into());
        TokenError::Unavailable
    }
}

/// What became of one scope.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct ScopeDecision {
    /// What was asked for.
    pub scope: ResourceScope,
    /// What was granted of it.
    pub granted: ActionSet,
    /// What decided; nothing if every authorizer abstained.
    pub decided_by: Option<Arc<str>>,
}

impl ScopeDecision {
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
