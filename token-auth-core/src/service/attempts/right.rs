//! Which passwords were right, and from where.

use std::collections::{BTreeMap, HashMap, VecDeque};

use super::origin::Origin;
use super::{Guess, Tag};

/// From how many places an account's passwords are remembered: whoever has an account displaces only what is their own.
const PLACES: usize = 16;

/// Pairs of account and password that were right, each with the origin it came from: bounded, the oldest go first.
#[derive(Default)]
pub(super) struct Right {
    by_account: HashMap<Tag, VecDeque<Seen>>,
    oldest_first: BTreeMap<u64, Tag>,
    next: u64,
}

struct Seen {
    pair: Tag,
    origin: Origin,
    number: u64,
}

impl Right {
    pub(super) fn holds(&self, guess: &Guess) -> bool {
        let same = |seen: &Seen| seen.pair == guess.pair && seen.origin == guess.origin;
        self.by_account.get(&guess.account).is_some_and(|seen| seen.iter().any(same))
    }

    pub(super) fn insert(&mut self, guess: &Guess, entries: usize) {
        if self.holds(guess) {
            return;
        }
        let number = self.next;
        self.next += 1;
        self.oldest_first.insert(number, guess.account);
        let seen = self.by_account.entry(guess.account).or_default();
        seen.push_back(Seen { pair: guess.pair, origin: guess.origin, number });
        if seen.len() > PLACES
            && let Some(oldest) = seen.pop_front()
        {
            self.oldest_first.remove(&oldest.number);
        }
        while self.oldest_first.len() > entries
            && let Some((number, account)) = self.oldest_first.pop_first()
        {
            self.keep(&account, |seen| seen.number != number);
        }
    }

    /// It is right no longer, wherever it comes from.
    pub(super) fn remove(&mut self, guess: &Guess) {
        self.keep(&guess.account, |seen| seen.pair != guess.pair);
    }

    #[cfg(test)]
    pub(super) fn len(&self) -> usize {
        assert_eq!(self.oldest_first.len(), self.by_account.values().map(VecDeque::len).sum::<usize>());
        self.oldest_first.len()
    }

    fn keep(&mut self, account: &Tag, wanted: impl Fn(&Seen) -> bool) {
        let Some(seen) = self.by_account.get_mut(account) else { return };
        seen.retain(|seen| {
            let kept = wanted(seen);
            if !kept {
                self.oldest_first.remove(&seen.number);
            }
            kept
        });
        if seen.is_empty() {
            self.by_account.remove(account);
        }
    }
}
