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
    expiry: HashMap<Tag, Instant>,
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

    pub(super) fn contains(&self, tag: &Tag, now: Instant) -> bool {
        self.shard(tag).is_some_and(|shard| shard.expiry.get(tag).is_some_and(|expiry| now < *expiry))
    }

    pub(super) fn insert(&self, tag: Tag, now: Instant) {
        let Some(mut shard) = self.shard(&tag) else { return };
        shard.drop_expired(now);
        if shard.expiry.contains_key(&tag) {
            return;
        }
        if shard.expiry.len() >= self.entries_per_shard {
            shard.drop_oldest();
        }
        shard.expiry.insert(tag, now + self.time_to_live);
        shard.oldest_first.push_back(tag);
    }

    pub(super) fn clear(&self) {
        for shard in &self.shards {
            *lock(shard) = Shard::default();
        }
    }

    #[cfg(test)]
    pub(super) fn len(&self) -> usize {
        self.shards.iter().map(|shard| lock(shard).expiry.len()).sum()
    }

    fn shard(&self, tag: &Tag) -> Option<MutexGuard<'_, Shard>> {
        let [first, ..] = *tag;
        let index = usize::from(first).checked_rem(self.shards.len())?;
        self.shards.get(index).map(lock)
    }
}

impl Shard {
    fn drop_expired(&mut self, now: Instant) {
        let expired = |tag: &Tag, shard: &Self| shard.expiry.get(tag).is_none_or(|expiry| *expiry <= now);
        while self.oldest_first.front().is_some_and(|tag| expired(tag, self)) {
            self.drop_oldest();
        }
    }

    fn drop_oldest(&mut self) {
        if let Some(tag) = self.oldest_first.pop_front() {
            self.expiry.remove(&tag);
        }
    }
}

/// A panic elsewhere leaves at worst a credential to be verified again.
fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
