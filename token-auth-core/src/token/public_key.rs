use std::fmt;

use aws_lc_rs::digest::{SHA256, digest};
use aws_lc_rs::encoding::AsDer as _;
use aws_lc_rs::rsa::PublicKeyComponents;
use aws_lc_rs::signature::{
    ECDSA_P256_SHA256_FIXED, ECDSA_P384_SHA384_FIXED, ECDSA_P521_SHA512_FIXED, ED25519, ParsedPublicKey,
    RSA_PKCS1_2048_8192_SHA256, RSA_PKCS1_2048_8192_SHA384, RSA_PKCS1_2048_8192_SHA512,
    VerificationAlgorithm,
};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use jsonwebtoken::jwk::{
    AlgorithmParameters, CommonParameters, EllipticCurve, EllipticCurveKeyParameters, EllipticCurveKeyType,
    Jwk, JwkSet, KeyAlgorithm, OctetKeyPairParameters, OctetKeyPairType, PublicKeyUse, RSAKeyParameters,
    RSAKeyType,
};
use rustls_pki_types::SubjectPublicKeyInfoDer;
use rustls_pki_types::pem::PemObject as _;
use x509_parser::prelude::FromDer as _;
use x509_parser::public_key::PublicKey as X509Key;
use x509_parser::x509::SubjectPublicKeyInfo;

use super::{Algorithm, KeyError};

/// The public half of a key that signs tokens.
#[derive(Clone, PartialEq, Eq)]
pub struct PublicKey {
    material: Material,
    /// SubjectPublicKeyInfo, DER (RFC 5280, section 4.1).
    spki: Vec<u8>,
}

/// The numbers of a key, big-endian. Coordinates have their full length, leading zeros included (RFC 7518, section 6.2).
#[derive(Clone, PartialEq, Eq)]
enum Material {
    Rsa { n: Vec<u8>, e: Vec<u8> },
    P256 { x: Vec<u8>, y: Vec<u8> },
    P384 { x: Vec<u8>, y: Vec<u8> },
    P521 { x: Vec<u8>, y: Vec<u8> },
    Ed25519 { x: Vec<u8> },
}

impl PublicKey {
    /// Reads the first `PUBLIC KEY` block.
    ///
    /// # Errors
    ///
    /// When there is none, or it is of a kind that registries do not verify.
    pub fn from_pem(text: &[u8]) -> Result<Self, KeyError> {
        let spki = SubjectPublicKeyInfoDer::from_pem_slice(text).map_err(|_| KeyError::Malformed)?;
        Self::from_spki_der(spki.as_ref())
    }

    /// Reads a SubjectPublicKeyInfo.
    ///
    /// # Errors
    ///
    /// When it is malformed, or of a kind that registries do not verify.
    pub fn from_spki_der(der: &[u8]) -> Result<Self, KeyError> {
        let (rest, spki) = SubjectPublicKeyInfo::from_der(der).map_err(|_| KeyError::Malformed)?;
        if !rest.is_empty() {
            return Err(KeyError::Malformed);
        }
        let key = match spki.parsed().map_err(|_| KeyError::Malformed)? {
            X509Key::RSA(rsa) => Self::from_rsa(rsa.modulus, rsa.exponent)?,
            X509Key::EC(point) => Self::from_point(point.data())?,
            _ if spki.algorithm.algorithm.to_id_string() == "1.3.101.112" => {
                Self::from_ed25519(&spki.subject_public_key.data)?
            }
            _ => return Err(KeyError::Unsupported(String::new())),
        };
        // The point alone does not say its curve: secp256k1's is as long as that of P-256.
        if key.spki == der { Ok(key) } else { Err(KeyError::Unsupported(String::new())) }
    }

    /// Reads a JSON Web Key (RFC 7517), whatever it says it is for.
    ///
    /// # Errors
    ///
    /// When it is malformed, or of a kind that registries do not verify.
    pub fn from_jwk(jwk: &Jwk) -> Result<Self, KeyError> {
        let bytes = |text: &str| URL_SAFE_NO_PAD.decode(text).map_err(|_| KeyError::Malformed);
        match &jwk.algorithm {
            AlgorithmParameters::RSA(rsa) => Self::from_rsa(&bytes(&rsa.n)?, &bytes(&rsa.e)?),
            AlgorithmParameters::EllipticCurve(ec) => {
                let length = match ec.curve {
                    EllipticCurve::P256 => 32,
                    EllipticCurve::P384 => 48,
                    EllipticCurve::P521 => 66,
                    _ => return Err(KeyError::Unsupported(format!(" ({:?})", ec.curve))),
                };
                let (x, y) = (bytes(&ec.x)?, bytes(&ec.y)?);
                if x.len() != length || y.len() != length {
                    return Err(KeyError::Malformed);
                }
                Self::from_point(&[&[4], x.as_slice(), y.as_slice()].concat())
            }
            AlgorithmParameters::OctetKeyPair(pair) if pair.curve == EllipticCurve::Ed25519 => {
                Self::from_ed25519(&bytes(&pair.x)?)
            }
            _ => Err(KeyError::Unsupported(String::new())),
        }
    }

