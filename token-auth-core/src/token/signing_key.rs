//! A private key, which signs.

use std::fmt;

use aws_lc_rs::rand::SystemRandom;
use aws_lc_rs::signature::{
    ECDSA_P256_SHA256_FIXED_SIGNING, ECDSA_P384_SHA384_FIXED_SIGNING, ECDSA_P521_SHA512_FIXED_SIGNING,
    EcdsaKeyPair, EcdsaSigningAlgorithm, Ed25519KeyPair, KeyPair as _, RSA_PKCS1_SHA256, RSA_PKCS1_SHA384,
    RSA_PKCS1_SHA512, RsaEncoding, RsaKeyPair,
};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use rustls_pki_types::pem::SectionKind;

use super::der::{CONTEXT_0, INTEGER, OCTET_STRING, Reader};
use super::key_type::{KeyType, check_modulus};
use super::{Algorithm, KeyError, PublicKey, SignerError, pem};

/// A private key, parsed once: RSA with 2048 to 4096 bits, P-256, P-384, P-521 or Ed25519.
///
/// P-256 is the best choice where no registry asks for another: its signatures take a small part of the time of an RSA one,
/// and registries since 2.x read them.
///
/// ```
/// use token_auth_core::token::{Algorithm, SigningKey};
///
/// # let pem = rcgen::KeyPair::generate()?.serialize_pem();
/// let key = SigningKey::from_pem(pem.as_bytes())?;
/// assert_eq!(key.algorithm(), Algorithm::ES256);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub struct SigningKey {
    pair: Pair,
    public: PublicKey,
}

enum Pair {
    Rsa(RsaKeyPair, &'static dyn RsaEncoding),
    Ecdsa(EcdsaKeyPair),
    Ed25519(Ed25519KeyPair),
}

impl SigningKey {
    /// Reads the private key of a PEM text: PKCS#8 (`PRIVATE KEY`), PKCS#1 (`RSA PRIVATE KEY`) or SEC1 (`EC PRIVATE KEY`),
    /// unencrypted. Other blocks (certificates, curve parameters) and text beside it are passed over.
    ///
    /// # Errors
    ///
    /// When there is no such key, or more than one; the error says what there is instead and what to do.
    pub fn from_pem(pem: &[u8]) -> Result<Self, KeyError> {
        if pem::is_encrypted(pem) {
            return Err(KeyError::Encrypted);
        }
        let mut keys = Vec::new();
        for block in pem::blocks(pem) {
            let (kind, der) = block.map_err(|_| KeyError::Pem)?;
            if matches!(
                kind,
                SectionKind::PrivateKey | SectionKind::RsaPrivateKey | SectionKind::EcPrivateKey
            ) {
                keys.push((kind, der));
            }
        }
        match keys.as_slice() {
            [] => Err(KeyError::NoPrivateKey { found: pem::describe(pem) }),
            [(SectionKind::RsaPrivateKey, der)] => Self::from_pkcs1(der),
            [(SectionKind::EcPrivateKey, der)] => Self::from_sec1(der),
            [(_, der)] => Self::from_pkcs8(der),
            several => Err(KeyError::Several(several.len())),
        }
    }

    fn from_pkcs8(der: &[u8]) -> Result<Self, KeyError> {
        let (identifier, key) = read_pkcs8(der).ok_or(KeyError::Malformed)?;
        match KeyType::from_identifier(identifier)? {
            KeyType::Rsa => {
                check_private_modulus(key)?;
                Self::rsa(RsaKeyPair::from_pkcs8(der).map_err(|_| KeyError::Malformed)?)
            }
            KeyType::Ed25519 => {
                let pair = Ed25519KeyPair::from_pkcs8(der).map_err(|_| KeyError::Malformed)?;
                let public = PublicKey::from_parsed(KeyType::Ed25519, pair.public_key().as_ref())?;
                Ok(Self { pair: Pair::Ed25519(pair), public })
            }
            curve => Self::ecdsa(curve, |algorithm| EcdsaKeyPair::from_pkcs8(algorithm, der)),
        }
    }

    fn from_pkcs1(der: &[u8]) -> Result<Self, KeyError> {
        check_private_modulus(der)?;
        Self::rsa(RsaKeyPair::from_der(der).map_err(|_| KeyError::Malformed)?)
    }

    fn from_sec1(der: &[u8]) -> Result<Self, KeyError> {
        let curve = read_sec1_curve(der).ok_or(KeyError::Malformed)?;
        let curve = KeyType::from_parameters(Reader::new(curve))?;
        Self::ecdsa(curve, |algorithm| EcdsaKeyPair::from_private_key_der(algorithm, der))
    }

    fn rsa(pair: RsaKeyPair) -> Result<Self, KeyError> {
        let public = PublicKey::from_parsed(KeyType::Rsa, pair.public_key().as_ref())?;
        Ok(Self { pair: Pair::Rsa(pair, &RSA_PKCS1_SHA256), public })
    }

