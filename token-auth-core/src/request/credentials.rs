//! What a request presents to say who is asking: the header, or the parameters of its grant type.

use super::form::{Parameters, Text};
use super::{GrantType, RequestError, RequestParts, authorization};
use crate::{Credentials, Password};

/// The kinds of token that a source may know how to verify (RFC 8693, section 3).
const SUBJECT_TOKEN_TYPES: [&str; 3] = [
    "urn:ietf:params:oauth:token-type:jwt",
    "urn:ietf:params:oauth:token-type:id_token",
    "urn:ietf:params:oauth:token-type:access_token",
];

/// The credentials of a request. Two at once are refused where either could have been meant.
pub(super) fn of(
    parts: &RequestParts<'_>,
    parameters: &Parameters<'_>,
    grant_type: &GrantType,
) -> Result<Credentials, RequestError> {
    let header = parts.authorization.map(authorization::parse).transpose()?;
    match grant_type {
        GrantType::RefreshToken => {
            let token = required("refresh_token", &parameters.refresh_token)?;
            alone(header.as_ref(), "refresh_token")?;
            Ok(Credentials::RefreshToken(token))
        }
        GrantType::TokenExchange => {
            let token = required("subject_token", &parameters.subject_token)?;
            let kind = parameters.subject_token_type.as_deref().unwrap_or_default();
            if kind.is_empty() {
                return Err(RequestError::Missing("subject_token_type"));
            }
            if !SUBJECT_TOKEN_TYPES.contains(&kind) || parameters.actor_token.is_some() {
                return Err(RequestError::UnsupportedExchange);
            }
            alone(header.as_ref(), "subject_token")?;
            Ok(Credentials::Bearer(token))
        }
        GrantType::Implicit | GrantType::Password | GrantType::Other(_) => match header {
            Some(credentials) => {
                matches_account(&credentials, &parameters.account)?;
                Ok(credentials)
            }
            None if parts.form.is_some() => Ok(form(parameters)),
            None => Ok(Credentials::Anonymous),
        },
    }
}

fn required(name: &'static str, value: &Option<Text<'_>>) -> Result<Password, RequestError> {
    match value.as_deref() {
        None | Some("") => Err(RequestError::Missing(name)),
        Some(value) => Ok(Password::new(value)),
    }
}

fn alone(header: Option<&Credentials>, parameter: &'static str) -> Result<(), RequestError> {
    match header {
        None => Ok(()),
        Some(_) => Err(RequestError::TwoCredentials(parameter)),
    }
}

/// The parameter `account` says again who the user of the credentials is.
fn matches_account(credentials: &Credentials, account: &Option<Text<'_>>) -> Result<(), RequestError> {
    match (credentials, account.as_deref()) {
        (Credentials::Password { username, .. }, Some(account))
            if !account.is_empty() && account != username =>
        {
            Err(RequestError::AccountMismatch)
        }
        _ => Ok(()),
    }
}

/// A form without a name or without a password presents nothing (RFC 6749, section 3.2: an empty parameter is an omitted
/// one), as with docker_auth.
fn form(parameters: &Parameters<'_>) -> Credentials {
    match (
        parameters.username.as_deref().unwrap_or_default(),
        parameters.password.as_deref().unwrap_or_default(),
    ) {
        ("", _) | (_, "") => Credentials::Anonymous,
        (username, password) => Credentials::password(username, password),
    }
}
