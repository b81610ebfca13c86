//! Who an HTTP client is, for servers that ask for a certificate.

use std::fmt;
use std::sync::Arc;

use reqwest::Identity;

use super::HttpError;

/// A certificate and its private key, by which a client shows who it is. Its `Debug` tells nothing of them.
#[derive(Clone)]
pub struct ClientIdentity {
    identity: Identity,
    pem: Arc<[u8]>,
}

/// Whether both were made of the same text.
impl PartialEq for ClientIdentity {
    fn eq(&self, other: &Self) -> bool {
        self.pem == other.pem
    }
}

impl Eq for ClientIdentity {}

impl ClientIdentity {
    /// From PEM: the certificate, those between it and the authority, and the key, in any order.
    ///
    /// # Errors
    ///
    /// When there is not exactly one key, or no certificate. Whether they belong together is seen when the client is made.
    pub fn from_pem(pem: &[u8]) -> Result<Self, HttpError> {
        let identity = Identity::from_pem(pem).map_err(HttpError::setup)?;
        Ok(Self { identity, pem: pem.into() })
    }

    pub(super) fn inner(&self) -> Identity {
        self.identity.clone()
    }
}

impl fmt::Debug for ClientIdentity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("ClientIdentity([redacted])")
    }
}
