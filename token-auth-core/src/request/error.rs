//! Why a request is none of the protocol.

use crate::{ScopeError, TooManyScopes};

/// A request that cannot be read. The texts are for the client: they never repeat a credential.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum RequestError {
    /// A parameter is not percent-encoded UTF-8.
    #[error("malformed query or form parameter")]
    MalformedParameter,
    /// A parameter that may be given once is given again.
    #[error("the parameter {0} is given more than once")]
    Duplicate(&'static str),
    /// The `Authorization` header cannot be read.
    #[error("malformed Authorization header")]
    MalformedCredentials,
    /// The `Authorization` header is of another scheme than Basic or Bearer.
    #[error("unsupported authentication scheme: use Basic or Bearer")]
    UnsupportedScheme,
    /// A parameter that the grant type needs is missing or empty.
    #[error("the parameter {0} is missing")]
    Missing(&'static str),
    /// A secret stands in the query, which proxies and browsers write down (RFC 6749, section 2.3.1).
    #[error("the parameter {0} must not be in the query: send it in the body of a POST")]
    SecretInQuery(&'static str),
    /// The request presents two credentials at once, of which only one could count.
    #[error("the request presents two credentials, one of them the parameter {0}: send one")]
    TwoCredentials(&'static str),
    /// A `subject_token_type` or an `actor_token` (RFC 8693) that no source could take for an identity.
    #[error("unsupported token exchange: send a subject_token that is a JWT, and no actor_token")]
    UnsupportedExchange,
    /// A `requested_token_type` (RFC 8693) that is not given out.
    #[error("this requested_token_type is not given out: leave it out to get an access token")]
    UnsupportedTokenType,
    /// The parameters `audience` and `service` name two registries.
    #[error("the parameters audience and service are not the same")]
    AudienceMismatch,
    /// The parameter `account` names another account than the credentials.
    #[error("the parameter account is not the user of the credentials")]
    AccountMismatch,
    /// The request asks for too much.
    #[error(transparent)]
    TooManyScopes(#[from] TooManyScopes),
    /// Nothing of what the request asks for can be read; this is the first of it.
    #[error(transparent)]
    Scope(ScopeError),
    /// A part of the request is too long.
    #[error("the {what} is longer than {limit} bytes")]
    TooLong {
        /// Which part.
        what: &'static str,
        /// How many bytes are allowed.
        limit: usize,
    },
}