    fn from_rsa(n: &[u8], e: &[u8]) -> Result<Self, KeyError> {
        let (n, e) = (without_leading_zeros(n), without_leading_zeros(e));
        let bits = n.len() * 8 - n.first().map_or(0, |first| first.leading_zeros() as usize);
        if !(2048..=4096).contains(&bits) {
            return Err(KeyError::Unsupported(format!(" (RSA with {bits} bits)")));
        }
        let spki = PublicKeyComponents { n, e }.as_der().map_err(|_| KeyError::Malformed)?.as_ref().to_vec();
        Ok(Self { material: Material::Rsa { n: n.to_vec(), e: e.to_vec() }, spki })
    }

    fn from_point(point: &[u8]) -> Result<Self, KeyError> {
        let Some((4, coordinates)) = point.split_first() else { return Err(KeyError::Malformed) };
        let (x, y) = coordinates.split_at(coordinates.len() / 2);
        let (x, y) = (x.to_vec(), y.to_vec());
        match coordinates.len() {
            64 => Self::with_spki(Material::P256 { x, y }, &ECDSA_P256_SHA256_FIXED, point),
            96 => Self::with_spki(Material::P384 { x, y }, &ECDSA_P384_SHA384_FIXED, point),
            132 => Self::with_spki(Material::P521 { x, y }, &ECDSA_P521_SHA512_FIXED, point),
            _ => Err(KeyError::Unsupported(
                " (an elliptic curve other than P-256, P-384 and P-521)".to_owned(),
            )),
        }
    }

    fn from_ed25519(x: &[u8]) -> Result<Self, KeyError> {
        Self::with_spki(Material::Ed25519 { x: x.to_vec() }, &ED25519, x)
    }

    fn with_spki(
        material: Material,
        algorithm: &'static dyn VerificationAlgorithm,
        raw: &[u8],
    ) -> Result<Self, KeyError> {
        let parsed = ParsedPublicKey::new(algorithm, raw).map_err(|_| KeyError::Malformed)?;
        let spki = parsed.as_der().map_err(|_| KeyError::Malformed)?.as_ref().to_vec();
        Ok(Self { material, spki })
    }

    /// The algorithm that follows from the key: RS256, ES256, ES384, ES512 or EdDSA.
    pub fn algorithm(&self) -> Algorithm {
        match self.material {
            Material::Rsa { .. } => Algorithm::RS256,
            Material::P256 { .. } => Algorithm::ES256,
            Material::P384 { .. } => Algorithm::ES384,
            Material::P521 { .. } => Algorithm::ES512,
            Material::Ed25519 { .. } => Algorithm::EdDSA,
        }
    }

    /// The key as SubjectPublicKeyInfo, DER.
    pub fn to_spki_der(&self) -> &[u8] {
        &self.spki
    }

    /// The key id of registry 2.x (libtrust): SHA-256 of the DER key, the first 240 bits, base32 in twelve groups of
    /// four.
    pub fn libtrust_id(&self) -> String {
        const ALPHABET: &[u8; 32] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZ234567";
        let hash = digest(&SHA256, &self.spki);
        let mut id = String::with_capacity(59);
        for (at, five) in hash.as_ref().chunks_exact(5).take(6).enumerate() {
            let bits = five.iter().fold(0_u64, |bits, byte| bits << 8 | u64::from(*byte));
            for place in 0..8 {
                if place % 4 == 0 && (at, place) != (0, 0) {
                    id.push(':');
                }
                let symbol = (bits >> (35 - 5 * place)) & 31;
                id.push(ALPHABET.get(symbol as usize).copied().map_or('A', char::from));
            }
        }
        id
    }

