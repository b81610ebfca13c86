//! How many guesses at passwords are looked at.

use std::time::Duration;

/// How many wrong passwords are looked at before whoever sent them has to wait.
///
/// What counts are *different* pairs of account and password within a window of time: a client that repeats a stale
/// password (containerd tries each twice, a build machine every minute) is one attempt. A pair counts from the moment it is
/// looked at until it turns out to be right; what could not be judged (503) goes on counting. Accounts are counted by their
/// names without regard to case, blanks, accents and compatibility forms, as directories compare them. Beyond a limit the
/// answer is 429 with `Retry-After`, no identity source is asked, and an account that does not exist is answered alike.
///
/// A password that was right from an address not long ago is looked at when it comes from there again, whatever others have
/// tried, so that guesses elsewhere lock nobody out. The answer to it tells right from wrong at no cost; so it is given only
/// until [`refused`](Self::refused) different pairs from that address have been turned away.
///
/// Addresses are those of [`TokenRequest::address`](crate::TokenRequest::address); an IPv6 address counts by its /64
/// network. Where no address is known, each account is counted for itself, and only
/// [`address_total`](Self::address_total) holds for it. What is remembered are keyed digests, bounded in number.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct AttemptLimits {
    /// Wrong passwords for one account from one address; 0 for no limit. Default 10.
    pub per_address: usize,
    /// Wrong pairs of account and password from one address over all accounts; 0 for as many as
    /// [`entries`](Self::entries). No more than these are looked at side by side: further ones wait. Default 100.
    pub address_total: usize,
    /// How many different pairs from one address may be refused before a password that was right from there has to wait
    /// like any other; 0 to make no difference from the first. Default 100.
    pub refused: usize,
    /// Wrong passwords for one account from all addresses together; 0 for no limit, which is the default: whoever guesses
    /// from many addresses would make others, who have not signed in since the start, wait with them.
    pub per_account: usize,
    /// Within how long. Default 5 minutes.
    pub window: Duration,
    /// How many wrong and refused pairs, and how many right ones, are remembered. If there are more, the addresses with the
    /// fewest are forgotten. Default 100,000.
    pub entries: usize,
}

impl Default for AttemptLimits {
    fn default() -> Self {
        Self {
            per_address: 10,
            address_total: 100,
            refused: 100,
            per_account: 0,
            window: Duration::from_secs(300),
            entries: 100_000,
        }
    }
}

impl AttemptLimits {
    /// No limit: something in front of the service has to be one.
    pub fn dangerous_unlimited() -> Self {
        Self { per_address: 0, address_total: 0, per_account: 0, ..Self::default() }
    }

    pub(super) fn are_none(&self) -> bool {
        self.per_address == 0 && self.address_total == 0 && self.per_account == 0
    }
}
