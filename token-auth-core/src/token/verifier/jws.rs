//! The three parts of a token, before anything in them is believed.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde::de::{Deserialize, Deserializer, IgnoredAny};

use super::VerifyError;
use crate::token::Algorithm;

/// A compact JWS (RFC 7515, section 3.1).
pub(super) struct Parts<'a> {
    /// Header and payload, as they are signed.
    pub(super) signed: &'a str,
    pub(super) header: Vec<u8>,
    /// Not decoded yet: nobody vouches for it.
    pub(super) payload: &'a str,
    pub(super) signature: Vec<u8>,
}

impl<'a> Parts<'a> {
    pub(super) fn split(token: &'a str) -> Result<Self, VerifyError> {
        let (signed, signature) = token.rsplit_once('.').ok_or(VerifyError::Malformed)?;
        let (header, payload) = signed.split_once('.').ok_or(VerifyError::Malformed)?;
        if payload.contains('.') {
            return Err(VerifyError::Malformed);
        }
        Ok(Self { signed, header: decode(header)?, payload, signature: decode(signature)? })
    }
}

/// Reads base64url in its only accepted form: no padding, no stray bits at the end.
pub(super) fn decode(part: &str) -> Result<Vec<u8>, VerifyError> {
    URL_SAFE_NO_PAD.decode(part).map_err(|_| VerifyError::Malformed)
}

/// What there is to know of a header. All other members are ignored, those that bring a key above all.
#[derive(serde::Deserialize)]
pub(super) struct Header {
    alg: String,
    #[serde(default)]
    typ: Option<String>,
    #[serde(default)]
    pub(super) kid: Option<String>,
    #[serde(default, deserialize_with = "is_there")]
    crit: bool,
}

impl Header {
    /// That there is nothing in it that would have to be understood.
    pub(super) fn check(&self) -> Result<(), VerifyError> {
        if self.crit {
            return Err(VerifyError::Critical);
        }
        // Compared without regard to case (RFC 7519, section 5.1).
        match &self.typ {
            Some(typ) if !typ.eq_ignore_ascii_case("JWT") => Err(VerifyError::Type),
            _ => Ok(()),
        }
    }

    /// The algorithm, if any key of ours could have it.
    pub(super) fn algorithm(&self) -> Result<Algorithm, VerifyError> {
        self.alg.parse().map_err(|_| VerifyError::Algorithm)
    }
}

/// Whatever its value is, even `null`.
fn is_there<'de, D: Deserializer<'de>>(deserializer: D) -> Result<bool, D::Error> {
    IgnoredAny::deserialize(deserializer).map(|_| true)
}
