//! Compiled regular expressions whose placeholders were filled in, kept within a budget of memory.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use super::{GoRegex, GoRegexError, GoRegexLimits};

/// A regular expression, or why it is none.
pub(super) type Compiled = Result<Arc<GoRegex>, GoRegexError>;

/// Compiled regular expressions, so that a placeholder that is filled in as before costs no compilation.
///
/// Two generations, each at most half of the budget: what is used moves into the young one, and when that is full, the old
/// one is dropped as a whole. Nothing is compiled while the lock is held.
///
/// What is kept here is asked through [`GoRegex::is_match_once`], so that it stays as large as it says.
#[derive(Debug)]
pub(super) struct RegexCache {
    budget: usize,
    generations: Mutex<Generations>,
}

#[derive(Debug, Default)]
struct Generations {
    young: HashMap<Box<str>, Compiled>,
    old: HashMap<Box<str>, Compiled>,
    /// Bytes in the young one.
    weight: usize,
}

impl RegexCache {
    pub(super) fn new(budget: usize) -> Self {
        Self { budget, generations: Mutex::default() }
    }

    pub(super) fn get(&self, expression: &str, limits: GoRegexLimits) -> Compiled {
        if let Some(compiled) = self.lock().get(expression, self.budget) {
            return compiled;
        }
        let compiled = GoRegex::without_memory(expression, limits).map(Arc::new);
        self.lock().insert(expression.into(), compiled.clone(), self.budget);
        compiled
    }

    fn lock(&self) -> MutexGuard<'_, Generations> {
        self.generations.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Generations {
    fn get(&mut self, expression: &str, budget: usize) -> Option<Compiled> {
        if let Some(compiled) = self.young.get(expression) {
            return Some(compiled.clone());
        }
        let (expression, compiled) = self.old.remove_entry(expression)?;
        self.insert(expression, compiled.clone(), budget);
        Some(compiled)
    }

    fn insert(&mut self, expression: Box<str>, compiled: Compiled, budget: usize) {
        /// What an entry takes besides what it says of itself: an allocation test holds it.
        const OVERHEAD: usize = 4096;
        let memory = compiled.as_ref().map_or(0, |regex| regex.memory());
        // An expression tells a fifth less than it holds, where other crates of the build ask for more of its engines.
        let memory = memory.saturating_add(memory / 4);
        let weight = memory.saturating_add(expression.len()).saturating_add(OVERHEAD);
        if weight > budget / 2 {
            return;
        }
        if self.weight.saturating_add(weight) > budget / 2 {
            self.old = std::mem::take(&mut self.young);
            self.weight = 0;
        }
        self.weight += weight;
        self.young.insert(expression, compiled);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn kept(cache: &RegexCache) -> usize {
        let generations = cache.lock();
        generations.young.len() + generations.old.len()
    }

    #[test]
    fn stays_within_its_budget_and_keeps_what_is_used() {
        let cache = RegexCache::new(64 << 10);
        let used = cache.get("^used$", GoRegexLimits::default()).unwrap();
        for at in 0..1000 {
            assert!(
                cache.get(&format!("^x{at}$"), GoRegexLimits::default()).unwrap().is_match(&format!("x{at}"))
            );
            assert!(Arc::ptr_eq(&used, &cache.get("^used$", GoRegexLimits::default()).unwrap()));
            assert!(kept(&cache) <= 64);
        }
    }

    #[test]
    fn without_a_budget_keeps_nothing() {
        let cache = RegexCache::new(0);
        assert!(cache.get("a", GoRegexLimits::default()).is_ok());
        assert!(cache.get("(", GoRegexLimits::default()).is_err());
        assert_eq!(kept(&cache), 0);
    }
}
