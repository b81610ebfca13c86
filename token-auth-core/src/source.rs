//! Which source of identities vouched for someone, and which of several has an account name.

use std::convert::Infallible;
use std::fmt;
use std::ops::Deref;
use std::sync::Arc;

use serde::{Deserialize, Serialize};

/// The name of a source of identities: given where the source is put into a chain, unique in the whole chain, and kept in the
/// records of tokens, whose accounts are asked about at that source and no other. Also what the log calls it.
///
/// Give it once, and keep it: under another id a source does not know the tokens that were made for its accounts.
///
/// ```
/// use token_auth_core::SourceId;
///
/// let id: SourceId = "ldap".try_into()?;
/// assert_eq!(id.as_str(), "ldap");
/// assert!(SourceId::try_from("").is_err());
/// # Ok::<(), token_auth_core::SourceError>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(into = "String", try_from = "String")]
pub struct SourceId(Arc<str>);

impl SourceId {
    /// How long an id may be, in bytes: 1024.
    pub const MOST_BYTES: usize = 1024;

    /// The id as a text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl TryFrom<&str> for SourceId {
    type Error = SourceError;

    fn try_from(text: &str) -> Result<Self, SourceError> {
        match (1..=Self::MOST_BYTES).contains(&text.len()) && !text.chars().any(char::is_control) {
            true => Ok(Self(text.into())),
            false => Err(SourceError::MalformedId),
        }
    }
}

impl TryFrom<String> for SourceId {
    type Error = SourceError;

    fn try_from(text: String) -> Result<Self, SourceError> {
        text.as_str().try_into()
    }
}

impl From<SourceId> for String {
    fn from(id: SourceId) -> Self {
        id.0.as_ref().to_owned()
    }
}

impl Deref for SourceId {
    type Target = str;

    fn deref(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for SourceId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// Why a source is not put into a chain.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum SourceError {
    /// The id is empty, too long, or has control characters in it.
    #[error("the id of a source is 1 to 1024 bytes, none of them a control character")]
    MalformedId,
    /// There is a source of this id in the chain, or in one within it.
    #[error("two sources have the id {0:?}: give each one of its own")]
    DuplicateId(SourceId),
}

impl From<Infallible> for SourceError {
    fn from(never: Infallible) -> Self {
        match never {}
    }
}

/// What the right of a source to an account name rests on. Of two sources with an account of one name the higher one has it, and
/// of equals the first in the chain; what the other one accepts under that name is refused.
///
/// Exhaustive on purpose: a new one has to be thought about wherever one is matched.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Precedence {
    /// On nothing: the name is made of what others say (the claims of a build job), or this source has no such account.
    /// Every source that owns the name comes first, wherever it stands.
    None,
    /// On the place in the chain: the name is the first source's that [owns](crate::Authenticator::owns) it.
    Place,
    /// On a prefix of this many bytes, which the names of all accounts of the source have. Every name that begins so is the
    /// source's, whether there is such an account or not; the longest prefix counts.
    Prefix(usize),
    /// On the administrator's word: the name stands in a table of users.
    Listed,
}

impl Precedence {
    /// That of a source whose accounts have this prefix; the empty one is none.
    pub fn by_prefix(prefix: &str, account: &str) -> Self {
        match prefix {
            "" => Self::Place,
            prefix if account.starts_with(prefix) => Self::Prefix(prefix.len()),
            _ => Self::None,
        }
    }

    /// Whether a name is kept for a source of this precedence from those below, without asking for the account.
    pub(crate) fn is_reserved_from(self, other: Self) -> bool {
        match self {
            Self::None | Self::Place => false,
            Self::Prefix(_) => self > other,
            Self::Listed => true,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_are_read_back_as_they_are_written() {
        for id in ["ldap", "workload github", "my_crate::Users<dyn Send>", "\u{2713}"] {
            let id = SourceId::try_from(id).unwrap();
            let json = serde_json::to_string(&id).unwrap();
            assert_eq!(serde_json::from_str::<SourceId>(&json).unwrap(), id, "{json}");
        }
        for wrong in ["", "a\nb", "\u{7f}", &"x".repeat(1025)] {
            assert_eq!(SourceId::try_from(wrong), Err(SourceError::MalformedId), "{wrong:?}");
        }
    }

    #[test]
    fn the_longest_prefix_comes_first_and_a_table_before_all() {
        let by = |prefix| Precedence::by_prefix(prefix, "gh/x/bob");
        let order = [Precedence::None, by(""), by("gh/"), by("gh/x/"), Precedence::Listed];
        assert!(order.is_sorted_by(|a, b| a < b), "{order:?}");
        assert_eq!(by("gl/"), Precedence::None);
    }
}
