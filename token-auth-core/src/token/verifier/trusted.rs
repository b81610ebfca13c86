//! A key that is trusted, and the ids that a token may announce it by.

use crate::token::{Algorithm, PublicKey};

/// A key, and every id that a token may announce it by.
#[derive(Clone, Debug)]
pub(super) struct TrustedKey {
    /// The key, once for each algorithm that it is trusted with: one, unless the set that it is from leaves that open.
    pub(super) uses: Vec<PublicKey>,
    pub(super) ids: Vec<String>,
}

impl TrustedKey {
    /// Whether a token with this `kid` may be signed by it; one without a `kid` may be signed by any key.
    pub(super) fn goes_by(&self, key_id: Option<&str>) -> bool {
        key_id.is_none_or(|id| self.ids.iter().any(|own| own == id))
    }

    /// The key as it verifies this algorithm, if it does.
    pub(super) fn with(&self, algorithm: Algorithm) -> Option<&PublicKey> {
        self.uses.iter().find(|key| key.algorithm() == algorithm)
    }
}
