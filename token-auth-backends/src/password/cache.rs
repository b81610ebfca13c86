//! Which credentials were verified not long ago.

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
    entries_per_shard: usize,
    time_to_live: Duration,
}

/// When each was verified.
type Shard = Recent<Tag, Instant>;

impl VerifiedCache {
    /// A cache of at most so many entries. Without entries or without time it holds nothing.
    pub(super) fn new(entries: usize, time_to_live: Duration) -> Self {
        let shards = if time_to_live.is_zero() { 0 } else { entries.min(SHARDS) };
        let entries_per_shard = entries.checked_div(shards).unwrap_or(0);
        let empty = || Mutex::new(Recent::new(entries_per_shard));
        Self { shards: (0..shards).map(|_| empty()).collect(), entries_per_shard, time_to_live }
    }

    /// Whether as many are kept as there, and as long.
    pub(super) fn is_bounded_as(&self, other: &Self) -> bool {
        let bounds = |cache: &Self| (cache.shards.len(), cache.entries_per_shard, cache.time_to_live);
        bounds(self) == bounds(other)
    }

    /// Adds what another one knows, as far as there is room for it here, and as long as things are kept here.
    pub(super) fn learn_from(&self, other: &Self, now: Instant) {
        for known in &other.shards {
            let known: Vec<_> = lock(known).iter().map(|(tag, at)| (*tag, *at)).collect();
            for (tag, at) in known {
                if self.is_fresh(at, now) {
                    self.insert(tag, at);
                }
            }
        }
    }

    pub(super) fn contains(&self, tag: &Tag, now: Instant) -> bool {
        self.shard(tag).is_some_and(|shard| shard.get(tag).is_some_and(|at| self.is_fresh(*at, now)))
    }

    pub(super) fn insert(&self, tag: Tag, now: Instant) {
        let Some(mut shard) = self.shard(&tag) else { return };
        shard.remove_oldest_while(|at| !self.is_fresh(*at, now));
        if shard.get(&tag).is_none() {
            shard.insert(tag, now);
        }
    }

    pub(super) fn clear(&self) {
        for shard in &self.shards {
            *lock(shard) = Recent::new(self.entries_per_shard);
        }
    }

    #[cfg(test)]
    pub(super) fn len(&self) -> usize {
        self.shards.iter().map(|shard| lock(shard).len()).sum()
    }

    fn is_fresh(&self, at: Instant, now: Instant) -> bool {
        now.duration_since(at) < self.time_to_live
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
