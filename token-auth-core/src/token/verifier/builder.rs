//! What a verifier trusts, put together.

use std::time::Duration;

use super::{TrustedKeys, Verifier};
use crate::token::{JwkSet, KeyError, PublicKey};

/// Sets up a [`Verifier`].
#[derive(Clone, Debug)]
pub struct VerifierBuilder {
    issuer: String,
    audience: String,
    keys: TrustedKeys,
    leeway: Duration,
}

impl VerifierBuilder {
    pub(super) fn new(issuer: String, audience: String) -> Self {
        Self { issuer, audience, keys: TrustedKeys::none(), leeway: Duration::from_secs(60) }
    }

    /// Trusts this key, under both of its ids.
    #[must_use]
    pub fn key(mut self, key: PublicKey) -> Self {
        self.keys.trust(key, None);
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
        self.keys.trust_set(set)?;
        Ok(self)
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
        self.keys = self.keys.longest(bytes);
        self
    }

    /// The verifier.
    ///
    /// # Errors
    ///
    /// When there is no key to trust, or there are more than 64.
    pub fn build(self) -> Result<Verifier, KeyError> {
        Ok(Verifier {
            issuer: self.issuer,
            audience: self.audience,
            keys: self.keys.check()?,
            leeway: self.leeway.as_secs(),
        })
    }
}
