//! Which accounts are a source's that is far away: asked beside the logins of other sources, and so remembered for a while.

use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::time::Instant;

use crate::recent::Recent;

/// Answers that were given not long ago, whether yes or no; bounded in number and in time.
pub(crate) struct Owned {
    lifetime: Duration,
    answers: Mutex<Answers>,
}

/// By account, and when each was given.
type Answers = Recent<String, (bool, Instant)>;

impl Owned {
    pub(crate) fn new(lifetime: Duration, entries: usize) -> Self {
        Self { lifetime, answers: Mutex::new(Recent::new(entries)) }
    }

    pub(crate) fn get(&self, account: &str) -> Option<bool> {
        let answers = self.lock();
        let (owned, at) = answers.get(account)?;
        (at.elapsed() < self.lifetime).then_some(*owned)
    }

    pub(crate) fn remember(&self, account: String, owned: bool) {
        if self.lifetime.is_zero() {
            return;
        }
        let mut answers = self.lock();
        answers.remove_oldest_while(|(_, at)| at.elapsed() >= self.lifetime);
        answers.insert(account, (owned, Instant::now()));
    }

    fn lock(&self) -> MutexGuard<'_, Answers> {
        self.answers.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test(start_paused = true)]
    async fn remembers_so_many_for_so_long() {
        let owned = Owned::new(Duration::from_secs(30), 3);
        assert_eq!(owned.get("a"), None);
        owned.remember("a".to_owned(), true);
        owned.remember("b".to_owned(), false);
        assert_eq!((owned.get("a"), owned.get("b")), (Some(true), Some(false)));
        tokio::time::advance(Duration::from_secs(20)).await;
        owned.remember("b".to_owned(), true);
        tokio::time::advance(Duration::from_secs(10)).await;
        assert_eq!((owned.get("a"), owned.get("b")), (None, Some(true)));
        for number in 0..100 {
            owned.remember(number.to_string(), true);
        }
        assert_eq!((owned.get("b"), owned.get("97"), owned.get("99")), (None, Some(true), Some(true)));
        assert_eq!(owned.lock().len(), 3);
    }
}
