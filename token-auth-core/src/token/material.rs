//! A public key in its numbers.

use super::KeyError;
use super::der::Reader;
use super::key_type::{KeyType, check_modulus};

/// A public key in the parts that a JWK names. Numbers are big-endian; coordinates have their full length, leading zeros
/// included (RFC 7518, section 6.2.1.2), modulus and exponent have none (section 6.3.1).
#[derive(Clone)]
pub(super) enum Material {
    Rsa { modulus: Box<[u8]>, exponent: Box<[u8]> },
    Ec { x: Box<[u8]>, y: Box<[u8]> },
    Ed25519(Box<[u8]>),
}

impl Material {
    /// Reads the content of a `SubjectPublicKeyInfo`: a PKCS#1 key, an uncompressed point, or the 32 bytes of Ed25519.
    pub(super) fn read(key_type: KeyType, key: &[u8]) -> Result<Self, KeyError> {
        match key_type.coordinate_len() {
            Some(length) => {
                // 4: an uncompressed point (SEC1, section 2.3.3), the only form that certificates may use (RFC 5480).
                let point = match key.split_first() {
                    Some((4, point)) if point.len() == 2 * length => point,
                    _ => return Err(KeyError::Malformed),
                };
                let (x, y) = point.split_at(length);
                Ok(Self::Ec { x: x.into(), y: y.into() })
            }
            None if key_type == KeyType::Rsa => {
                let mut reader = Reader::new(key).sequence().ok_or(KeyError::Malformed)?;
                let modulus = reader.unsigned().ok_or(KeyError::Malformed)?;
                check_modulus(modulus)?;
                let exponent = reader.unsigned().ok_or(KeyError::Malformed)?;
                Ok(Self::Rsa { modulus: modulus.into(), exponent: exponent.into() })
            }
            None if key.len() == 32 => Ok(Self::Ed25519(key.into())),
            None => Err(KeyError::Malformed),
        }
    }

    /// The length of a signature, in bytes.
    #[cfg(feature = "sign")]
    pub(super) fn signature_len(&self) -> usize {
        match self {
            Self::Rsa { modulus, .. } => modulus.len(),
            Self::Ec { x, y } => x.len() + y.len(),
            Self::Ed25519(_) => 64,
        }
    }
}
