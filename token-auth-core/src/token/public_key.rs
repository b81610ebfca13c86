//! The public half of a key, which verifies.

use std::fmt;

use aws_lc_rs::encoding::AsDer as _;
use aws_lc_rs::signature::ParsedPublicKey;
use rustls_pki_types::pem::SectionKind;

use super::der::{self, BIT_STRING, Reader};
use super::key_type::KeyType;
use super::material::Material;
use super::{Algorithm, KeyError, pem};

/// The public half of a key that signs tokens, and the one algorithm that it is used with.
///
/// Keys are equal if they are the same key with the same algorithm.
///
/// ```
/// use token_auth_core::token::{Algorithm, PublicKey};
///
/// let key = PublicKey::from_pem(
///     b"-----BEGIN PUBLIC KEY-----
/// MFkwEwYHKoZIzj0CAQYIKoZIzj0DAQcDQgAELZ4C7ro4NZ2eoxVLEeuGrNlCIjL2
/// dz7hsLnz+cuQTeMxz0KKVB/GNOnUTMkdJY3Vpx3RCfmBlAj2RyBWSOGlFA==
/// -----END PUBLIC KEY-----",
/// )?;
/// assert_eq!(key.algorithm(), Algorithm::ES256);
/// assert_eq!(key.libtrust_id(), "MCRZ:SO5Q:SSYF:WVXG:GQ5V:LKZ6:UGWC:Z6PX:5Z7L:LAAZ:DENM:PUDT");
/// assert_eq!(key.thumbprint(), "jWOP_8SqGPkWmhmLzVI3C1J7LoWGigM9Ky8V7rLSFIs");
/// # Ok::<(), token_auth_core::token::KeyError>(())
/// ```
#[derive(Clone)]
pub struct PublicKey {
    key_type: KeyType,
    algorithm: Algorithm,
    parsed: ParsedPublicKey,
    /// In its canonical form.
    spki: Box<[u8]>,
    material: Material,
}

impl PublicKey {
    /// Reads the key of a PEM file: a `PUBLIC KEY` block, or the key of the first certificate.
    ///
    /// # Errors
    ///
    /// When there is neither, when a private key is among the blocks, or when the key is of a kind that is not supported.
    pub fn from_pem(pem: &[u8]) -> Result<Self, KeyError> {
        let (mut keys, mut certificate) = (Vec::new(), None);
        for block in pem::blocks(pem) {
            let (kind, der) = block.map_err(|_| KeyError::Pem)?;
            match kind {
                SectionKind::PublicKey => keys.push(der),
                SectionKind::Certificate => certificate = certificate.or(Some(der)),
                SectionKind::PrivateKey | SectionKind::RsaPrivateKey | SectionKind::EcPrivateKey => {
                    return Err(KeyError::PrivateKey);
                }
                _ => {}
            }
        }
        match (keys.as_slice(), certificate) {
            ([], Some(der)) => Self::from_certificate_der(&der),
            ([key], None) => Self::from_spki_der(key),
            ([], None) => Err(KeyError::NoPublicKey { found: pem::describe(pem) }),
            (several, certificate) => {
                Err(KeyError::Several(several.len() + usize::from(certificate.is_some())))
            }
        }
    }

    /// Reads a DER `SubjectPublicKeyInfo` (RFC 5280, section 4.1.2.7).
    ///
    /// # Errors
    ///
    /// When it is malformed, or the key is of a kind that is not supported.
    pub fn from_spki_der(spki: &[u8]) -> Result<Self, KeyError> {
        let mut whole = Reader::new(spki);
        let mut info = whole.sequence().filter(|_| whole.is_empty()).ok_or(KeyError::Malformed)?;
        let key_type = KeyType::from_identifier(info.sequence().ok_or(KeyError::Malformed)?)?;
        // The first byte of a bit string says how many bits of the last one are unused: of a key, none.
        match info.read(BIT_STRING).and_then(<[u8]>::split_first) {
            Some((0, key)) if info.is_empty() => Self::from_parsed(key_type, key),
            _ => Err(KeyError::Malformed),
        }
    }

    /// Takes the key out of a DER certificate. Nothing else of the certificate is looked at.
    ///
    /// # Errors
    ///
    /// When it is malformed, or the key is of a kind that is not supported.
    pub fn from_certificate_der(certificate: &[u8]) -> Result<Self, KeyError> {
        Self::from_spki_der(der::key_of_certificate(certificate).ok_or(KeyError::Malformed)?)
    }

    /// From the content of a `SubjectPublicKeyInfo`: a PKCS#1 key, an uncompressed point, or the 32 bytes of Ed25519.
    pub(super) fn from_parsed(key_type: KeyType, key: &[u8]) -> Result<Self, KeyError> {
        let algorithm = key_type.default_algorithm();
        let verification = key_type.verification(algorithm).ok_or(KeyError::Malformed)?;
        let material = Material::read(key_type, key)?;
        let parsed = ParsedPublicKey::new(verification, key).map_err(|_| KeyError::Malformed)?;
        let spki = parsed.as_der().map_err(|_| KeyError::Malformed)?.as_ref().into();
        Ok(Self { key_type, algorithm, parsed, spki, material })
    }

    /// The same key, used with another algorithm: an RSA key with RS384, RS512 or PS256 to PS512 instead of RS256.
    ///
    /// # Errors
    ///
    /// When the key cannot be used with it. Every other kind of key has one algorithm only.
    pub fn with_algorithm(mut self, algorithm: Algorithm) -> Result<Self, KeyError> {
        let unusable = KeyError::WrongAlgorithm { algorithm, key: self.key_type.name() };
        let verification = self.key_type.verification(algorithm).ok_or(unusable)?;
        self.parsed = ParsedPublicKey::new(verification, &self.spki).map_err(|_| KeyError::Malformed)?;
        self.algorithm = algorithm;
        Ok(self)
    }

    /// The key once for each algorithm that it can be used with.
    pub(super) fn with_every_algorithm(&self) -> Vec<Self> {
        Algorithm::ALL
            .into_iter()
            .filter_map(|algorithm| self.clone().with_algorithm(algorithm).ok())
            .collect()
    }

    /// The algorithm that the key is used with.
    pub fn algorithm(&self) -> Algorithm {
        self.algorithm
    }

    /// The key as a DER `SubjectPublicKeyInfo`, in its canonical form.
    pub fn to_spki_der(&self) -> &[u8] {
        &self.spki
    }

    pub(super) fn key_type(&self) -> KeyType {
        self.key_type
    }

    pub(super) fn material(&self) -> &Material {
        &self.material
    }

    /// Whether it is the same key, with whatever algorithm.
    #[cfg(feature = "sign")]
    pub(super) fn is_same_key(&self, other: &Self) -> bool {
        self.spki == other.spki
    }

    /// Whether this is its signature of the message, by its algorithm and in the form in which a JWS has it.
    pub fn verifies(&self, message: &[u8], signature: &[u8]) -> bool {
        self.parsed.verify_sig(message, signature).is_ok()
    }
}

impl PartialEq for PublicKey {
    fn eq(&self, other: &Self) -> bool {
        self.spki == other.spki && self.algorithm == other.algorithm
    }
}

impl Eq for PublicKey {}

impl fmt::Debug for PublicKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "PublicKey({}, {})", self.algorithm, self.thumbprint())
    }
}
