//! By which id a registry knows a key.

use aws_lc_rs::digest::{SHA256, digest};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde_json::Value;
use token_auth_core::token::{Algorithm, PublicKey};

use super::Registry;

impl Registry {
    /// The id by which it knows the key of a certificate in its `rootcertbundle`, for tokens without `x5c`; nothing if it
    /// does not support the key, or looks at no id. A JWK set file names its keys itself, and has none of these differences.
    pub fn key_id(self, key: &PublicKey) -> Option<String> {
        match (self, key.algorithm()) {
            (Self::V2 | Self::V3_0, Algorithm::EdDSA) | (Self::Zot, _) => None,
            (Self::V2, _) => Some(key.libtrust_id()),
            (Self::V3_0, Algorithm::ES256) => Some("xx0BcA-wMohw8atYDJOe6peGModklG2wRHBlXHMvl0M".into()),
            (Self::V3_0, Algorithm::ES384) => Some("-W6Wzot_wuerYbKBVKfGEks3iY2EALna-hBqObnPuJE".into()),
            (Self::V3_0, Algorithm::ES512) => Some("67t2ktf21o_Z2-ygUyR0zriEF9PMHtlT1l4q9rGSYOM".into()),
            (Self::V3_0, _) => Some(key.thumbprint()),
            (Self::V3_1, _) => Some(shortened_thumbprint(key).unwrap_or_else(|| key.thumbprint())),
        }
    }
}

/// The thumbprint (RFC 7638) of an elliptic curve key with coordinates that are not in their full length.
fn shortened_thumbprint(key: &PublicKey) -> Option<String> {
    let jwk = serde_json::to_value(key.to_jwk("")).ok()?;
    let member = |name: &str| jwk.get(name).and_then(Value::as_str);
    let coordinate = |name: &str| {
        let bytes = URL_SAFE_NO_PAD.decode(member(name)?).ok()?;
        let zeros = bytes.iter().take_while(|byte| **byte == 0).count();
        Some(URL_SAFE_NO_PAD.encode(bytes.get(zeros..)?))
    };
    let (curve, x, y) = (member("crv")?, coordinate("x")?, coordinate("y")?);
    // The required members only, sorted, without spaces.
    let json = format!(r#"{{"crv":"{curve}","kty":"EC","x":"{x}","y":"{y}"}}"#);
    Some(URL_SAFE_NO_PAD.encode(digest(&SHA256, json.as_bytes())))
}
