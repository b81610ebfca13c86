use super::entry::Entry;
use super::{AccountName, UserSearch};

/// What the account of an entry is called, given what its user logged in with.
///
/// # Errors
///
/// When the entry does not tell: no name, or several.
pub(super) fn canonical(
    entry: &Entry,
    typed: &str,
    search: &UserSearch,
    name: &AccountName,
) -> Result<String, String> {
    let found = match &name.attribute {
        Some(attribute) => of_attribute(entry, attribute),
        None => as_found(entry, typed, search),
    }?;
    Ok(if name.lower_case { found.to_lowercase() } else { found })
}

/// The only value; of several the one that is part of the entry's name, since that is a single one, too.
fn of_attribute(entry: &Entry, attribute: &str) -> Result<String, String> {
    let values = entry.texts(attribute).map_err(|error| error.to_string())?;
    let in_dn = || {
        let first = super::dn::parse(&entry.dn)?.into_iter().next()?;
        first.into_iter().find(|(name, _)| name.eq_ignore_ascii_case(attribute)).map(|(_, value)| value)
    };
    let found = match values.as_slice() {
        [] => return Err(format!("{:?} has no readable value of {attribute:?} to be called by", entry.dn)),
        [one] => Some((*one).to_owned()),
        _ => in_dn(),
    };
    let found = found.filter(|name| !name.trim().is_empty());
    found.ok_or_else(|| {
        format!("{:?} has several values of {attribute:?}: name another attribute to be called by", entry.dn)
    })
}

/// The value that the directory found to be equal to what was typed.
fn as_found(entry: &Entry, typed: &str, search: &UserSearch) -> Result<String, String> {
    let attributes = search.filter.account_attributes();
    for attribute in &attributes {
        let values = entry.texts(attribute).map_err(|error| error.to_string())?;
        if let Some(value) = values.into_iter().find(|value| folded(value) == folded(typed)) {
            return Ok(value.to_owned());
        }
    }
    match attributes.first() {
        // Equal by a rule that only the directory knows, such as one for letters of other widths.
        Some(attribute) => of_attribute(entry, attribute),
        None => Err(format!(
            "the filter {} does not tell what an account is called: name an attribute",
            search.filter
        )),
    }
}

/// What the usual matching rules make of a text: case and spaces do not count.
fn folded(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ").to_lowercase()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn is_called_as_the_directory_has_it() {
        let attribute = |name: &str| AccountName { attribute: Some(name.to_owned()), lower_case: false };
        let either = "(|(uid=${account})(mail=${account}))";
        let entry = Entry::of(
            "uid=Alice,dc=x",
            &[("uid", &["asmith", "Alice"]), ("mail", &["A@x", "b@x"]), ("employeeNumber", &["7"])],
        );
        for (name, typed, filter, account, expected) in [
            ("another case", "ALICE", "(uid=${account})", AccountName::default(), Ok("Alice")),
            ("spaces", " alice ", "(uid=${account})", AccountName::default(), Ok("Alice")),
            ("the other attribute", "a@X", either, AccountName::default(), Ok("A@x")),
            ("another rule", "ａｌｉｃｅ", "(uid=${account})", AccountName::default(), Ok("Alice")),
            (
                "another rule, no single value",
                "ａ@x",
                "(mail=${account})",
                AccountName::default(),
                Err("several"),
            ),
            ("unreadable", "7", "(cn=${account})", AccountName::default(), Err("no readable value")),
            ("not told", "x", "(cn=*${account})", AccountName::default(), Err("does not tell")),
            ("given", "a@x", either, attribute("employeeNumber"), Ok("7")),
            ("given, in the name", "a@x", either, attribute("UID"), Ok("Alice")),
            ("given, several", "alice", either, attribute("mail"), Err("several")),
            ("given, missing", "alice", either, attribute("cn"), Err("no readable value")),
        ] {
            let search = UserSearch::new("dc=x", filter.parse().unwrap());
            match (canonical(&entry, typed, &search, &account), expected) {
                (Ok(found), Ok(expected)) => assert_eq!(found, expected, "{name}"),
                (Err(error), Err(expected)) => assert!(error.contains(expected), "{name}: {error}"),
                other => panic!("{name}: {other:?}"),
            }
        }
        let lower = AccountName { attribute: None, lower_case: true };
        let search = UserSearch::new("dc=x", "(uid=${account})".parse().unwrap());
        assert_eq!(canonical(&entry, "ALICE", &search, &lower).as_deref(), Ok("alice"));
    }
}
