use std::fmt;
use std::sync::Arc;
use std::time::SystemTime;

use async_trait::async_trait;
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde::Serialize;

use super::claims::{BACKDATE, unix_seconds};
use super::finding::findings;
use super::{Algorithm, CertificateChain, Claims, Finding, PublicKey, SignerError, SigningKey};
use crate::BackendError;

/// Which of the two key ids the header carries as `kid`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum KeyIdKind {
    /// Libtrust's, which registry 2.x looks for.
    #[default]
    Libtrust,
    /// The RFC 7638 thumbprint, which registry 3.x looks for.
    Thumbprint,
}

/// Signs tokens with a key of its own.
///
/// With a certificate the header carries it (`x5c`) beside the key id, which registry 2.x and 3.x both accept when their
/// root bundle contains the certificate or its root. Outside the certificate's validity the header carries the key id
/// alone: registries refuse an expired `x5c`, but take the key of an expired certificate in their bundle.
#[derive(Debug)]
pub struct Signer {
    key: SigningKey,
    chain: Option<CertificateChain>,
    key_id_kind: KeyIdKind,
    headers: Headers,
}

/// Protected headers, encoded, with the dot.
struct Headers {
    key_id: String,
    certificate: Option<String>,
    /// When the certificates are valid, in Unix seconds.
    validity: (u64, u64),
}

impl Signer {
    /// A signer whose tokens carry libtrust's key id, and no certificate.
    ///
    /// # Errors
    ///
    /// None for a key that exists; see [`with_certificates`](Self::with_certificates).
    pub fn new(key: SigningKey) -> Result<Self, SignerError> {
        Self::build(key, None, KeyIdKind::default())
    }

    /// Puts these certificates into the header, too.
    ///
    /// # Errors
    ///
    /// When the first one is not the key's, or one was not issued by the next.
    pub fn with_certificates(self, chain: CertificateChain) -> Result<Self, SignerError> {
        let mut keys = chain.public_keys();
        if keys.next() != Some(self.key.public_key()) {
            let hint = match keys.position(|key| key == self.key.public_key()) {
                Some(at) => format!(" (certificate {} does)", at + 2),
                None => String::new(),
            };
            return Err(SignerError::CertificateOfAnotherKey { hint });
        }
        drop(keys);
        if let Some(number) = chain.misplaced() {
            return Err(SignerError::ChainOrder(number));
        }
        Self::build(self.key, Some(chain), self.key_id_kind)
    }

    /// Chooses the key id.
    ///
    /// # Errors
    ///
    /// None for a signer that exists.
    pub fn with_key_id(self, kind: KeyIdKind) -> Result<Self, SignerError> {
        Self::build(self.key, self.chain, kind)
    }

    fn build(key: SigningKey, chain: Option<CertificateChain>, kind: KeyIdKind) -> Result<Self, SignerError> {
        let headers = Headers::new(&key, chain.as_ref(), kind)?;
        Ok(Self { key, chain, key_id_kind: kind, headers })
    }

    /// The public half of the key.
    pub fn public_key(&self) -> &PublicKey {
        self.key.public_key()
    }

    /// The algorithm that it signs with.
    pub fn algorithm(&self) -> Algorithm {
        self.key.algorithm()
    }

    /// What an operator should know about this key, its certificate and its header.
    pub fn findings(&self, now: SystemTime) -> Vec<Finding> {
        findings(self.key.public_key(), self.chain.as_ref(), self.key_id_kind, now)
    }

    /// Signs claims: a JWS in compact form (RFC 7515, section 7.1). Takes as long as a signature takes.
    ///
    /// # Errors
    ///
    /// When the cryptographic library refuses.
    pub fn sign_now(&self, claims: &Claims) -> Result<String, SignerError> {
        let claims_json = serde_json::to_vec(claims).map_err(|_| SignerError::Signature)?;
        let header = self.headers.at(claims.issued_at.saturating_add(BACKDATE.as_secs()));
        // Four thirds of the claims, and up to 683 characters of signature.
        let mut token = String::with_capacity(header.len() + claims_json.len() * 4 / 3 + 700);
        token.push_str(header);
        URL_SAFE_NO_PAD.encode_string(&claims_json, &mut token);
        self.sign_message(token)
    }

    /// Appends the signature of all that the message has so far.
    pub(super) fn sign_message(&self, mut message: String) -> Result<String, SignerError> {
        let signature = self.key.sign(message.as_bytes())?;
        message.push('.');
        URL_SAFE_NO_PAD.encode_string(&signature, &mut message);
        Ok(message)
    }
}

impl Headers {
    fn new(key: &SigningKey, chain: Option<&CertificateChain>, kind: KeyIdKind) -> Result<Self, SignerError> {
        #[derive(Serialize)]
        struct Header<'a> {
            typ: &'a str,
            alg: Algorithm,
            kid: &'a str,
            #[serde(skip_serializing_if = "Option::is_none")]
            x5c: Option<Vec<String>>,
        }
        let kid = match kind {
            KeyIdKind::Libtrust => key.public_key().libtrust_id(),
            KeyIdKind::Thumbprint => key.public_key().thumbprint(),
        };
        let encode = |x5c| {
            let header = Header { typ: "JWT", alg: key.algorithm(), kid: &kid, x5c };
            let json = serde_json::to_vec(&header).map_err(|_| SignerError::Signature)?;
            Ok(URL_SAFE_NO_PAD.encode(json) + ".")
        };
        let validity = chain.map_or((0, 0), |chain| {
            let (from, until) = chain.validity();
            (unix_seconds(from), unix_seconds(until))
        });
        Ok(Self {
            key_id: encode(None)?,
            certificate: chain.map(|chain| encode(Some(chain.to_x5c()))).transpose()?,
            validity,
        })
    }

    fn at(&self, now: u64) -> &str {
        match &self.certificate {
            Some(header) if (self.validity.0..=self.validity.1).contains(&now) => header,
            _ => &self.key_id,
        }
    }
}

impl fmt::Debug for Headers {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Headers").field("x5c", &self.certificate.is_some()).finish_non_exhaustive()
    }
}

/// Signs tokens, wherever the key is: here ([`Signer`]), on another thread, or in a machine that keeps it.
#[async_trait]
pub trait Sign: Send + Sync {
    /// Signs claims: a JWS in compact form.
    ///
    /// # Errors
    ///
    /// When what holds the key could not be asked, or refused.
    async fn sign(&self, claims: &Claims) -> Result<String, BackendError>;

    /// The keys that tokens may be signed with, for the JWK set: the present one first.
    fn public_keys(&self) -> Vec<PublicKey>;
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

macro_rules! forward {
    ($($pointer:ty),*) => {$(
        #[async_trait]
        impl<S: Sign + ?Sized> Sign for $pointer {
            async fn sign(&self, claims: &Claims) -> Result<String, BackendError> {
                (**self).sign(claims).await
            }

            fn public_keys(&self) -> Vec<PublicKey> {
                (**self).public_keys()
            }
        }
    )*};
}

forward!(&S, Box<S>, Arc<S>);
