//! Which passwords were right not long ago.

use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::time::Instant;

use crate::recent::Recent;
use crate::tag::Tag;

const SHARDS: usize = 16;

/// Credentials that were verified not long ago, each by a tag of its hash and its password: bounded in number and in time.
///
/// All entries live equally long, so the oldest is also the first to expire.
pub(super) struct VerifiedCache {
    shards: Vec<Mutex<Shard>>,
    time_to_live: Duration,
}

/// When each entry expires.
type Shard = Recent<Tag, Instant>;

impl VerifiedCache {
    /// A cache of at most so many entries. Without entries or without time it holds nothing.
    pub(super) fn new(entries: usize, time_to_live: Duration) -> Self {
        let shards = if time_to_live.is_zero() { 0 } else { entries.min(SHARDS) };
        let most = entries.checked_div(shards).unwrap_or(0);
        Self { shards: (0..shards).map(|_| Mutex::new(Recent::new(most))).collect(), time_to_live }
    }

    pub(super) fn contains(&self, tag: &Tag, now: Instant) -> bool {
        self.shard(tag).is_some_and(|shard| shard.get(tag).is_some_and(|expiry| now < *expiry))
    }

    pub(super) fn insert(&self, tag: Tag, now: Instant) {
        let Some(mut shard) = self.shard(&tag) else { return };
        shard.remove_oldest_while(|expiry| *expiry <= now);
        if shard.get(&tag).is_none() {
            shard.insert(tag, now + self.time_to_live);
        }
    }

    pub(super) fn clear(&self) {
        for shard in &self.shards {
            let mut shard = lock(shard);
            while shard.remove_oldest().is_some() {}
        }
    }

    #[cfg(test)]
    pub(super) fn len(&self) -> usize {
        self.shards.iter().map(|shard| lock(shard).len()).sum()
    }

    fn shard(&self, tag: &Tag) -> Option<MutexGuard<'_, Shard>> {
        let [first, ..] = *tag;
        let index = usize::from(first).checked_rem(self.shards.len())?;
        self.shards.get(index).map(lock)
    }
}

/// A panic elsewhere leaves at worst a credential to be verified again.
fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
