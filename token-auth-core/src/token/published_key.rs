//! A key that is published and does not sign.

use std::time::SystemTime;

use super::PublicKey;

/// A key that does not sign, and is published beside the one that does: the next one, so that whoever keeps a copy of the JWK
/// set knows it in time; or an earlier one, while tokens that it signed are still good.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct PublishedKey {
    /// The key.
    pub key: PublicKey,
    /// When it need not be published any more. `None`: it stays.
    pub until: Option<SystemTime>,
}

impl PublishedKey {
    /// A key that is published without an end.
    pub fn new(key: PublicKey) -> Self {
        Self { key, until: None }
    }

    /// A key that is published until then.
    pub fn until(key: PublicKey, end: SystemTime) -> Self {
        Self { key, until: Some(end) }
    }

    /// Whether it is published at that time.
    pub fn is_published(&self, now: SystemTime) -> bool {
        self.until.is_none_or(|end| now < end)
    }
}