    fn ecdsa<E>(
        curve: KeyType,
        parse: impl FnOnce(&'static EcdsaSigningAlgorithm) -> Result<EcdsaKeyPair, E>,
    ) -> Result<Self, KeyError> {
        let pair = parse(ecdsa_on(curve).ok_or(KeyError::Malformed)?).map_err(|_| KeyError::Malformed)?;
        let public = PublicKey::from_parsed(curve, pair.public_key().as_ref())?;
        Ok(Self { pair: Pair::Ecdsa(pair), public })
    }

    /// Signs with another algorithm than the key's usual one: RS384 or RS512 instead of RS256.
    ///
    /// # Errors
    ///
    /// When the key cannot be used with it, or it is RSASSA-PSS, which registry 2.x does not verify. Every other kind of key
    /// has one algorithm only.
    pub fn with_algorithm(mut self, algorithm: Algorithm) -> Result<Self, KeyError> {
        if let Pair::Rsa(_, encoding) = &mut self.pair {
            *encoding = match algorithm {
                Algorithm::RS256 => &RSA_PKCS1_SHA256,
                Algorithm::RS384 => &RSA_PKCS1_SHA384,
                Algorithm::RS512 => &RSA_PKCS1_SHA512,
                _ => {
                    return Err(KeyError::WrongAlgorithm {
                        algorithm,
                        key: "an RSA key that signs for registries",
                    });
                }
            };
        }
        self.public = self.public.with_algorithm(algorithm)?;
        Ok(self)
    }

    /// The algorithm of the tokens it signs.
    pub fn algorithm(&self) -> Algorithm {
        self.public.algorithm()
    }

    /// The public half.
    pub fn public_key(&self) -> &PublicKey {
        &self.public
    }

    /// Signs what is in the buffer, and appends a dot and the signature to it.
    pub(super) fn seal(&self, token: &mut String) -> Result<(), SignerError> {
        let random = SystemRandom::new();
        match &self.pair {
            Pair::Rsa(pair, encoding) => {
                // 4096 bits at most.
                let mut buffer = [0; 512];
                let signature = buffer.get_mut(..pair.public_modulus_len()).ok_or(SignerError::Signature)?;
                pair.sign(*encoding, &random, token.as_bytes(), signature)
                    .map_err(|_| SignerError::Signature)?;
                append(token, signature);
            }
            Pair::Ecdsa(pair) => {
                let signature = pair.sign(&random, token.as_bytes()).map_err(|_| SignerError::Signature)?;
                append(token, signature.as_ref());
            }
            Pair::Ed25519(pair) => {
                let signature = pair.try_sign(token.as_bytes()).map_err(|_| SignerError::Signature)?;
                append(token, signature.as_ref());
            }
        }
        Ok(())
    }
}

/// Shows the public half only.
impl fmt::Debug for SigningKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SigningKey").field("public", &self.public).field("private", &"[redacted]").finish()
    }
}

/// How to sign with ECDSA, if this is a curve for it.
fn ecdsa_on(curve: KeyType) -> Option<&'static EcdsaSigningAlgorithm> {
    match curve {
        KeyType::P256 => Some(&ECDSA_P256_SHA256_FIXED_SIGNING),
        KeyType::P384 => Some(&ECDSA_P384_SHA384_FIXED_SIGNING),
        KeyType::P521 => Some(&ECDSA_P521_SHA512_FIXED_SIGNING),
        KeyType::Rsa | KeyType::Ed25519 => None,
    }
}

fn append(token: &mut String, signature: &[u8]) {
    token.push('.');
    URL_SAFE_NO_PAD.encode_string(signature, token);
}

/// The algorithm and the key of a `PrivateKeyInfo` (RFC 5958, section 2).
fn read_pkcs8(der: &[u8]) -> Option<(Reader<'_>, &[u8])> {
    let mut info = Reader::new(der).sequence()?;
    info.read(INTEGER)?;
    Some((info.sequence()?, info.read(OCTET_STRING)?))
}

/// The parameters of an `ECPrivateKey` (RFC 5915, section 3).
fn read_sec1_curve(der: &[u8]) -> Option<&[u8]> {
    let mut key = Reader::new(der).sequence()?;
    key.read(INTEGER)?;
    key.read(OCTET_STRING)?;
    key.read(CONTEXT_0)
}

/// Checks the size of an `RSAPrivateKey` (RFC 8017, appendix A.1.2) before the key is parsed, to name it in the error.
fn check_private_modulus(der: &[u8]) -> Result<(), KeyError> {
    let mut key = Reader::new(der).sequence().ok_or(KeyError::Malformed)?;
    key.read(INTEGER).ok_or(KeyError::Malformed)?;
    check_modulus(key.unsigned().ok_or(KeyError::Malformed)?)
}
