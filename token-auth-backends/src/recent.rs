//! What was learnt not long ago: a table of so many entries, of which the oldest make room.

use std::borrow::Borrow;
use std::collections::{BTreeMap, HashMap};
use std::hash::Hash;

/// Entries by their keys, at most so many. Each has its place in the order in which they were put in; how long one is good
/// is for whoever asks to know.
///
/// What is bounded in another way has a structure of its own: guesses at passwords, where the lightest give way, and compiled
/// expressions, which are weighed.
#[derive(Debug)]
pub(crate) struct Recent<K, V> {
    most: usize,
    entries: HashMap<K, (u64, V)>,
    oldest_first: BTreeMap<u64, K>,
    next: u64,
}

impl<K: Clone + Eq + Hash, V> Recent<K, V> {
    /// An empty table for at most so many entries: with none it stays empty.
    pub(crate) fn new(most: usize) -> Self {
        Self { most, entries: HashMap::new(), oldest_first: BTreeMap::new(), next: 0 }
    }

    pub(crate) fn get<Q: Eq + Hash + ?Sized>(&self, key: &Q) -> Option<&V>
    where
        K: Borrow<Q>,
    {
        self.entries.get(key).map(|(_, value)| value)
    }

    /// Puts an entry in as the youngest, in place of an older one with its key.
    pub(crate) fn insert(&mut self, key: K, value: V) {
        if self.most == 0 {
            return;
        }
        self.remove(&key);
        while self.entries.len() >= self.most && self.remove_oldest().is_some() {}
        let number = self.next;
        self.next += 1;
        self.oldest_first.insert(number, key.clone());
        self.entries.insert(key, (number, value));
    }

    pub(crate) fn remove<Q: Eq + Hash + ?Sized>(&mut self, key: &Q) -> Option<V>
    where
        K: Borrow<Q>,
    {
        let (number, value) = self.entries.remove(key)?;
        self.oldest_first.remove(&number);
        Some(value)
    }

    pub(crate) fn remove_oldest(&mut self) -> Option<V> {
        let (_, key) = self.oldest_first.pop_first()?;
        self.entries.remove(&key).map(|(_, value)| value)
    }

    /// Removes the oldest entries as long as they are so.
    pub(crate) fn remove_oldest_while(&mut self, is_so: impl Fn(&V) -> bool) {
        while self.oldest().is_some_and(&is_so) {
            self.remove_oldest();
        }
    }

    pub(crate) fn oldest(&self) -> Option<&V> {
        self.oldest_first.values().next().and_then(|key| self.get(key))
    }

    /// All of them, the oldest first.
    #[cfg(any(test, feature = "password"))]
    pub(crate) fn iter(&self) -> impl Iterator<Item = (&K, &V)> {
        self.oldest_first.values().filter_map(|key| Some((key, self.get(key)?)))
    }

    #[cfg(test)]
    pub(crate) fn values(&self) -> impl Iterator<Item = &V> {
        self.iter().map(|(_, value)| value)
    }

    #[cfg(test)]
    pub(crate) fn len(&self) -> usize {
        assert_eq!(self.entries.len(), self.oldest_first.len());
        self.entries.len()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_oldest_make_room() {
        let mut recent = Recent::new(3);
        for (key, value) in [("a", 1), ("b", 2), ("c", 3), ("a", 4), ("d", 5)] {
            recent.insert(key, value);
        }
        assert_eq!(recent.values().copied().collect::<Vec<_>>(), [3, 4, 5], "put in again is young again");
        assert_eq!((recent.get("b"), recent.get("a")), (None, Some(&4)));
        assert_eq!((recent.remove("c"), recent.remove("c")), (Some(3), None));
        recent.remove_oldest_while(|value| *value < 5);
        assert_eq!((recent.oldest(), recent.len()), (Some(&5), 1));
        assert_eq!((recent.remove_oldest(), recent.remove_oldest()), (Some(5), None));
    }

    #[test]
    fn a_table_for_nothing_stays_empty() {
        let mut recent = Recent::new(0);
        recent.insert("a", 1);
        assert_eq!((recent.get("a"), recent.len()), (None, 0));
    }

    proptest::proptest! {
        /// As a list would do it, slowly.
        #[test]
        fn is_a_list_with_a_bound(most in 0_usize..5, steps in proptest::collection::vec((0_u8..3, 0_u8..8), 0..60)) {
            let mut recent = Recent::new(most);
            let mut list: Vec<(u8, usize)> = Vec::new();
            for (at, (what, key)) in steps.into_iter().enumerate() {
                match what {
                    0 => {
                        recent.remove(&key);
                    }
                    1 => {
                        recent.remove_oldest();
                    }
                    _ => recent.insert(key, at),
                }
                match what {
                    0 => list.retain(|(known, _)| *known != key),
                    1 => drop(list.drain(..list.len().min(1))),
                    _ => {
                        list.retain(|(known, _)| *known != key);
                        list.push((key, at));
                        list.drain(..list.len().saturating_sub(most));
                    }
                }
                proptest::prop_assert_eq!(recent.len(), list.len());
                proptest::prop_assert!(recent.values().eq(list.iter().map(|(_, value)| value)));
            }
        }
    }
}
