//! HTTP Basic credentials (RFC 7617).

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use zeroize::Zeroizing;

use super::RequestError;
use crate::Password;

/// User name and password of an `Authorization` header. A header that cannot be read is an error: to go on without it
/// would answer someone who presented a password as if they were nobody.
pub(super) fn parse(header: &[u8]) -> Result<(String, Password), RequestError> {
    let (scheme, encoded) = std::str::from_utf8(header)
        .ok()
        .and_then(|header| header.trim().split_once(' '))
        .ok_or(RequestError::MalformedCredentials)?;
    if !scheme.eq_ignore_ascii_case("basic") {
        return Err(RequestError::UnsupportedScheme);
    }
    let decoded =
        Zeroizing::new(STANDARD.decode(encoded.trim()).map_err(|_| RequestError::MalformedCredentials)?);
    let text = std::str::from_utf8(&decoded).map_err(|_| RequestError::MalformedCredentials)?;
    let (username, password) = text.split_once(':').ok_or(RequestError::MalformedCredentials)?;
    Ok((username.to_owned(), Password::new(password)))
}
