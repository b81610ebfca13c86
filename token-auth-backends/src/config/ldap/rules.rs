//! Rules that name accounts of a directory otherwise than logins do.
//!
//! docker_auth holds the name that the client typed against the rules; ours is the one that the directory has, so that a rule which
//! denies something to `alice` cannot be evaded by typing `Alice`. A rule that is written in another case than that name would
//! lapse without a word.

use super::super::field::Field;
use crate::ldap::LdapOptions;

/// Warns of every account under `acl` that no account of the directory can be called. `is_user` tells names of other sources.
pub(in crate::config) fn examine(acl: &Field<'_>, directory: &LdapOptions, is_user: impl Fn(&str) -> bool) {
    for rule in acl.elements() {
        let Some(account) = rule.child("match").and_then(|conditions| conditions.child("account")) else {
            continue;
        };
        let Some(text) = account.text().filter(|text| !is_user(text)) else { continue };
        let letters = literals(text);
        let has_capitals = letters.chars().any(|letter| letter.to_lowercase().ne([letter]));
        match directory.account.lower_case {
            true if has_capitals => account.warn(
                "is never the name of the directory's account, which is in lower case: write it so, or set \
                 `ldap_auth.account.lower_case: false`",
            ),
            false if has_capitals || letters.chars().any(char::is_lowercase) => account.warn(
                "is held letter by letter against the name as the directory writes it, and not as the client does: if they \
                 differ in case, the rule does not apply, also where it denies; remove `ldap_auth.account.lower_case: false`",
            ),
            _ => {}
        }
    }
}

/// What of a pattern stands for itself: neither escapes, nor classes, nor places for other texts. Nothing of an expression that
/// says that case does not count.
fn literals(pattern: &str) -> String {
    let mut literals = String::new();
    if pattern.starts_with('/') && pattern.contains("(?i") {
        return literals;
    }
    let mut signs = pattern.chars();
    while let Some(sign) = signs.next() {
        match sign {
            // `\p{Lu}` is an escape, too.
            '\\' if matches!(signs.next(), Some('p' | 'P')) => drop(signs.by_ref().find(|sign| *sign == '}')),
            '\\' => {}
            '[' => drop(signs.by_ref().find(|sign| *sign == ']')),
            '$' if signs.as_str().starts_with('{') => drop(signs.by_ref().find(|sign| *sign == '}')),
            other => literals.push(other),
        }
    }
    literals
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn finds_what_stands_for_itself() {
        for (pattern, expected) in [
            ("alice", "alice"),
            ("Al*", "Al*"),
            ("[A-Z]b", "b"),
            ("${labels:Team}x", "x"),
            ("/^team-\\w+\\S\\p{Lu}$/", "/^team-+$/"),
            ("/^(?i)Alice$/", ""),
            ("/^(?i:Alice)$/", ""),
            ("\\A", ""),
            ("[", ""),
            ("\\", ""),
        ] {
            assert_eq!(literals(pattern), expected, "{pattern}");
        }
    }
}
