//! Who has which role, through how many others.

use std::collections::{HashMap, HashSet};

/// How many steps lead from somebody to a role, at most: as in Go.
const LEVELS: usize = 10;

/// Roles in their domains; where there are no domains, all are in one without a name.
#[derive(Default)]
pub(super) struct Roles(HashMap<String, HashMap<String, Vec<String>>>);

impl Roles {
    pub(super) fn add(&mut self, who: String, role: String, domain: String) {
        self.0.entry(domain).or_default().entry(who).or_default().push(role);
    }

    /// All roles of somebody.
    pub(super) fn of<'a>(&'a self, who: &'a str, domain: &str) -> HashSet<&'a str> {
        let mut found = HashSet::new();
        let Some(direct) = self.0.get(domain) else { return found };
        let mut here = vec![who];
        for _ in 0..LEVELS {
            let beyond = here.iter().filter_map(|name| direct.get(*name)).flatten().map(String::as_str);
            here = beyond.filter(|role| found.insert(*role)).collect();
        }
        found
    }
}
