//! The protocol's request, from its parts to a type.

mod authorization;
mod credentials;
mod error;
mod exchange;
mod form;

use std::net::IpAddr;

pub use error::RequestError;
pub use exchange::RequestedToken;

use crate::{AuthnRequest, Credentials, Deadline, ScopeLimits, ScopeSet};
use form::{ParameterPlace, Parameters};

/// How large one request may be.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct RequestLimits {
    /// Bytes of the query string. Default 32 KiB.
    pub query_bytes: usize,
    /// Bytes of the body of a POST. Default 32 KiB.
    pub body_bytes: usize,
    /// Bytes of the `Authorization` header. Default 16 KiB.
    pub authorization_bytes: usize,
    /// Scopes, and actions a scope.
    pub scopes: ScopeLimits,
}

impl Default for RequestLimits {
    fn default() -> Self {
        Self {
            query_bytes: 32 * 1024,
            body_bytes: 32 * 1024,
            authorization_bytes: 16 * 1024,
            scopes: ScopeLimits::default(),
        }
    }
}

/// The parts of a request, as they came: a GET has no form, a POST has one.
#[derive(Clone, Copy, Default)]
pub struct RequestParts<'a> {
    /// The query string, without the `?`.
    pub query: &'a str,
    /// The value of the `Authorization` header.
    pub authorization: Option<&'a [u8]>,
    /// The body of a POST, `application/x-www-form-urlencoded`.
    pub form: Option<&'a [u8]>,
}

/// How the client asks.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum GrantType {
    /// GET, or a POST that names no grant type: whoever the credentials say.
    Implicit,
    /// POST with `grant_type=password`.
    Password,
    /// POST with `grant_type=refresh_token`.
    RefreshToken,
    /// POST with `grant_type=urn:ietf:params:oauth:grant-type:token-exchange` (RFC 8693).
    TokenExchange,
    /// Another grant type, by its name.
    Other(String),
}

impl GrantType {
    /// RFC 8693's.
    const TOKEN_EXCHANGE: &'static str = "urn:ietf:params:oauth:grant-type:token-exchange";

    fn parse(name: Option<&str>) -> Self {
        match name {
            None | Some("") => Self::Implicit,
            Some("password") => Self::Password,
            Some("refresh_token") => Self::RefreshToken,
            Some(Self::TOKEN_EXCHANGE) => Self::TokenExchange,
            Some(other) => Self::Other(other.to_owned()),
        }
    }
}

/// What a client asks of a token server.
///
/// ```
/// use token_auth_core::{RequestLimits, RequestParts, TokenRequest};
///
/// let parts = RequestParts {
///     query: "service=registry&scope=repository:alpine:pull",
///     authorization: Some(b"Basic YWxpY2U6c2VjcmV0"),
///     ..RequestParts::default()
/// };
/// let request = TokenRequest::parse(parts, RequestLimits::default())?;
/// assert_eq!(request.credentials.username(), "alice");
/// assert_eq!(request.scopes.scopes()[0].name(), "alpine");
/// # Ok::<(), token_auth_core::RequestError>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct TokenRequest {
    /// Who the client says it is, with what proves it.
    pub credentials: Credentials,
    /// The `account` parameter: a claim, never an identity.
    pub account: Option<String>,
    /// The registry that the token is for; may be empty.
    pub service: String,
    /// What the client asks to do.
    pub scopes: ScopeSet,
    /// The `client_id` parameter: the name of the client program, by its own word.
    pub client_id: Option<String>,
    /// Whether a refresh token is asked for (`offline_token=true`, `access_type=offline`).
    pub offline: bool,
    /// How the client asks.
    pub grant_type: GrantType,
    /// What kind of token it asks for.
    pub requested: RequestedToken,
    /// The client's address, if it is known.
    pub address: Option<IpAddr>,
    /// When an answer comes too late to be of use. Default none.
    pub deadline: Deadline,
}

impl TokenRequest {
    /// An anonymous request for a login to this service, to be filled in.
    pub fn new(service: impl Into<String>) -> Self {
        Self {
            credentials: Credentials::Anonymous,
            account: None,
            service: service.into(),
            scopes: ScopeSet::default(),
            client_id: None,
            offline: false,
            grant_type: GrantType::Implicit,
            requested: RequestedToken::AccessToken,
            address: None,
            deadline: Deadline::NONE,
        }
    }

    /// Reads a request.
    ///
    /// The parameters of a POST are those of its form and of its query together. Parameters that this protocol does not
    /// know are ignored; one that it knows, other than `scope`, may be given once.
    ///
    /// # Errors
    ///
    /// When the request is malformed, ambiguous or over a limit, lacks what its grant type needs, or asks only for what
    /// cannot be read as a scope.
    pub fn parse(parts: RequestParts<'_>, limits: RequestLimits) -> Result<Self, RequestError> {
        if parts.query.len() > limits.query_bytes {
            return Err(RequestError::TooLong { what: "query", limit: limits.query_bytes });
        }
        if parts.form.is_some_and(|form| form.len() > limits.body_bytes) {
            return Err(RequestError::TooLong { what: "body", limit: limits.body_bytes });
        }
        if parts.authorization.is_some_and(|header| header.len() > limits.authorization_bytes) {
            return Err(RequestError::TooLong {
                what: "Authorization header",
                limit: limits.authorization_bytes,
            });
        }
        let mut parameters = Parameters::default();
        if let Some(form) = parts.form {
            parameters.read(form, ParameterPlace::Form)?;
        }
        parameters.read(parts.query.as_bytes(), ParameterPlace::Query)?;

        let scopes = ScopeSet::parse(parameters.scopes.iter().map(|scope| &**scope), limits.scopes)?;
        if let (true, Some(error)) = (scopes.scopes().is_empty(), scopes.rejected().first()) {
            return Err(RequestError::Scope(error.clone()));
        }
        let grant_type = GrantType::parse(parameters.grant_type.as_deref());
        let credentials = credentials::of(&parts, &parameters, &grant_type)?;
        let requested = RequestedToken::parse(&parameters, &grant_type)?;
        let service = exchange::service(&mut parameters, &grant_type)?;
        let account = parameters.account.filter(|account| !account.is_empty());
        Ok(Self {
            credentials,
            account: account.map(|account| account.into_owned()),
            service: service.into_owned(),
            scopes,
            client_id: parameters.client_id.map(|client| client.into_owned()),
            offline: parameters.offline_token.as_deref() == Some("true")
                || parameters.access_type.as_deref() == Some("offline"),
            grant_type,
            requested,
            address: None,
            deadline: Deadline::NONE,
        })
    }

    /// What an authenticator is asked on behalf of this request.
    pub fn authn(&self) -> AuthnRequest<'_> {
        AuthnRequest::new(&self.credentials)
            .with_address(self.address)
            .with_service(&self.service)
            .with_client_id(self.client_id.as_deref())
            .with_deadline(self.deadline)
    }

    /// The account that the request names: the user name of its password, or else the `account` parameter. A claim, for the
    /// log.
    pub fn claimed_account(&self) -> &str {
        match self.credentials.username() {
            "" => self.account.as_deref().unwrap_or_default(),
            name => name,
        }
    }
}

#[cfg(test)]
mod tests;
