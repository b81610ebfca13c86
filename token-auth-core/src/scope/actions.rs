//! A set of actions.

use std::fmt;

use serde::de::{Deserialize, Deserializer, SeqAccess, Visitor};
use serde::ser::{Serialize, SerializeSeq, Serializer};

/// The actions every registry knows, in their sorted order; each is one bit, so that the usual set needs no memory.
const KNOWN: [&str; 4] = ["*", "delete", "pull", "push"];

/// A set of actions, iterated in the order of their bytes.
///
/// Actions are opaque: compared byte for byte here, by the registry, and by every ACL rule. `*` is an action like any
/// other in a request (`registry:catalog:*`); that a *rule* with exactly `["*"]` grants everything is the ACL's affair.
///
/// ```
/// use token_auth_core::ActionSet;
///
/// let asked: ActionSet = ["push", "pull"].into_iter().collect();
/// let allowed: ActionSet = ["pull", "mount"].into_iter().collect();
/// assert_eq!(asked.intersection(&allowed).to_string(), "pull");
/// assert_eq!(asked.to_string(), "pull,push");
/// ```
#[derive(Clone, Default, PartialEq, Eq, Hash)]
pub struct ActionSet {
    known: u8,
    /// Sorted and unique.
    other: Vec<Box<str>>,
}

impl ActionSet {
    /// No action.
    pub const fn new() -> Self {
        Self { known: 0, other: Vec::new() }
    }

    /// Adds an action; adding it again changes nothing.
    pub fn insert(&mut self, action: &str) {
        match known_bit(action) {
            Some(bit) => self.known |= bit,
            None => {
                if let Err(at) = self.other.binary_search_by(|have| (**have).cmp(action)) {
                    self.other.insert(at, action.into());
                }
            }
        }
    }

    /// Whether the set has this very action.
    pub fn contains(&self, action: &str) -> bool {
        match known_bit(action) {
            Some(bit) => self.known & bit != 0,
            None => self.other.binary_search_by(|have| (**have).cmp(action)).is_ok(),
        }
    }

    /// What both sets have.
    #[must_use]
    pub fn intersection(&self, with: &Self) -> Self {
        let other = self.other.iter().filter(|action| with.contains(action)).cloned().collect();
        Self { known: self.known & with.known, other }
    }

    /// Adds all actions of the other set.
    pub fn extend_from(&mut self, more: &Self) {
        self.known |= more.known;
        for action in &more.other {
            self.insert(action);
        }
    }

    /// The actions, sorted by their bytes.
    pub fn iter(&self) -> impl Iterator<Item = &str> {
        let mut known = KNOWN
            .iter()
            .enumerate()
            .filter(|(at, _)| self.known & (1 << at) != 0)
            .map(|(_, a)| *a)
            .peekable();
        let mut other = self.other.iter().map(|action| &**action).peekable();
        std::iter::from_fn(move || match (known.peek(), other.peek()) {
            (Some(left), Some(right)) if left < right => known.next(),
            (Some(_), None) => known.next(),
            _ => other.next(),
        })
    }

    /// How many actions there are.
    pub fn len(&self) -> usize {
        self.known.count_ones() as usize + self.other.len()
    }

    /// Whether there is no action.
    pub fn is_empty(&self) -> bool {
        self.known == 0 && self.other.is_empty()
    }
}

fn known_bit(action: &str) -> Option<u8> {
    KNOWN.iter().position(|known| *known == action).map(|at| 1 << at)
}

impl<S: AsRef<str>> FromIterator<S> for ActionSet {
    fn from_iter<I: IntoIterator<Item = S>>(actions: I) -> Self {
        let mut set = Self::new();
        for action in actions {
            set.insert(action.as_ref());
        }
        set
    }
}

/// Sorted, separated by commas.
impl fmt::Display for ActionSet {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (at, action) in self.iter().enumerate() {
            if at > 0 {
                f.write_str(",")?;
            }
            f.write_str(action)?;
        }
        Ok(())
    }
}

impl fmt::Debug for ActionSet {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_set().entries(self.iter()).finish()
    }
}

/// A sorted list of strings, as in the `access` claim.
impl Serialize for ActionSet {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut list = serializer.serialize_seq(Some(self.len()))?;
        for action in self.iter() {
            list.serialize_element(action)?;
        }
        list.end()
    }
}

impl<'de> Deserialize<'de> for ActionSet {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Actions;

        impl<'de> Visitor<'de> for Actions {
            type Value = ActionSet;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a list of actions")
            }

            fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<ActionSet, A::Error> {
                let mut set = ActionSet::new();
                while let Some(action) = list.next_element::<std::borrow::Cow<'_, str>>()? {
                    set.insert(&action);
                }
                Ok(set)
            }

            /// Go writes an empty list as `null`.
            fn visit_unit<E>(self) -> Result<ActionSet, E> {
                Ok(ActionSet::new())
            }
        }

        deserializer.deserialize_any(Actions)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn set(actions: &[&str]) -> ActionSet {
        actions.iter().collect()
    }

    #[test]
    fn known_and_other_actions_are_iterated_in_one_order() {
        let actions = ["push", "zeta", "*", "mount", "", "pull", "delete", "PULL", "pull"];
        let mut sorted = actions.to_vec();
        sorted.sort_unstable();
        sorted.dedup();
        assert_eq!(set(&actions).iter().collect::<Vec<_>>(), sorted);
        assert_eq!(set(&actions).len(), sorted.len());
    }

    #[test]
    fn intersection_compares_whole_actions() {
        assert_eq!(
            set(&["pull", "PULL", "mount"]).intersection(&set(&["Pull", "mount", "push"])),
            set(&["mount"])
        );
        assert!(set(&["pull"]).intersection(&set(&["*"])).is_empty());
    }
}
