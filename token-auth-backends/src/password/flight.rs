//! One computation for all who ask the same at once.

use std::collections::HashMap;
use std::collections::hash_map::Entry;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use tokio::sync::OnceCell;

use crate::tag::Tag;

/// Verifications under way, so that whoever asks the same meanwhile waits for the same answer.
#[derive(Default)]
pub(super) struct Flights(Mutex<HashMap<Tag, Arc<OnceCell<bool>>>>);

/// A seat in one of them. When the passenger who computes goes away, the next one takes over; the last one out ends it.
pub(super) struct Flight<'a> {
    flights: &'a Flights,
    tag: Tag,
    verdict: Arc<OnceCell<bool>>,
}

impl Flights {
    pub(super) fn board(&self, tag: Tag) -> Flight<'_> {
        let verdict = Arc::clone(self.lock().entry(tag).or_default());
        Flight { flights: self, tag, verdict }
    }

    fn lock(&self) -> MutexGuard<'_, HashMap<Tag, Arc<OnceCell<bool>>>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Flight<'_> {
    pub(super) fn verdict(&self) -> &OnceCell<bool> {
        &self.verdict
    }
}

impl Drop for Flight<'_> {
    fn drop(&mut self) {
        // Seats are taken and left under the lock: two owners are the table and this one.
        if let Entry::Occupied(entry) = self.flights.lock().entry(self.tag)
            && Arc::strong_count(entry.get()) <= 2
        {
            entry.remove();
        }
    }
}
