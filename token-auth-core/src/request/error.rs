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
    /// The `Authorization` header is of another scheme than Basic.
    #[error("unsupported authentication scheme: use Basic")]
    UnsupportedScheme,
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
