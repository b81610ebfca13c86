//! Answers that are remembered for a while, by what was asked, which is not kept.

use std::collections::{HashMap, VecDeque};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use aws_lc_rs::error::Unspecified;
use aws_lc_rs::hmac;
use aws_lc_rs::rand::SystemRandom;
use tokio::time::Instant;

/// An HMAC of what was asked, under a key that is random and never leaves the memory.
pub(crate) type Tag = [u8; 32];

/// Answers, bounded in number, each with a lifetime of its own. The oldest makes room for a new one.
pub(crate) struct Outcomes<T> {
    key: hmac::Key,
    most: usize,
    kept: Mutex<Kept<T>>,
}

struct Kept<T> {
    by_tag: HashMap<Tag, Outcome<T>>,
    oldest_first: VecDeque<(Tag, Instant)>,
}

struct Outcome<T> {
    value: T,
    since: Instant,
    lifetime: Duration,
}

impl<T: Clone> Outcomes<T> {
    /// An empty memory of at most so many answers.
    ///
    /// # Errors
    ///
    /// When the system gives no randomness for the key.
    pub(crate) fn new(most: usize) -> Result<Self, Unspecified> {
        let key = hmac::Key::generate(hmac::HMAC_SHA256, &SystemRandom::new())?;
        let kept = Kept { by_tag: HashMap::new(), oldest_first: VecDeque::new() };
        Ok(Self { key, most, kept: Mutex::new(kept) })
    }

    /// What stands for a question.
    pub(crate) fn tag(&self, asked: &[u8]) -> Tag {
        let mut tag = Tag::default();
        for (to, from) in tag.iter_mut().zip(hmac::sign(&self.key, asked).as_ref()) {
            *to = *from;
        }
        tag
    }

    /// The answer, as long as it is good.
    pub(crate) fn get(&self, tag: &Tag) -> Option<T> {
        let kept = self.lock();
        let outcome = kept.by_tag.get(tag)?;
        (outcome.since.elapsed() < outcome.lifetime).then(|| outcome.value.clone())
    }

    /// Remembers an answer for so long, in place of an earlier one. Without a lifetime there is nothing to remember.
    pub(crate) fn insert(&self, tag: Tag, value: T, lifetime: Duration) {
        if lifetime.is_zero() || self.most == 0 {
            return;
        }
        let since = Instant::now();
        let mut kept = self.lock();
        while kept.by_tag.len() >= self.most && !kept.by_tag.contains_key(&tag) {
            kept.forget_oldest();
        }
        kept.by_tag.insert(tag, Outcome { value, since, lifetime });
        kept.oldest_first.push_back((tag, since));
        // What is remembered again leaves its former place behind.
        if kept.oldest_first.len() > self.most.saturating_mul(2) {
            let Kept { by_tag, oldest_first } = &mut *kept;
            oldest_first.retain(|(tag, since)| by_tag.get(tag).is_some_and(|kept| kept.since == *since));
        }
    }

    /// A panic elsewhere leaves at worst something to be asked again.
    fn lock(&self) -> MutexGuard<'_, Kept<T>> {
        self.kept.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl<T> Kept<T> {
    fn forget_oldest(&mut self) {
        match self.oldest_first.pop_front() {
            Some((tag, since)) => {
                if self.by_tag.get(&tag).is_some_and(|outcome| outcome.since == since) {
                    self.by_tag.remove(&tag);
                }
            }
            // Each that is kept has a place: this never comes about, and would not end otherwise.
            None => self.by_tag.clear(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test(start_paused = true)]
    async fn an_answer_is_remembered_as_long_as_it_is_good() {
        let outcomes = Outcomes::new(10).unwrap();
        let (one, other) = (outcomes.tag(b"one"), outcomes.tag(b"other"));
        outcomes.insert(one, 1, Duration::from_secs(10));
        outcomes.insert(other, 2, Duration::ZERO);
        assert_eq!((outcomes.get(&one), outcomes.get(&other)), (Some(1), None));
        tokio::time::advance(Duration::from_secs(9)).await;
        outcomes.insert(other, 2, Duration::from_secs(10));
        tokio::time::advance(Duration::from_secs(1)).await;
        assert_eq!((outcomes.get(&one), outcomes.get(&other)), (None, Some(2)));
    }

    #[tokio::test(start_paused = true)]
    async fn is_bounded_and_forgets_the_oldest() {
        let outcomes = Outcomes::new(10).unwrap();
        let tag = |number: u32| outcomes.tag(&number.to_be_bytes());
        for number in 0..100 {
            outcomes.insert(tag(number), number, Duration::from_secs(60));
            outcomes.insert(tag(1000), 1000, Duration::from_secs(60));
            tokio::time::advance(Duration::from_millis(1)).await;
        }
        let kept = outcomes.lock();
        assert!(kept.by_tag.len() <= 10 && kept.oldest_first.len() <= 21);
        drop(kept);
        assert_eq!((outcomes.get(&tag(99)), outcomes.get(&tag(1000))), (Some(99), Some(1000)));
        assert_eq!(outcomes.get(&tag(1)), None);
        let none = Outcomes::new(0).unwrap();
        none.insert(none.tag(b"x"), 1, Duration::from_secs(1));
        assert_eq!(none.get(&none.tag(b"x")), None);
    }

    #[test]
    fn two_memories_call_a_question_by_two_names() {
        let memories = [Outcomes::<()>::new(1).unwrap(), Outcomes::<()>::new(1).unwrap()];
        assert_ne!(memories[0].tag(b"x"), memories[1].tag(b"x"));
    }
}
