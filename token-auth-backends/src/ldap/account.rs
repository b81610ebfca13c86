//! What an account is called, and whose entry a name finds.

use super::entry::DirectoryEntry;
use super::{AccountName, UserSearch, dn, name};

/// The attribute that an account is called by: the one that is named, or else the first in which the filter looks for it.
pub(super) fn attribute<'a>(name: &'a AccountName, search: &'a UserSearch) -> Option<&'a str> {
    match &name.attribute {
        Some(attribute) => Some(attribute),
        None => search.filter.account_attributes().into_iter().next(),
    }
}

/// What the account of an entry is called, given what its user logged in with.
///
/// # Errors
///
/// When the entry does not tell: no name, or several.
pub(super) fn canonical(
    entry: &DirectoryEntry,
    typed: &str,
    search: &UserSearch,
    name: &AccountName,
) -> Result<String, String> {
    let Some(attribute) = attribute(name, search) else {
        return Err(format!(
            "the filter {} does not tell what an account is called: name an attribute",
            search.filter
        ));
    };
    let found = match name.attribute {
        Some(_) => of_attribute(entry, attribute),
        None => as_found(entry, attribute, typed),
    }?;
    Ok(if name.lower_case { found.to_lowercase() } else { found })
}

/// Of the entries that a name found, the one whose it is: the only one, or else the only one that is called so.
pub(super) fn choose(
    mut entries: Vec<DirectoryEntry>,
    typed: &str,
    search: &UserSearch,
    name: &AccountName,
) -> Result<Option<DirectoryEntry>, Several> {
    if entries.len() > 1 {
        let is_called_so = |entry: &DirectoryEntry| {
            canonical(entry, typed, search, name)
                .is_ok_and(|account| name::fold(&account) == name::fold(typed))
        };
        entries.retain(is_called_so);
    } else {
        entries.retain(|entry| answers_to(entry, typed, search));
        return Ok(entries.pop());
    }
    match (entries.pop(), entries.is_empty()) {
        (Some(entry), true) => Ok(Some(entry)),
        _ => Err(Several),
    }
}

/// Several entries have a name, and it is the account of none of them, or of several.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Several;

/// Whether an entry has the name that it was found by, as far as its values can be seen. Where the directory takes other texts for
/// equal than we do, such as those without accents, one account would have names without number: for the limit of guesses and
/// for whatever else is kept by name.
fn answers_to(entry: &DirectoryEntry, typed: &str, search: &UserSearch) -> bool {
    let attributes = search.filter.account_attributes();
    if attributes.is_empty() || !search.filter.has_account_in_equalities_alone() {
        return true;
    }
    let typed = name::fold(typed);
    let mut unseen = false;
    for attribute in attributes {
        match entry.texts(attribute) {
            Ok(values) if values.iter().any(|value| name::fold(value) == typed) => return true,
            Ok(values) => unseen |= values.is_empty(),
            Err(_) => unseen = true,
        }
    }
    unseen
}

/// The only value; of several the one that is part of the entry's name, since that is a single one, too.
fn of_attribute(entry: &DirectoryEntry, attribute: &str) -> Result<String, String> {
    let values = entry.texts(attribute).map_err(|error| error.to_string())?;
    let found = match values.as_slice() {
        [] => return Err(format!("{:?} has no readable value of {attribute:?} to be called by", entry.dn)),
        [one] => Some((*one).to_owned()),
        _ => in_dn(entry, attribute),
    };
    let found = found.filter(|name| !name.trim().is_empty());
    found.ok_or_else(|| {
        format!("{:?} has several values of {attribute:?}: name another attribute to be called by", entry.dn)
    })
}

/// The value that the entry's own name has for an attribute.
fn in_dn(entry: &DirectoryEntry, attribute: &str) -> Option<String> {
    let first = dn::parse(&entry.dn)?.into_iter().next()?;
    first.into_iter().find(|(name, _)| name.eq_ignore_ascii_case(attribute)).map(|(_, value)| value)
}

