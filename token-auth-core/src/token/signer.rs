//! What signs tokens with a key of its own.

use async_trait::async_trait;

use super::{
    Algorithm, CertificateChain, Claims, Envelope, KeyIdKind, PublicKey, Sign, SignerError, SigningKey,
};
use crate::BackendError;

/// Signs tokens with a key of its own.
///
/// With a certificate the header carries it (`x5c`) beside the key id, which registry 2.x and 3.x both accept when their
/// root bundle contains the certificate or its root; a registry that has a JWK set file only refuses such tokens. Outside
/// the certificate's validity the header carries the key id alone: registries refuse an expired `x5c`, but take the key of
/// an expired certificate in their bundle.
///
/// One signature is the whole cost: the header is made once, and the claims are written in one pass.
///
/// ```
/// use std::time::SystemTime;
/// use token_auth_core::token::{CertificateChain, KeyIdKind, Signer, SigningKey};
///
/// # let pair = rcgen::KeyPair::generate()?;
/// # let (key, certificate) = (pair.serialize_pem(), rcgen::CertificateParams::default().self_signed(&pair)?.pem());
/// let signer = Signer::new(SigningKey::from_pem(key.as_bytes())?)?.with_key_id(KeyIdKind::Thumbprint)?;
/// assert!(!signer.envelope().carries_certificates(SystemTime::now()));
/// let signer = signer.with_certificates(CertificateChain::from_pem(certificate.as_bytes())?)?;
/// assert!(signer.envelope().carries_certificates(SystemTime::now()));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug)]
pub struct Signer {
    key: SigningKey,
    envelope: Envelope,
}

impl Signer {
    /// A signer whose tokens carry libtrust's key id, and no certificate.
    ///
    /// # Errors
    ///
    /// None for a key that exists; see [`with_certificates`](Self::with_certificates).
    pub fn new(key: SigningKey) -> Result<Self, SignerError> {
        Ok(Self { envelope: Envelope::new(key.public_key().clone()), key })
    }

    /// Puts these certificates into the header, too.
    ///
    /// # Errors
    ///
    /// When the first one is not the key's. A chain in disorder is taken: registries accept it.
    pub fn with_certificates(self, chain: CertificateChain) -> Result<Self, SignerError> {
        Ok(Self { envelope: self.envelope.with_certificates(chain)?, key: self.key })
    }

    /// Chooses the key id.
    ///
    /// # Errors
    ///
    /// None for a signer that exists.
    pub fn with_key_id(self, kind: KeyIdKind) -> Result<Self, SignerError> {
        Ok(Self { envelope: self.envelope.with_key_id(kind), key: self.key })
    }

    /// The public half of the key.
    pub fn public_key(&self) -> &PublicKey {
        self.key.public_key()
    }

    /// The algorithm that it signs with.
    pub fn algorithm(&self) -> Algorithm {
        self.key.algorithm()
    }

    /// How the header of its tokens announces the key.
    pub fn envelope(&self) -> &Envelope {
        &self.envelope
    }

    /// Signs claims: a JWS in compact form (RFC 7515, section 7.1). Takes as long as a signature takes: with RSA a quarter of
    /// a millisecond and more, which a server should not spend on its reactor.
    ///
    /// # Errors
    ///
    /// When the cryptographic library refuses.
    pub fn sign_now(&self, claims: &Claims) -> Result<String, SignerError> {
        let mut token = self.envelope.signing_input(claims)?;
        self.key.seal(&mut token)?;
        Ok(token)
    }
}

#[async_trait]
impl Sign for Signer {
    async fn sign(&self, claims: &Claims) -> Result<String, BackendError> {
        self.sign_now(claims).map_err(|error| BackendError::new("signer", error))
    }

    fn public_keys(&self) -> Vec<PublicKey> {
        vec![self.public_key().clone()]
    }
}
