//! The kinds of keys, and what each can be used with.

use aws_lc_rs::signature::{
    ECDSA_P256_SHA256_FIXED, ECDSA_P384_SHA384_FIXED, ECDSA_P521_SHA512_FIXED, ED25519,
    RSA_PKCS1_2048_8192_SHA256, RSA_PKCS1_2048_8192_SHA384, RSA_PKCS1_2048_8192_SHA512,
    RSA_PSS_2048_8192_SHA256, RSA_PSS_2048_8192_SHA384, RSA_PSS_2048_8192_SHA512, VerificationAlgorithm,
};

use super::der::{self, OBJECT_IDENTIFIER, Reader};
use super::{Algorithm, KeyError};

/// The kinds of keys that registries understand and that are worth signing with.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum KeyType {
    Rsa,
    P256,
    P384,
    P521,
    Ed25519,
}

impl KeyType {
    /// The algorithm that follows from the key.
    pub(super) fn default_algorithm(self) -> Algorithm {
        match self {
            Self::Rsa => Algorithm::RS256,
            Self::P256 => Algorithm::ES256,
            Self::P384 => Algorithm::ES384,
            Self::P521 => Algorithm::ES512,
            Self::Ed25519 => Algorithm::EdDSA,
        }
    }

    /// How to verify the algorithm, if this kind of key can be used with it.
    pub(super) fn verification(self, algorithm: Algorithm) -> Option<&'static dyn VerificationAlgorithm> {
        Some(match (self, algorithm) {
            (Self::Rsa, Algorithm::RS256) => &RSA_PKCS1_2048_8192_SHA256,
            (Self::Rsa, Algorithm::RS384) => &RSA_PKCS1_2048_8192_SHA384,
            (Self::Rsa, Algorithm::RS512) => &RSA_PKCS1_2048_8192_SHA512,
            (Self::Rsa, Algorithm::PS256) => &RSA_PSS_2048_8192_SHA256,
            (Self::Rsa, Algorithm::PS384) => &RSA_PSS_2048_8192_SHA384,
            (Self::Rsa, Algorithm::PS512) => &RSA_PSS_2048_8192_SHA512,
            (Self::P256, Algorithm::ES256) => &ECDSA_P256_SHA256_FIXED,
            (Self::P384, Algorithm::ES384) => &ECDSA_P384_SHA384_FIXED,
            (Self::P521, Algorithm::ES512) => &ECDSA_P521_SHA512_FIXED,
            (Self::Ed25519, Algorithm::EdDSA) => &ED25519,
            _ => return None,
        })
    }

    /// As an error message calls it.
    pub(super) fn name(self) -> &'static str {
        match self {
            Self::Rsa => "an RSA key",
            Self::P256 => "a P-256 key",
            Self::P384 => "a P-384 key",
            Self::P521 => "a P-521 key",
            Self::Ed25519 => "an Ed25519 key",
        }
    }

    /// The length of one coordinate of a point, in bytes (RFC 7518, section 6.2.1.2).
    pub(super) fn coordinate_len(self) -> Option<usize> {
        match self {
            Self::P256 => Some(32),
            Self::P384 => Some(48),
            Self::P521 => Some(66),
            Self::Rsa | Self::Ed25519 => None,
        }
    }

    /// Reads an `AlgorithmIdentifier` (RFC 5280, section 4.1.1.2).
    pub(super) fn from_identifier(mut identifier: Reader<'_>) -> Result<Self, KeyError> {
        let algorithm = identifier.read(OBJECT_IDENTIFIER).ok_or(KeyError::Malformed)?;
        let unsupported = match algorithm {
            RSA_ENCRYPTION => return Ok(Self::Rsa),
            EC_PUBLIC_KEY => return Self::from_parameters(identifier),
            ED25519_ID => return Ok(Self::Ed25519),
            RSASSA_PSS => "an RSA key that is restricted to PSS signatures",
            [0x2b, 0x65, 0x6e] => "an X25519 key, which cannot sign,",
            [0x2b, 0x65, 0x6f] => "an X448 key, which cannot sign,",
            [0x2b, 0x65, 0x71] => "an Ed448 key",
            [0x2a, 0x86, 0x48, 0xce, 0x38, 0x04, 0x01] => "a DSA key",
            _ => "a key of an unknown kind",
        };
        Err(KeyError::Unsupported(unsupported.to_owned()))
    }

    /// Reads the parameters of an elliptic curve (RFC 5480, section 2.1.1).
    pub(super) fn from_parameters(mut parameters: Reader<'_>) -> Result<Self, KeyError> {
        let name = match parameters.read(OBJECT_IDENTIFIER) {
            Some([0x2a, 0x86, 0x48, 0xce, 0x3d, 0x03, 0x01, 0x07]) => return Ok(Self::P256),
            Some([0x2b, 0x81, 0x04, 0x00, 0x22]) => return Ok(Self::P384),
            Some([0x2b, 0x81, 0x04, 0x00, 0x23]) => return Ok(Self::P521),
            Some([0x2b, 0x81, 0x04, 0x00, 0x21]) => "on the P-224 curve",
            Some([0x2b, 0x81, 0x04, 0x00, 0x0a]) => "on the secp256k1 curve",
            Some(_) => "on an unknown curve",
            None => "that spells its curve out instead of naming it",
        };
        Err(KeyError::Unsupported(format!("an elliptic curve key {name}")))
    }
}

/// An RSA modulus of a size that is safe, and that signs in a time that a login may take.
pub(super) fn check_modulus(modulus: &[u8]) -> Result<(), KeyError> {
    match der::bits(modulus) {
        2048..=4096 => Ok(()),
        bits => Err(KeyError::Unsupported(format!("an RSA key of {bits} bits"))),
    }
}

const RSA_ENCRYPTION: &[u8] = &[0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x01, 0x01];
const RSASSA_PSS: &[u8] = &[0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x01, 0x0a];
const EC_PUBLIC_KEY: &[u8] = &[0x2a, 0x86, 0x48, 0xce, 0x3d, 0x02, 0x01];
const ED25519_ID: &[u8] = &[0x2b, 0x65, 0x70];
