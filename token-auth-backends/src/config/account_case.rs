//! The case in which a directory's accounts are named, and rules that name them otherwise than logins do.
//!
//! docker_auth holds the name that the client typed against the rules; ours is the one that the directory has, so that a rule which
//! denies something to `alice` cannot be evaded by typing `Alice`. A rule that is written in another case than that name would
//! lapse without a word.

use std::borrow::Cow;

use super::field::Field;

/// How the accounts of the first source without an `account_prefix` are named that takes several names for one: what its block
/// leaves among the [`Parts`](super::Parts).
#[derive(Clone, Copy, Debug)]
#[expect(clippy::exhaustive_structs, reason = "blocks of embedders make it")]
pub struct AccountCase {
    /// They are in lower case, whatever the source has and the client types.
    pub is_lower: bool,
}

impl AccountCase {
    /// What the account of someone who logs in with this name is called, as far as that is known without asking.
    pub(super) fn account_of<'a>(self, name: &'a str) -> Cow<'a, str> {
        match self.is_lower && name.chars().any(char::is_uppercase) {
            true => name.to_lowercase().into(),
            false => name.into(),
        }
    }

    /// Warns of every account under `acl` that no account of the source can be called. `is_user` tells names of other sources.
    pub(super) fn examine(self, acl: &Field<'_>, is_user: impl Fn(&str) -> bool) {
        for rule in acl.elements() {
            let Some(account) = rule.child("match").and_then(|conditions| conditions.child("account")) else {
                continue;
            };
            let Some(text) = account.scalar_text().filter(|text| !is_user(text)) else { continue };
            let letters = literals(text);
            let has_capitals = letters.chars().any(|letter| letter.to_lowercase().ne([letter]));
            match self.is_lower {
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
