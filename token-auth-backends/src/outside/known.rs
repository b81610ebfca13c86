//! Which accounts are a source's that cannot be asked about all of them, or not all the time.

use std::time::Duration;

use aws_lc_rs::error::Unspecified;

use super::Outcomes;

/// As good as for ever.
const LONG: Duration = Duration::from_secs(10 * 365 * 24 * 3600);
/// How many accounts are remembered.
const MOST: usize = 10_000;

/// Whether accounts are a source's, as far as it is known.
pub(crate) struct KnownAccounts(Outcomes<bool>);

impl KnownAccounts {
    /// Nobody is known, yet.
    ///
    /// # Errors
    ///
    /// When the system gives no randomness.
    pub(crate) fn new() -> Result<Self, Unspecified> {
        Ok(Self(Outcomes::new(MOST)?))
    }

    /// The source has accepted the account: it is its own.
    pub(crate) fn accepted(&self, account: &str) {
        self.0.insert(self.0.tag(account.as_bytes()), true, LONG);
    }

    /// The source has said whether it has the account, which is good for a while.
    pub(crate) fn told(&self, account: &str, owned: bool, lifetime: Duration) {
        self.0.insert(self.0.tag(account.as_bytes()), owned, lifetime);
    }

    /// Whether the account is the source's, if that is known.
    pub(crate) fn owned(&self, account: &str) -> Option<bool> {
        self.0.get(&self.0.tag(account.as_bytes()))
    }
}
