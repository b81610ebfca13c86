//! The entries of a mapping: each key once, merge keys applied.

use std::collections::{HashMap, HashSet};
use std::rc::Rc;

use super::{Key, Node, Problem, Value};

type Entries = Vec<(Key, Rc<Node>)>;

/// Keeps the last of each key, which is the one that counts for docker_auth, and complains of the others.
pub(super) fn drop_duplicates(entries: &mut Entries, problems: &mut Vec<Problem>) {
    let mut last_places = HashMap::new();
    for (key, _) in entries.iter() {
        if let Some(before) = last_places.insert(key.text.clone(), key.position) {
            let message = format!("the key {:?} is already on line {}: remove one", key.text, before.line);
            problems.push(Problem::new(key.position, message));
        }
    }
    entries.retain(|(key, _)| last_places.get(&key.text) == Some(&key.position));
}

/// `<<: *base`: what is not said here is as it is there; of several bases the first counts.
pub(super) fn merge(entries: &mut Entries, merged: &[Rc<Node>]) -> Result<(), Problem> {
    if merged.is_empty() {
        return Ok(());
    }
    let mut known: HashSet<String> = entries.iter().map(|(key, _)| key.text.clone()).collect();
    for node in merged {
        let bases = match &node.value {
            Value::Sequence(bases) => bases.as_slice(),
            _ => std::slice::from_ref(node),
        };
        for base in bases {
            let Value::Mapping(inherited) = &base.value else {
                return Err(Problem::new(base.position, "`<<` takes a mapping, or a list of mappings"));
            };
            let new = inherited.iter().filter(|(key, _)| known.insert(key.text.clone()));
            entries.extend(new.map(|(key, node)| (key.clone(), Rc::clone(node))));
        }
    }
    Ok(())
}
