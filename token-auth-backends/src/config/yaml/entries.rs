use std::collections::{HashMap, HashSet};
use std::rc::Rc;

use super::{Key, Node, Problem, Value};

type Entries = Vec<(Key, Rc<Node>)>;

/// Keeps the first of each key, and complains of the others.
pub(super) fn drop_duplicates(entries: &mut Entries, problems: &mut Vec<Problem>) {
    let mut first_places = HashMap::new();
    entries.retain(|(key, _)| {
        let first = *first_places.entry(key.text.clone()).or_insert(key.position);
        if first == key.position {
            return true;
        }
        let message = format!("the key {:?} is already on line {}: remove one", key.text, first.line);
        problems.push(Problem::new(key.position, message));
        false
    });
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
