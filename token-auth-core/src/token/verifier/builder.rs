use std::time::Duration;

use super::Verifier;
use super::trusted::TrustedKey;
use crate::token::{JwkSet, KeyError, PublicKey};

/// How many keys a token without a `kid` may be tried with.
const MAX_KEYS: usize = 64;

/// Sets up a [`Verifier`].
#[derive(Clone, Debug)]
pub struct VerifierBuilder {
    issuer: String,
    audience: String,
    keys: Vec<TrustedKey>,
    leeway: Duration,
    longest: usize,
}

impl VerifierBuilder {
    pub(super) fn new(issuer: String, audience: String) -> Self {
        Self { issuer, audience, keys: Vec::new(), leeway: Duration::from_secs(60), longest: 64 * 1024 }
    }

    /// Trusts this key, under both of its ids.
    #[must_use]
    pub fn key(mut self, key: PublicKey) -> Self {
        self.trust(key, None);
        self
    }

    /// Trusts the signature keys of a set, each also under the id that the set gives it. Those that cannot be used are
    /// ignored (RFC 7517, section 5): keys for other purposes, of other kinds, or for algorithms that tokens are not signed
    /// with.
    ///
    /// # Errors
    ///
    /// When no key can be used. The error is that of the first one.
    pub fn jwks(mut self, set: &JwkSet) -> Result<Self, KeyError> {
        let (mut usable, mut first_error) = (false, KeyError::NothingToTrust);
        for jwk in &set.keys {
            match PublicKey::from_jwk(jwk) {
                Ok(key) => {
                    usable = true;
                    self.trust(key, jwk.common.key_id.clone());
                }
                Err(error) if first_error == KeyError::NothingToTrust => first_error = error,
                Err(_) => {}
            }
        }
        if usable { Ok(self) } else { Err(first_error) }
    }

    fn trust(&mut self, key: PublicKey, name: Option<String>) {
        match self.keys.iter_mut().find(|known| known.key == key) {
            Some(known) => known.ids.extend(name),
            None => self.keys.push(TrustedKey { ids: key.ids().into_iter().chain(name).collect(), key }),
        }
    }

    /// How far the clocks of issuer and verifier may differ. Default 60 seconds, as in distribution.
    #[must_use]
    pub fn leeway(mut self, leeway: Duration) -> Self {
        self.leeway = leeway;
        self
    }

    /// Refuses tokens with more bytes than this. Default 64 KiB.
    #[must_use]
    pub fn longest(mut self, bytes: usize) -> Self {
        self.longest = bytes;
        self
    }

    /// The verifier.
    ///
    /// # Errors
    ///
    /// When there is no key to trust, or there are more than 64.
    pub fn build(self) -> Result<Verifier, KeyError> {
        match self.keys.len() {
            0 => Err(KeyError::NothingToTrust),
            1..=MAX_KEYS => Ok(Verifier {
                issuer: self.issuer,
                audience: self.audience,
                keys: self.keys,
                leeway: self.leeway.as_secs(),
                longest: self.longest,
            }),
            _ => Err(KeyError::TooMany(MAX_KEYS)),
        }
    }
}
