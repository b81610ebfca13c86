use crate::token::PublicKey;

/// A key, and every id that a token may announce it by.
#[derive(Clone, Debug)]
pub(super) struct TrustedKey {
    pub(super) key: PublicKey,
    pub(super) ids: Vec<String>,
}

impl TrustedKey {
    /// Whether a token with this `kid` may be signed by it; one without a `kid` may be signed by any key.
    pub(super) fn goes_by(&self, key_id: Option<&str>) -> bool {
        key_id.is_none_or(|id| self.ids.iter().any(|own| own == id))
    }
}
