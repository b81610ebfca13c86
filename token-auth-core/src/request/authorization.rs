//! The `Authorization` header: HTTP Basic (RFC 7617) and Bearer (RFC 6750) credentials.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use zeroize::Zeroizing;

use super::RequestError;
use crate::{Credentials, Password};

/// The credentials of an `Authorization` header. A header that cannot be read is an error: to go on without it would
/// answer someone who presented a password as if they were nobody.
pub(super) fn parse(header: &[u8]) -> Result<Credentials, RequestError> {
    let (scheme, value) = std::str::from_utf8(header)
        .ok()
        .and_then(|header| header.trim().split_once(' '))
        .ok_or(RequestError::MalformedCredentials)?;
    // RFC 9110, section 11.4: one blank or more.
    let value = value.trim_start_matches(' ');
    if scheme.eq_ignore_ascii_case("basic") {
        basic(value)
    } else if scheme.eq_ignore_ascii_case("bearer") {
        bearer(value)
    } else {
        Err(RequestError::UnsupportedScheme)
    }
}

fn basic(encoded: &str) -> Result<Credentials, RequestError> {
    let decoded = Zeroizing::new(STANDARD.decode(encoded).map_err(|_| RequestError::MalformedCredentials)?);
    let text = std::str::from_utf8(&decoded).map_err(|_| RequestError::MalformedCredentials)?;
    let (username, password) = text.split_once(':').ok_or(RequestError::MalformedCredentials)?;
    Ok(Credentials::password(username, password))
}

/// `b64token` of RFC 6750, section 2.1, is what a JWT and every other bearer token is made of.
fn bearer(token: &str) -> Result<Credentials, RequestError> {
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || b"-._~+/=".contains(&byte);
    match !token.is_empty() && token.bytes().all(plain) {
        true => Ok(Credentials::Bearer(Password::new(token))),
        false => Err(RequestError::MalformedCredentials),
    }
}
