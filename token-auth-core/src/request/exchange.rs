//! What a token exchange (RFC 8693) asks for, and for whom.

use super::form::{Parameters, Text};
use super::{GrantType, RequestError};

/// What kind of token a request asks for.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum RequestedToken {
    /// A signed token for a registry.
    #[default]
    AccessToken,
    /// A password that lives for minutes, is good for what is granted now and no more, and can be revoked: for a client that
    /// goes on asking for tokens after the credential of a build job has ended. Only in a token exchange, and only where a
    /// source [allows it](crate::Identity::with_password_lifetime).
    Password,
}

impl RequestedToken {
    /// RFC 8693, section 3.
    pub(crate) const ACCESS_TOKEN_TYPE: &'static str = "urn:ietf:params:oauth:token-type:access_token";
    /// There is no registered name for a password.
    pub(crate) const PASSWORD_TYPE: &'static str = "urn:token-auth:token-type:password";

    /// Whatever else is asked for is not had, and an access token is not given in its place.
    pub(super) fn parse(parameters: &Parameters<'_>, grant_type: &GrantType) -> Result<Self, RequestError> {
        match (grant_type, parameters.requested_token_type.as_deref().unwrap_or_default()) {
            (GrantType::TokenExchange, Self::PASSWORD_TYPE) => Ok(Self::Password),
            (GrantType::TokenExchange, kind) if !kind.is_empty() && kind != Self::ACCESS_TOKEN_TYPE => {
                Err(RequestError::UnsupportedTokenType)
            }
            _ => Ok(Self::AccessToken),
        }
    }
}

/// The registry that a token is asked for: `service`, or what the standard calls it.
pub(super) fn service<'a>(
    parameters: &mut Parameters<'a>,
    grant_type: &GrantType,
) -> Result<Text<'a>, RequestError> {
    let service = parameters.service.take().unwrap_or_default();
    if *grant_type != GrantType::TokenExchange {
        return Ok(service);
    }
    let audience = parameters.audience.take().unwrap_or_default();
    match (service.is_empty(), audience.is_empty()) {
        (true, true) => Err(RequestError::Missing("service")),
        (true, false) => Ok(audience),
        (false, false) if service != audience => Err(RequestError::AudienceMismatch),
        (false, _) => Ok(service),
    }
}
