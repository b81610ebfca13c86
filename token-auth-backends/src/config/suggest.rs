//! What someone may have meant by a key that is not known.

use super::block::Block;
use super::kind::{Key, Kind};
use super::section::Section;

/// A hint for a key that is unknown in this section.
pub(super) fn hint(name: &str, section: &Section<'_>) -> Option<String> {
    let known = section.known();
    former(name, known)
        .or_else(|| before_colon(name, known).map(|key| format!("write a blank after the colon of `{key}:`")))
        .or_else(|| indented_too_little(name, section))
        .or_else(|| nearest(name, known).map(|nearest| format!("did you mean `{nearest}`?")))
        .or_else(|| belongs_under(&below(name, if section.is_root() { &[] } else { known })))
        .or_else(|| belongs_under(&elsewhere(name, section)))
}

/// The key that is meant by `account:"admin"`, in which a blank is missing.
pub(super) fn before_colon<'n>(name: &'n str, known: &[&'static Key]) -> Option<&'n str> {
    let (before, _) = name.split_once(':')?;
    known.iter().any(|key| key.name == before).then_some(before)
}

fn former(name: &str, known: &[&'static Key]) -> Option<String> {
    known.iter().find_map(|key| match key.kind {
        Kind::Instead(instead) if key.name == name => Some(instead.to_owned()),
        _ => None,
    })
}

/// `ldap_auth:` without a value, and then `addr:` in the same column.
fn indented_too_little(name: &str, section: &Section<'_>) -> Option<String> {
    let position = section.entries().iter().position(|(key, _)| *key == name)?;
    let before = section.entries().get(..position)?;
    let (empty, _) = before.iter().rev().find(|(_, field)| field.is_null())?;
    let block = section.known().iter().find(|key| key.name == *empty)?;
    if !block.kind.one().keys().any(|key| key.name == name) {
        return None;
    }
    let others = elsewhere(name, section);
    let others: Vec<_> = others.iter().filter(|other| *other != empty).map(|other| quoted(other)).collect();
    Some(match others.as_slice() {
        [] => format!("it belongs under `{empty}` above: indent it"),
        others => format!("it belongs under `{empty}` above, indented, or under {}", others.join(" or ")),
    })
}

/// A known key that differs by a slip of the fingers, or that the name begins.
fn nearest(name: &str, known: &[&'static Key]) -> Option<&'static str> {
    let keys = || known.iter().filter(|key| !matches!(key.kind, Kind::Instead(_))).map(|key| key.name);
    let name = name.to_lowercase();
    // No guess where it would be no better than chance.
    let allowed = name.chars().count() / 3;
    let distance = |key: &&'static str| strsim::osa_distance(&name, key);
    let close = keys().filter(|key| distance(key) <= allowed.min(2)).min_by_key(distance);
    close.or_else(|| {
        let mut longer = keys().filter(|key| name.len() >= 3 && key.starts_with(&name));
        longer.next().filter(|_| longer.next().is_none())
    })
}

/// The known keys beneath which there is one of this name.
fn below(name: &str, known: &[&'static Key]) -> Vec<&'static str> {
    let holds = |key: &&&'static Key| key.kind.one().keys().any(|inner| inner.name == name);
    known.iter().filter(holds).map(|key| key.name).collect()
}

/// The blocks that have a key of this name; the blocks of every configuration alone, if one of them has.
fn elsewhere(name: &str, section: &Section<'_>) -> Vec<&'static str> {
    let blocks = section.field().reader().blocks();
    let keys: Vec<&'static Key> = blocks.iter().map(|block: &&'static Block| &block.key).collect();
    let found = below(name, &keys);
    let own = section.field().path().split(['.', '[']).next();
    if found.iter().any(|home| own == Some(home)) {
        return Vec::new();
    }
    let found = found.into_iter();
    let (always, others): (Vec<_>, Vec<_>) =
        found.partition(|home| keys.iter().any(|key| key.name == *home && key.is_required));
    if always.is_empty() && section.is_root() { others } else { always }
}

fn belongs_under(homes: &[&str]) -> Option<String> {
    match homes {
        [] => None,
        homes if homes.len() > 3 => None,
        homes => {
            let homes: Vec<_> = homes.iter().map(|home| quoted(home)).collect();
            Some(format!("it belongs under {}", homes.join(" or ")))
        }
    }
}

fn quoted(key: &str) -> String {
    format!("`{key}`")
}
