//! What was tried from one origin within a window of time.

use std::collections::{HashMap, HashSet};
use std::task::Waker;
use std::time::SystemTime;

use super::{Guess, Tag};

/// The pairs of account and password that one origin has tried and is trying.
pub(super) struct Record {
    pub(super) begun: SystemTime,
    pairs: HashMap<Tag, Pair>,
    /// How many of `pairs` are for which account.
    accounts: HashMap<Tag, usize>,
    /// How many of `pairs` are judged.
    wrong: usize,
    refused: HashSet<Tag>,
    /// Who waits until one of `pairs` is judged.
    waiting: Vec<Waker>,
}

struct Pair {
    account: Tag,
    /// It is wrong, or nobody could tell; otherwise it is being looked at.
    wrong: bool,
}

/// How many pairs there may be.
#[derive(Clone, Copy)]
pub(super) struct Bounds {
    pub(super) per_account: usize,
    pub(super) total: usize,
}

/// Whether there is room for a pair.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Room {
    /// It counts already.
    Counted,
    Free,
    /// Not until one that is being looked at turns out to be right.
    Busy,
    Full,
}

impl Record {
    pub(super) fn new(begun: SystemTime) -> Self {
        Self {
            begun,
            pairs: HashMap::new(),
            accounts: HashMap::new(),
            wrong: 0,
            refused: HashSet::new(),
            waiting: Vec::new(),
        }
    }

    pub(super) fn room(&self, guess: &Guess, bounds: Bounds) -> Room {
        if self.pairs.contains_key(&guess.pair) {
            Room::Counted
        } else if self.accounts.get(&guess.account).is_some_and(|count| *count >= bounds.per_account)
            || self.wrong >= bounds.total
        {
            Room::Full
        } else if self.pairs.len() >= bounds.total {
            Room::Busy
        } else {
            Room::Free
        }
    }

    /// A pair is being looked at. It counts as a wrong one from now on, so that many at once are not more than one after
    /// the other.
    pub(super) fn count(&mut self, guess: &Guess) {
        self.pairs.entry(guess.pair).or_insert_with(|| {
            *self.accounts.entry(guess.account).or_default() += 1;
            Pair { account: guess.account, wrong: false }
        });
    }

    pub(super) fn was_wrong(&mut self, guess: &Guess) {
        self.count(guess);
        self.was_not_judged(guess);
    }

    pub(super) fn was_not_judged(&mut self, guess: &Guess) {
        if let Some(pair) = self.pairs.get_mut(&guess.pair)
            && !pair.wrong
        {
            pair.wrong = true;
            self.wrong += 1;
        }
    }

    pub(super) fn was_right(&mut self, guess: &Guess) {
        let Some(pair) = self.pairs.remove(&guess.pair) else { return };
        self.wrong -= usize::from(pair.wrong);
        if let Some(count) = self.accounts.get_mut(&pair.account) {
            *count -= 1;
            if *count == 0 {
                self.accounts.remove(&pair.account);
            }
        }
    }

    /// A pair is not looked at. Beyond `bound` it makes no difference which.
    pub(super) fn refuse(&mut self, guess: &Guess, bound: usize) {
        if self.refused.len() < bound {
            self.refused.insert(guess.pair);
        }
    }

    pub(super) fn refused(&self) -> usize {
        self.refused.len()
    }

    pub(super) fn wait(&mut self, waker: &Waker) {
        if !self.waiting.iter().any(|known| known.will_wake(waker)) {
            self.waiting.push(waker.clone());
        }
    }

    pub(super) fn take_waiting(&mut self) -> Vec<Waker> {
        std::mem::take(&mut self.waiting)
    }

    /// How much is held.
    pub(super) fn weight(&self) -> usize {
        self.pairs.len() + self.refused.len()
    }
}
