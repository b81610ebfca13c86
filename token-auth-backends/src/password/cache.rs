//! Which credentials were verified not long ago.

use std::collections::{HashMap, VecDeque};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::time::Instant;

/// What stands for a hash and a password together; tells nothing of either without the verifier's key.
pub(super) type Tag = [u8; 32];

const SHARDS: usize = 16;

/// Credentials that were verified not long ago: bounded in number and in time.
///
/// All entries live equally long, so the oldest is also the first to expire, and a queue is all the order there is.
pub(super) struct VerifiedCache {
    shards: Vec<Mutex<Shard>>,
    entries_per_shard: usize,
    time_to_live: Duration,
}

#[derive(Default)]
struct Shard {
    /// When each was verified.
    verified: HashMap<Tag, Instant>,
    oldest_first: VecDeque<Tag>,
}

impl VerifiedCache {
    /// A cache of at most so many entries. Without entries or without time it holds nothing.
    pub(super) fn new(entries: usize, time_to_live: Duration) -> Self {
        let shards = if time_to_live.is_zero() { 0 } else { entries.min(SHARDS) };
        Self {
            shards: (0..shards).map(|_| Mutex::default()).collect(),
            entries_per_shard: entries.checked_div(shards).unwrap_or(0),
            time_to_live,
        }
    }

    /// Whether as many are kept as there, and as long.
    pub(super) fn is_bounded_as(&self, other: &Self) -> bool {
        let bounds = |cache: &Self| (cache.shards.len(), cache.entries_per_shard, cache.time_to_live);
        bounds(self) == bounds(other)
    }

    /// Adds what another one knows, as far as there is room for it here, and as long as things are kept here.
    pub(super) fn learn_from(&self, other: &Self, now: Instant) {
        for known in &other.shards {
            let known: Vec<_> = {
                let known = lock(known);
                let at = |tag: &Tag| known.verified.get(tag).map(|at| (*tag, *at));
                known.oldest_first.iter().filter_map(at).collect()
            };
            for (tag, at) in known {
                if self.is_fresh(at, now) {
                    self.insert(tag, at);
                }
            }
        }
    }

    pub(super) fn contains(&self, tag: &Tag, now: Instant) -> bool {
        self.shard(tag).is_some_and(|shard| shard.verified.get(tag).is_some_and(|at| self.is_fresh(*at, now)))
    }

    pub(super) fn insert(&self, tag: Tag, now: Instant) {
        let Some(mut shard) = self.shard(&tag) else { return };
        shard.drop_those(|at| !self.is_fresh(at, now));
        if shard.verified.contains_key(&tag) {
            return;
        }
        if shard.verified.len() >= self.entries_per_shard {
            shard.drop_oldest();
        }
        shard.verified.insert(tag, now);
        shard.oldest_first.push_back(tag);
    }

    pub(super) fn clear(&self) {
        for shard in &self.shards {
            *lock(shard) = Shard::default();
        }
    }

    #[cfg(test)]
    pub(super) fn len(&self) -> usize {
        self.shards.iter().map(|shard| lock(shard).verified.len()).sum()
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

impl Shard {
    /// From the oldest on.
    fn drop_those(&mut self, expired: impl Fn(Instant) -> bool) {
        while let Some(oldest) = self.oldest_first.front()
            && self.verified.get(oldest).is_none_or(|at| expired(*at))
        {
            self.drop_oldest();
        }
    }

    fn drop_oldest(&mut self) {
        if let Some(tag) = self.oldest_first.pop_front() {
            self.verified.remove(&tag);
        }
    }
}

/// A panic elsewhere leaves at worst a credential to be verified again.
fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
