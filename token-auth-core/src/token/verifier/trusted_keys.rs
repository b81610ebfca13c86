//! Whether a token of any issuer was signed by a key that is trusted.

use serde::Deserialize;
use serde_json::Value;

use super::jws::{Header, Parts, decode};
use super::trusted::TrustedKey;
use super::{VerifyError, read};
use crate::token::{JwkSet, KeyError, PublicKey};

/// How many keys a token without a `kid` may be tried with.
const MAX_KEYS: usize = 64;

/// Keys whose signatures are believed, and nothing else: what a JWT says is for the caller to judge. A
/// [`Verifier`](super::Verifier) judges registry tokens; this is for those of other issuers.
///
/// The algorithm is that of the key, and never the token's choice. An RSA key of a set that does not say which (`alg` is
/// optional) verifies all of RSA: RS256 to RS512 and PS256 to PS512. What a [`Verifier`](super::Verifier) refuses of a
/// signature and of a header, this refuses too.
///
/// ```
/// use token_auth_core::token::{TrustedKeys, VerifyError};
///
/// # let pem = rcgen::KeyPair::generate()?.public_key_pem();
/// # let key = token_auth_core::token::PublicKey::from_pem(pem.as_bytes())?;
/// # let json = serde_json::to_vec(&token_auth_core::token::jwks([&key]))?;
/// let keys = TrustedKeys::from_json(&json)?;
/// // The payload of a JWT that one of them has signed.
/// assert_eq!(keys.verify("not.a.token"), Err(VerifyError::Malformed));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Debug)]
pub struct TrustedKeys {
    keys: Vec<TrustedKey>,
    longest: usize,
}

impl TrustedKeys {
    /// The usable keys of a JWK set. Those that cannot be used are ignored (RFC 7517, section 5): keys for other purposes,
    /// of other kinds, or for algorithms that tokens are not signed with.
    ///
    /// # Errors
    ///
    /// When no key can be used (the error is that of the first one), or there are more than 64.
    pub fn from_jwks(set: &JwkSet) -> Result<Self, KeyError> {
        let mut keys = Self::none();
        keys.trust_set(set)?;
        keys.check()
    }

    /// The same from a document, in which there may be keys of kinds that nobody here has heard of.
    ///
    /// # Errors
    ///
    /// As [`from_jwks`](Self::from_jwks), or when it is no JWK set.
    pub fn from_json(document: &[u8]) -> Result<Self, KeyError> {
        #[derive(Deserialize)]
        struct Document {
            keys: Vec<Value>,
        }
        let Document { keys } =
            serde_json::from_slice(document).map_err(|_| KeyError::Jwk("the document is not a JWK set"))?;
        let keys = keys.into_iter().filter_map(|key| serde_json::from_value(key).ok()).collect();
        Self::from_jwks(&JwkSet { keys })
    }

    /// Refuses tokens with more bytes than this. Default 64 KiB.
    #[must_use]
    pub fn longest(mut self, bytes: usize) -> Self {
        self.longest = bytes;
        self
    }

    /// The payload of a JWT (without `Bearer`) that one of the keys has signed.
    ///
    /// # Errors
    ///
    /// When none has, or the token is not one.
    pub fn verify(&self, token: &str) -> Result<Vec<u8>, VerifyError> {
        if token.len() > self.longest {
            return Err(VerifyError::TooLong { limit: self.longest });
        }
        let parts = Parts::split(token)?;
        let header: Header = read(&parts.header)?;
        header.check()?;
        self.check_signature(&parts, &header)?;
        decode(parts.payload)
    }

    pub(super) fn none() -> Self {
        Self { keys: Vec::new(), longest: 64 * 1024 }
    }

    pub(super) fn trust(&mut self, key: PublicKey, name: Option<String>) {
        let ids = key.ids();
        self.trust_with(vec![key], ids, name);
    }

    fn trust_with(&mut self, uses: Vec<PublicKey>, ids: [String; 2], name: Option<String>) {
        match self.keys.iter_mut().find(|known| known.uses == uses) {
            Some(known) => known.ids.extend(name),
            None => self.keys.push(TrustedKey { uses, ids: ids.into_iter().chain(name).collect() }),
        }
    }

    pub(super) fn trust_set(&mut self, set: &JwkSet) -> Result<(), KeyError> {
        let (mut usable, mut first_error) = (false, KeyError::NothingToTrust);
        for jwk in &set.keys {
            // More than that are refused, however many there are.
            if self.keys.len() > MAX_KEYS {
                break;
            }
            match PublicKey::from_jwk(jwk) {
                Ok(key) => {
                    usable = true;
                    let (ids, name) = (key.ids(), jwk.common.key_id.clone());
                    match jwk.common.key_algorithm {
                        Some(_) => self.trust_with(vec![key], ids, name),
                        None => self.trust_with(key.with_every_algorithm(), ids, name),
                    }
                }
                Err(error) if first_error == KeyError::NothingToTrust => first_error = error,
                Err(_) => {}
            }
        }
        if usable { Ok(()) } else { Err(first_error) }
    }

    pub(super) fn check(self) -> Result<Self, KeyError> {
        match self.keys.len() {
            0 => Err(KeyError::NothingToTrust),
            1..=MAX_KEYS => Ok(self),
            _ => Err(KeyError::TooMany(MAX_KEYS)),
        }
    }

    fn check_signature(&self, parts: &Parts<'_>, header: &Header) -> Result<(), VerifyError> {
        let algorithm = header.algorithm()?;
        let mut error = VerifyError::UnknownKey;
        for trusted in self.keys.iter().filter(|key| key.goes_by(header.kid.as_deref())) {
            match trusted.with(algorithm) {
                Some(key) if key.verifies(parts.signed.as_bytes(), &parts.signature) => return Ok(()),
                Some(_) => error = VerifyError::Signature,
                None if error == VerifyError::UnknownKey => error = VerifyError::Algorithm,
                None => {}
            }
        }
        Err(error)
    }
}
