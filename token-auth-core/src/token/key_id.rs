//! The ids that a key is known by.

use aws_lc_rs::digest::{SHA256, digest};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;

use super::PublicKey;
use super::key_type::KeyType;
use super::material::Material;

/// Which of the two ids of a key a token's header carries as `kid`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum KeyIdKind {
    /// Libtrust's, which registry 2.x looks for; see [`PublicKey::libtrust_id`].
    #[default]
    Libtrust,
    /// The RFC 7638 thumbprint, which registry 3.x looks for; see [`PublicKey::thumbprint`].
    Thumbprint,
}

impl KeyIdKind {
    #[cfg(feature = "sign")]
    pub(super) fn of(self, key: &PublicKey) -> String {
        match self {
            Self::Libtrust => key.libtrust_id(),
            Self::Thumbprint => key.thumbprint(),
        }
    }
}

impl PublicKey {
    /// The id that registry 2.x knows the key by: the first 240 bits of the SHA-256 digest of its DER form, in base32, as
    /// twelve groups of four.
    pub fn libtrust_id(&self) -> String {
        let digest = digest(&SHA256, self.to_spki_der());
        let mut id = String::with_capacity(59);
        // Five bytes are eight digits: two groups.
        for group in digest.as_ref().chunks_exact(5) {
            let number = group.iter().fold(0_u64, |number, byte| number << 8 | u64::from(*byte));
            for digit in 0..8 {
                if digit % 4 == 0 && !id.is_empty() {
                    id.push(':');
                }
                id.push(base32_digit((number >> (35 - 5 * digit)) as u8 & 31));
            }
        }
        id
    }

    /// The id that registry 3.x knows the key by: the JWK thumbprint (RFC 7638; for Ed25519 RFC 8037, appendix A.3): SHA-256, in base64url.
    pub fn thumbprint(&self) -> String {
        let base64 = |bytes: &[u8]| URL_SAFE_NO_PAD.encode(bytes);
        // The required members only, sorted, without spaces.
        let jwk = match (self.material(), self.key_type()) {
            (Material::Rsa { modulus, exponent }, _) => {
                format!(r#"{{"e":"{}","kty":"RSA","n":"{}"}}"#, base64(exponent), base64(modulus))
            }
            (Material::Ec { x, y }, key_type) => {
                let curve = match key_type {
                    KeyType::P521 => "P-521",
                    KeyType::P384 => "P-384",
                    _ => "P-256",
                };
                let (x, y) = (base64(x), base64(y));
                format!(r#"{{"crv":"{curve}","kty":"EC","x":"{x}","y":"{y}"}}"#)
            }
            (Material::Ed25519(key), _) => {
                format!(r#"{{"crv":"Ed25519","kty":"OKP","x":"{}"}}"#, base64(key))
            }
        };
        base64(digest(&SHA256, jwk.as_bytes()).as_ref())
    }
}

/// RFC 4648, section 6.
fn base32_digit(value: u8) -> char {
    char::from(if value < 26 { b'A' + value } else { b'2' + (value - 26) })
}
