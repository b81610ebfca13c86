use std::fmt;

use aws_lc_rs::encoding::AsDer as _;
use aws_lc_rs::rand::SystemRandom;
use aws_lc_rs::signature::{
    ECDSA_P256_SHA256_FIXED_SIGNING, ECDSA_P384_SHA384_FIXED_SIGNING, ECDSA_P521_SHA512_FIXED_SIGNING,
    EcdsaKeyPair, Ed25519KeyPair, KeyPair as _, RSA_PKCS1_SHA256, RSA_PKCS1_SHA384, RSA_PKCS1_SHA512,
    RsaKeyPair,
};
use rustls_pki_types::PrivateKeyDer;
use rustls_pki_types::pem::{self, PemObject as _, SectionKind};

use super::{Algorithm, KeyError, PublicKey, SignerError};

/// A private key, parsed once. Its `Debug` shows the public half.
pub struct SigningKey {
    pair: Pair,
    algorithm: Algorithm,
    public: PublicKey,
}

enum Pair {
    Rsa(RsaKeyPair),
    Ecdsa(EcdsaKeyPair),
    Ed25519(Ed25519KeyPair),
}

impl SigningKey {
    /// Reads a private key: PKCS#8 (`PRIVATE KEY`), PKCS#1 (`RSA PRIVATE KEY`) or SEC1 (`EC PRIVATE KEY`), RSA with 2048
    /// to 4096 bits, P-256, P-384, P-521 or Ed25519. Other blocks in the text (certificates, curve parameters) are passed over.
    ///
    /// # Errors
    ///
    /// When there is not exactly one such key.
    pub fn from_pem(text: &[u8]) -> Result<Self, KeyError> {
        let mut keys = PrivateKeyDer::pem_slice_iter(text);
        let key = match keys.next() {
            Some(Ok(key)) => key,
            Some(Err(_)) => return Err(KeyError::Malformed),
            None => return Err(nothing_found(text)),
        };
        if keys.next().is_some() {
            return Err(KeyError::SeveralPrivateKeys);
        }
        let pair = match &key {
            PrivateKeyDer::Pkcs1(der) => rsa(RsaKeyPair::from_der(der.secret_pkcs1_der()))?,
            PrivateKeyDer::Sec1(der) => ecdsa(der.secret_sec1_der())?,
            PrivateKeyDer::Pkcs8(der) => {
                let der = der.secret_pkcs8_der();
                match Ed25519KeyPair::from_pkcs8(der) {
                    Ok(pair) => Pair::Ed25519(pair),
                    Err(_) => ecdsa(der).or_else(|_| rsa(RsaKeyPair::from_pkcs8(der)))?,
                }
            }
            _ => return Err(KeyError::Unsupported(String::new())),
        };
        let spki = match &pair {
            Pair::Rsa(pair) => pair.public_key().as_der(),
            Pair::Ecdsa(pair) => pair.public_key().as_der(),
            Pair::Ed25519(pair) => pair.public_key().as_der(),
        }
        .map_err(|_| KeyError::Malformed)?;
        let public = PublicKey::from_spki_der(spki.as_ref())?;
        Ok(Self { pair, algorithm: public.algorithm(), public })
    }

    /// Signs with another algorithm than the key's usual one: RS384 or RS512 for an RSA key.
    ///
    /// # Errors
    ///
    /// When the key cannot sign it.
    pub fn with_algorithm(self, algorithm: Algorithm) -> Result<Self, KeyError> {
        match (&self.pair, algorithm) {
            (Pair::Rsa(_), Algorithm::RS256 | Algorithm::RS384 | Algorithm::RS512) => {
                Ok(Self { algorithm, ..self })
            }
            (_, algorithm) if algorithm == self.algorithm => Ok(self),
            _ => Err(KeyError::WrongAlgorithm(algorithm)),
        }
    }

    /// The algorithm that it signs with.
    pub fn algorithm(&self) -> Algorithm {
        self.algorithm
    }

    /// The public half.
    pub fn public_key(&self) -> &PublicKey {
        &self.public
    }

    /// A JWS signature of the message (RFC 7518, section 3).
    pub(super) fn sign(&self, message: &[u8]) -> Result<Vec<u8>, SignerError> {
        let random = SystemRandom::new();
        match &self.pair {
            Pair::Rsa(pair) => {
                let encoding = match self.algorithm {
                    Algorithm::RS384 => &RSA_PKCS1_SHA384,
                    Algorithm::RS512 => &RSA_PKCS1_SHA512,
                    _ => &RSA_PKCS1_SHA256,
                };
                let mut signature = vec![0; pair.public_modulus_len()];
                pair.sign(encoding, &random, message, &mut signature).map_err(|_| SignerError::Signature)?;
                Ok(signature)
            }
            Pair::Ecdsa(pair) => pair
                .sign(&random, message)
                .map(|made| made.as_ref().to_vec())
                .map_err(|_| SignerError::Signature),
            Pair::Ed25519(pair) => {
                pair.try_sign(message).map(|made| made.as_ref().to_vec()).map_err(|_| SignerError::Signature)
            }
        }
    }
}

fn rsa(parsed: Result<RsaKeyPair, aws_lc_rs::error::KeyRejected>) -> Result<Pair, KeyError> {
    let pair = parsed.map_err(|error| KeyError::Unsupported(format!(" ({error})")))?;
    match pair.public_modulus_len() * 8 {
        2048..=4096 => Ok(Pair::Rsa(pair)),
        bits => Err(KeyError::Unsupported(format!(" (RSA with {bits} bits)"))),
    }
}

fn ecdsa(der: &[u8]) -> Result<Pair, KeyError> {
    [&ECDSA_P256_SHA256_FIXED_SIGNING, &ECDSA_P384_SHA384_FIXED_SIGNING, &ECDSA_P521_SHA512_FIXED_SIGNING]
        .into_iter()
        .find_map(|algorithm| EcdsaKeyPair::from_private_key_der(algorithm, der).ok())
        .map(Pair::Ecdsa)
        .ok_or_else(|| {
            KeyError::Unsupported(
                " (an elliptic curve other than P-256, P-384 and P-521, perhaps)".to_owned(),
            )
        })
}

/// Says what is there instead of a private key.
fn nothing_found(text: &[u8]) -> KeyError {
    if text.windows(21).any(|window| window == b"ENCRYPTED PRIVATE KEY") {
        return KeyError::Encrypted;
    }
    let found = match <(SectionKind, Vec<u8>)>::pem_slice_iter(text).next() {
        Some(Ok((SectionKind::Certificate, _))) => " (found a certificate)",
        Some(Ok((SectionKind::PublicKey, _))) => " (found a public key)",
        Some(Ok(_)) => " (found another PEM block)",
        Some(Err(pem::Error::MissingSectionEnd { .. })) => " (the PEM block has no end)",
        _ => "",
    };
    KeyError::NoPrivateKey { found: found.to_owned() }
}

impl fmt::Debug for SigningKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SigningKey")
            .field("algorithm", &self.algorithm)
            .field("public", &self.public)
            .field("private", &"[redacted]")
            .finish()
    }
}
