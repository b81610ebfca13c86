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

/// The credentials of a request. Two at once are refused, whichever of them the grant type would choose, and so is a
/// parameter that names another user than they do.
pub(super) fn of(
    parts: &RequestParts<'_>,
    parameters: &Parameters<'_>,
    grant_type: &GrantType,
) -> Result<Credentials, RequestError> {
    let header = parts.authorization.map(authorization::parse).transpose()?;
    alone(header.as_ref(), parameters)?;
    let credentials = match grant_type {
        GrantType::RefreshToken => {
            Credentials::RefreshToken(required("refresh_token", &parameters.refresh_token)?)
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
            Credentials::Bearer(token)
        }
        GrantType::Implicit | GrantType::Password | GrantType::Other(_) => match header {
            Some(credentials) => credentials,
            None if parts.form.is_some() => form(parameters),
            None => Credentials::Anonymous,
        },
    };
    matches(&credentials, &parameters.account)?;
    matches(&credentials, &parameters.username)?;
    Ok(credentials)
}

fn required(name: &'static str, value: &Option<Text<'_>>) -> Result<Password, RequestError> {
    match value.as_deref() {
        None | Some("") => Err(RequestError::Missing(name)),
        Some(value) => Ok(Password::new(value)),
    }
}

/// Refuses what presents more than one credential: which of them counts, others may read differently.
fn alone(header: Option<&Credentials>, parameters: &Parameters<'_>) -> Result<(), RequestError> {
    let given = |text: &Option<Text<'_>>| text.as_deref().is_some_and(|text| !text.is_empty());
    let presented = [
        ("password", given(&parameters.username) && given(&parameters.password)),
        ("refresh_token", given(&parameters.refresh_token)),
        ("subject_token", given(&parameters.subject_token)),
    ];
    let mut presented = presented.iter().filter(|(_, given)| *given).map(|(name, _)| *name);
    let second = if header.is_some() { presented.next() } else { presented.nth(1) };
    second.map_or(Ok(()), |name| Err(RequestError::TwoCredentials(name)))
}

/// The parameters `account` and `username` say again who the user of a password is.
fn matches(credentials: &Credentials, name: &Option<Text<'_>>) -> Result<(), RequestError> {
    match (credentials, name.as_deref()) {
        (Credentials::Password { username, .. }, Some(name)) if !name.is_empty() && name != username => {
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