/// The value in the entry's name, of several values; or else the one that is what was typed; or else the only one. A user who may
/// add a value gains no other account by it where the name has one.
fn as_found(entry: &DirectoryEntry, attribute: &str, typed: &str) -> Result<String, String> {
    let values = entry.texts(attribute).map_err(|error| error.to_string())?;
    if let (true, Some(value)) = (values.len() > 1, in_dn(entry, attribute)) {
        return Ok(value);
    }
    match values.into_iter().find(|value| name::fold(value) == name::fold(typed)) {
        Some(value) => Ok(value.to_owned()),
        None => of_attribute(entry, attribute),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const EITHER: &str = "(|(uid=${account})(mail=${account}))";

    fn search(filter: &str) -> UserSearch {
        UserSearch::new("dc=x", filter.parse().unwrap())
    }

    fn named(attribute: &str) -> AccountName {
        AccountName { attribute: Some(attribute.to_owned()), lower_case: false }
    }

    fn as_it_is() -> AccountName {
        AccountName { attribute: None, lower_case: false }
    }

    #[test]
    fn is_called_as_the_directory_has_it() {
        let entry = DirectoryEntry::of(
            "uid=Alice,dc=x",
            &[("uid", &["asmith", "Alice"]), ("mail", &["A@x", "b@x"]), ("employeeNumber", &["7"])],
        );
        for (name, typed, filter, account, expected) in [
            ("another case", "ALICE", "(uid=${account})", as_it_is(), Ok("Alice")),
            ("another value", "asmith", "(uid=${account})", as_it_is(), Ok("Alice")),
            ("the first attribute", "a@X", EITHER, as_it_is(), Ok("Alice")),
            ("letters of another width", "ａｌｉｃｅ", "(uid=${account})", as_it_is(), Ok("Alice")),
            ("the value that was typed", "B@X", "(mail=${account})", as_it_is(), Ok("b@x")),
            ("none of the values", "c@x", "(mail=${account})", as_it_is(), Err("several")),
            ("unreadable", "7", "(cn=${account})", as_it_is(), Err("no readable value")),
            ("not told", "x", "(cn=*${account})", as_it_is(), Err("does not tell")),
            ("given", "a@x", EITHER, named("employeeNumber"), Ok("7")),
            ("given, in the name", "a@x", EITHER, named("UID"), Ok("Alice")),
            ("given, several", "alice", EITHER, named("mail"), Err("several")),
            ("given, missing", "alice", EITHER, named("cn"), Err("no readable value")),
            ("in lower case", "ALICE", EITHER, AccountName::default(), Ok("alice")),
        ] {
            match (canonical(&entry, typed, &search(filter), &account), expected) {
                (Ok(found), Ok(expected)) => assert_eq!(found, expected, "{name}"),
                (Err(error), Err(expected)) => assert!(error.contains(expected), "{name}: {error}"),
                other => panic!("{name}: {other:?}"),
            }
        }
    }

    #[test]
    fn of_several_entries_the_one_that_is_called_so_counts() {
        let alice =
            || DirectoryEntry::of("uid=alice,dc=x", &[("uid", &["alice"]), ("mail", &["a@x", "shared@x"])]);
        let bob = || {
            DirectoryEntry::of(
                "uid=Bob,dc=x",
                &[("uid", &["Bob", "alice"]), ("mail", &["Alice", "shared@x"])],
            )
        };
        let other = || DirectoryEntry::of("uid=alice,ou=other,dc=x", &[("uid", &["alice"])]);
        for (name, entries, typed, expected) in [
            ("hers", vec![bob(), alice()], "ALICE", Ok(Some(alice()))),
            ("his", vec![bob(), alice()], "bob", Ok(Some(bob()))),
            ("shared by both", vec![bob(), alice()], "shared@x", Err(Several)),
            ("two of one name", vec![alice(), other()], "alice", Err(Several)),
            ("the only one", vec![alice()], "Shared@x", Ok(Some(alice()))),
            ("another rule than ours", vec![alice()], "álice", Ok(None)),
            ("nobody", vec![], "alice", Ok(None)),
        ] {
            for account in [as_it_is(), named("uid"), AccountName::default()] {
                assert_eq!(choose(entries.clone(), typed, &search(EITHER), &account), expected, "{name}");
            }
        }
        let unseen = DirectoryEntry::of("uid=alice,dc=x", &[("uid", &["alice"])]);
        for (filter, expected) in [(EITHER, true), ("(uid=${account})", false), ("(cn=${account}*)", true)] {
            let found = choose(vec![unseen.clone()], "al@x", &search(filter), &named("uid"));
            assert_eq!(found.is_ok_and(|found| found.is_some()), expected, "{filter}");
        }
    }
}
