//! The records of all origins, bounded.

use std::collections::{BTreeSet, HashMap};
use std::task::Waker;
use std::time::{Duration, SystemTime};

use super::Guess;
use super::origin::Origin;
use super::record::{Bounds, Record, Room};

/// Whoever fills it loses what they have filled it with: the lightest record goes first.
#[derive(Default)]
pub(super) struct Ledger {
    records: HashMap<Origin, Record>,
    lightest_first: BTreeSet<(usize, SystemTime, Origin)>,
    oldest_first: BTreeSet<(SystemTime, Origin)>,
    weight: usize,
    /// Who has to look again, once the ledger is closed.
    woken: Vec<Waker>,
}

impl Ledger {
    /// Forgets the windows that have passed.
    pub(super) fn forget_passed(&mut self, now: SystemTime, window: Duration) {
        let has_passed = |begun: SystemTime| match now.duration_since(begun) {
            Ok(passed) => passed >= window,
            // Requests look at the clock a little before they are counted. If it was set back by more than that, better
            // count anew than wait for it.
            Err(ahead) => ahead.duration() >= window,
        };
        while let Some((begun, origin)) = self.oldest_first.first().copied()
            && has_passed(begun)
        {
            self.forget(&origin);
        }
        while let Some((begun, origin)) = self.oldest_first.last().copied()
            && has_passed(begun)
        {
            self.forget(&origin);
        }
    }

    pub(super) fn room(&self, origin: &Origin, guess: &Guess, bounds: Bounds) -> Room {
        match self.records.get(origin) {
            Some(record) => record.room(guess, bounds),
            None if bounds.per_account == 0 || bounds.total == 0 => Room::Full,
            None => Room::Free,
        }
    }

    pub(super) fn begun(&self, origin: &Origin) -> Option<SystemTime> {
        self.records.get(origin).map(|record| record.begun)
    }

    pub(super) fn refused(&self, origin: &Origin) -> usize {
        self.records.get(origin).map_or(0, Record::refused)
    }

    /// Calls this waker when something has changed for the origin.
    pub(super) fn wait(&mut self, origin: &Origin, waker: &Waker) {
        if let Some(record) = self.records.get_mut(origin) {
            record.wait(waker);
        }
    }

    /// Writes to the record of an origin, which begins now if there is none, and makes room for it.
    pub(super) fn write(
        &mut self,
        origin: Origin,
        now: SystemTime,
        bound: usize,
        change: impl FnOnce(&mut Record),
    ) {
        let mut record = self.take(&origin).unwrap_or_else(|| Record::new(now));
        change(&mut record);
        self.woken.append(&mut record.take_waiting());
        let weight = record.weight();
        if weight == 0 {
            return;
        }
        while self.weight + weight > bound
            && let Some((_, _, lightest)) = self.lightest_first.first().copied()
        {
            self.forget(&lightest);
        }
        self.weight += weight;
        self.lightest_first.insert((weight, record.begun, origin));
        self.oldest_first.insert((record.begun, origin));
        self.records.insert(origin, record);
    }

    /// Those who waited for what was written.
    pub(super) fn take_woken(&mut self) -> Vec<Waker> {
        std::mem::take(&mut self.woken)
    }

    #[cfg(test)]
    pub(super) fn weight(&self) -> usize {
        assert_eq!(self.weight, self.records.values().map(Record::weight).sum::<usize>());
        assert_eq!(self.records.len(), self.lightest_first.len());
        assert_eq!(self.records.len(), self.oldest_first.len());
        self.weight
    }

    fn forget(&mut self, origin: &Origin) {
        if let Some(mut record) = self.take(origin) {
            self.woken.append(&mut record.take_waiting());
        }
    }

    fn take(&mut self, origin: &Origin) -> Option<Record> {
        let record = self.records.remove(origin)?;
        let weight = record.weight();
        self.weight -= weight;
        self.lightest_first.remove(&(weight, record.begun, *origin));
        self.oldest_first.remove(&(record.begun, *origin));
        Some(record)
    }
}