    /// The key id of registry 3.x: the thumbprint of RFC 7638 (RFC 8037 for Ed25519) by SHA-256, base64url.
    pub fn thumbprint(&self) -> String {
        let members = match &self.material {
            Material::Rsa { n, e } => {
                format!(r#"{{"e":"{}","kty":"RSA","n":"{}"}}"#, base64url(e), base64url(n))
            }
            Material::P256 { x, y } => elliptic_members("P-256", x, y),
            Material::P384 { x, y } => elliptic_members("P-384", x, y),
            Material::P521 { x, y } => elliptic_members("P-521", x, y),
            Material::Ed25519 { x } => format!(r#"{{"crv":"Ed25519","kty":"OKP","x":"{}"}}"#, base64url(x)),
        };
        URL_SAFE_NO_PAD.encode(digest(&SHA256, members.as_bytes()))
    }

    /// The key as a JSON Web Key for signatures, under this id.
    pub fn to_jwk(&self, key_id: impl Into<String>) -> Jwk {
        let (parameters, algorithm) = match &self.material {
            Material::Rsa { n, e } => (
                AlgorithmParameters::RSA(RSAKeyParameters {
                    key_type: RSAKeyType::RSA,
                    n: base64url(n),
                    e: base64url(e),
                }),
                Some(KeyAlgorithm::RS256),
            ),
            Material::P256 { x, y } => (elliptic(EllipticCurve::P256, x, y), Some(KeyAlgorithm::ES256)),
            Material::P384 { x, y } => (elliptic(EllipticCurve::P384, x, y), Some(KeyAlgorithm::ES384)),
            // `KeyAlgorithm` has no ES512; `alg` is optional (RFC 7517, section 4.4), and the curve says it.
            Material::P521 { x, y } => (elliptic(EllipticCurve::P521, x, y), None),
            Material::Ed25519 { x } => (
                AlgorithmParameters::OctetKeyPair(OctetKeyPairParameters {
                    key_type: OctetKeyPairType::OctetKeyPair,
                    curve: EllipticCurve::Ed25519,
                    x: base64url(x),
                }),
                Some(KeyAlgorithm::EdDSA),
            ),
        };
        Jwk {
            common: CommonParameters {
                public_key_use: Some(PublicKeyUse::Signature),
                key_algorithm: algorithm,
                key_id: Some(key_id.into()),
                ..CommonParameters::default()
            },
            algorithm: parameters,
        }
    }

    /// Whether a coordinate begins with a zero byte, which registry 3.1 leaves out of its key id.
    pub(super) fn has_leading_zero(&self) -> bool {
        match &self.material {
            Material::P256 { x, y } | Material::P384 { x, y } | Material::P521 { x, y } => {
                x.first() == Some(&0) || y.first() == Some(&0)
            }
            Material::Rsa { .. } | Material::Ed25519 { .. } => false,
        }
    }

    /// The key, ready to verify signatures of this algorithm; nothing if it is not one of the key's.
    pub(super) fn verifying(&self, algorithm: Algorithm) -> Option<ParsedPublicKey> {
        let by: &'static dyn VerificationAlgorithm = match (&self.material, algorithm) {
            (Material::Rsa { .. }, Algorithm::RS256) => &RSA_PKCS1_2048_8192_SHA256,
            (Material::Rsa { .. }, Algorithm::RS384) => &RSA_PKCS1_2048_8192_SHA384,
            (Material::Rsa { .. }, Algorithm::RS512) => &RSA_PKCS1_2048_8192_SHA512,
            (Material::P256 { .. }, Algorithm::ES256) => &ECDSA_P256_SHA256_FIXED,
            (Material::P384 { .. }, Algorithm::ES384) => &ECDSA_P384_SHA384_FIXED,
            (Material::P521 { .. }, Algorithm::ES512) => &ECDSA_P521_SHA512_FIXED,
            (Material::Ed25519 { .. }, Algorithm::EdDSA) => &ED25519,
            _ => return None,
        };
        ParsedPublicKey::new(by, &self.spki).ok()
    }
}

/// The JWK set of these keys: each under both of its ids, since a registry looks for the id that the token's header has.
pub fn jwks<'a>(keys: impl IntoIterator<Item = &'a PublicKey>) -> JwkSet {
    let keys = keys.into_iter().flat_map(|key| [key.to_jwk(key.thumbprint()), key.to_jwk(key.libtrust_id())]);
    JwkSet { keys: keys.collect() }
}

fn elliptic(curve: EllipticCurve, x: &[u8], y: &[u8]) -> AlgorithmParameters {
    AlgorithmParameters::EllipticCurve(EllipticCurveKeyParameters {
        key_type: EllipticCurveKeyType::EC,
        curve,
        x: base64url(x),
        y: base64url(y),
    })
}

fn elliptic_members(curve: &str, x: &[u8], y: &[u8]) -> String {
    format!(r#"{{"crv":"{curve}","kty":"EC","x":"{}","y":"{}"}}"#, base64url(x), base64url(y))
}

fn base64url(bytes: &[u8]) -> String {
    URL_SAFE_NO_PAD.encode(bytes)
}

fn without_leading_zeros(number: &[u8]) -> &[u8] {
    let zeros = number.iter().take_while(|byte| **byte == 0).count();
    number.get(zeros..).unwrap_or_default()
}

impl fmt::Debug for PublicKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "PublicKey({:?}, {})", self.algorithm(), self.thumbprint())
    }
}
