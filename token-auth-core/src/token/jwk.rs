//! Keys as JSON Web Keys (RFC 7517), written and read.

use aws_lc_rs::encoding::AsDer as _;
use aws_lc_rs::signature::RsaPublicKeyComponents;
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use jsonwebtoken::jwk::{
    AlgorithmParameters, CommonParameters, EllipticCurve, EllipticCurveKeyParameters, EllipticCurveKeyType,
    Jwk, JwkSet, KeyAlgorithm, KeyOperations, OctetKeyPairParameters, OctetKeyPairType, PublicKeyUse,
    RSAKeyParameters, RSAKeyType,
};

use super::key_type::KeyType;
use super::material::Material;
use super::{Algorithm, KeyError, PublicKey};

/// The JWK set of these keys, to publish: each once under each of its ids, since a registry looks for the one that the
/// token's header has. So one document serves tokens with either kind of `kid`, as the `jwks` file of registry 3.x and at a
/// well-known address alike.
pub fn jwks<'a>(keys: impl IntoIterator<Item = &'a PublicKey>) -> JwkSet {
    let mut set = JwkSet { keys: Vec::new() };
    for key in keys {
        for jwk in key.ids().map(|id| key.to_jwk(id)) {
            if !set.keys.contains(&jwk) {
                set.keys.push(jwk);
            }
        }
    }
    set
}

impl PublicKey {
    /// The ids that a token may announce the key by.
    pub(super) fn ids(&self) -> [String; 2] {
        [self.thumbprint(), self.libtrust_id()]
    }

    /// The key as a JSON Web Key for verifying signatures of its algorithm, under this id.
    pub fn to_jwk(&self, key_id: impl Into<String>) -> Jwk {
        let base64 = |bytes: &[u8]| URL_SAFE_NO_PAD.encode(bytes);
        let algorithm = match self.material() {
            Material::Rsa { modulus, exponent } => AlgorithmParameters::RSA(RSAKeyParameters {
                key_type: RSAKeyType::RSA,
                n: base64(modulus),
                e: base64(exponent),
            }),
            Material::Ec { x, y } => AlgorithmParameters::EllipticCurve(EllipticCurveKeyParameters {
                key_type: EllipticCurveKeyType::EC,
                curve: match self.key_type() {
                    KeyType::P521 => EllipticCurve::P521,
                    KeyType::P384 => EllipticCurve::P384,
                    _ => EllipticCurve::P256,
                },
                x: base64(x),
                y: base64(y),
            }),
            Material::Ed25519(key) => AlgorithmParameters::OctetKeyPair(OctetKeyPairParameters {
                key_type: OctetKeyPairType::OctetKeyPair,
                curve: EllipticCurve::Ed25519,
                x: base64(key),
            }),
        };
        let common = CommonParameters {
            public_key_use: Some(PublicKeyUse::Signature),
            key_algorithm: published(self.algorithm()),
            key_id: Some(key_id.into()),
            ..CommonParameters::default()
        };
        Jwk { common, algorithm }
    }

    /// Reads a JSON Web Key (RFC 7517), with its `alg`, if it has one, as the key's algorithm. Its `kid` is not read.
    ///
    /// # Errors
    ///
    /// When it is not for signatures (`use`, `key_ops`), of a kind or for an algorithm that is not supported, or malformed:
    /// coordinates have their full length (RFC 7518, section 6.2.1.2), the modulus no leading zero (section 6.3.1.1).
    pub fn from_jwk(jwk: &Jwk) -> Result<Self, KeyError> {
        let CommonParameters { public_key_use, key_operations, key_algorithm, .. } = &jwk.common;
        let verifies = key_operations.as_ref().map(|operations| operations.contains(&KeyOperations::Verify));
        let signature = public_key_use.as_ref().map(|usage| *usage == PublicKeyUse::Signature);
        if verifies == Some(false) || signature == Some(false) {
            return Err(KeyError::Jwk("its `use` or `key_ops` is another"));
        }
        let key = match &jwk.algorithm {
            AlgorithmParameters::RSA(rsa) => from_components(&decode(&rsa.n)?, &decode(&rsa.e)?)?,
            AlgorithmParameters::EllipticCurve(ec) => from_point(ec)?,
            AlgorithmParameters::OctetKeyPair(pair) if pair.curve == EllipticCurve::Ed25519 => {
                Self::from_parsed(KeyType::Ed25519, &decode(&pair.x)?)?
            }
            _ => return Err(KeyError::Jwk("it is not an RSA, EC or Ed25519 public key")),
        };
        match key_algorithm {
            None => Ok(key),
            // How `KeyAlgorithm` reads ES512, among others. There is no other signature by this curve.
            Some(KeyAlgorithm::UNKNOWN_ALGORITHM)
                if key.algorithm() == Algorithm::ES512 && (signature.is_some() || verifies.is_some()) =>
            {
                Ok(key)
            }
            Some(algorithm) => key.with_algorithm(supported(*algorithm)?),
        }
    }
}

/// The algorithm in the vocabulary of JWKs. It has no ES512; `alg` is optional (RFC 7517, section 4.4), and the curve says it.
fn published(algorithm: Algorithm) -> Option<KeyAlgorithm> {
    Some(match algorithm {
        Algorithm::RS256 => KeyAlgorithm::RS256,
        Algorithm::RS384 => KeyAlgorithm::RS384,
        Algorithm::RS512 => KeyAlgorithm::RS512,
        Algorithm::PS256 => KeyAlgorithm::PS256,
        Algorithm::PS384 => KeyAlgorithm::PS384,
        Algorithm::PS512 => KeyAlgorithm::PS512,
        Algorithm::ES256 => KeyAlgorithm::ES256,
        Algorithm::ES384 => KeyAlgorithm::ES384,
        Algorithm::ES512 => return None,
        Algorithm::EdDSA => KeyAlgorithm::EdDSA,
    })
}

fn supported(algorithm: KeyAlgorithm) -> Result<Algorithm, KeyError> {
    algorithm
        .to_string()
        .parse()
        .map_err(|_| KeyError::Jwk("its `alg` is not one that tokens are signed with"))
}

fn from_components(n: &[u8], e: &[u8]) -> Result<PublicKey, KeyError> {
    let spki = RsaPublicKeyComponents { n, e }.as_der().map_err(|_| KeyError::Malformed)?;
    PublicKey::from_spki_der(spki.as_ref())
}

fn from_point(ec: &EllipticCurveKeyParameters) -> Result<PublicKey, KeyError> {
    let key_type = match ec.curve {
        EllipticCurve::P256 => KeyType::P256,
        EllipticCurve::P384 => KeyType::P384,
        EllipticCurve::P521 => KeyType::P521,
        _ => return Err(KeyError::Jwk("its curve is not P-256, P-384 or P-521")),
    };
    let (x, y) = (decode(&ec.x)?, decode(&ec.y)?);
    if Some(x.len()) != key_type.coordinate_len() || x.len() != y.len() {
        return Err(KeyError::Jwk("its coordinates do not have the full length"));
    }
    PublicKey::from_parsed(key_type, &[&[4], x.as_slice(), y.as_slice()].concat())
}

fn decode(member: &str) -> Result<Vec<u8>, KeyError> {
    URL_SAFE_NO_PAD.decode(member).map_err(|_| KeyError::Jwk("a member is not base64url"))
}
