//! The names of keys, and the entries of the index.

use token_auth_core::{BlobKey, TokenId, TokenKind, TokenRecord};

use crate::token_store::coded::blob_name;

use super::error::Fault;

/// The characters that ids begin with, in the order of bytes.
const FIRST: &[u8] = b"0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";

/// What the names of all keys begin with. What varies is at the end of each, so that no two things have one name.
pub(super) struct Keys(pub(super) String);

impl Keys {
    /// A record: a hash.
    pub(super) fn record(&self, id: &TokenId) -> Vec<u8> {
        self.key("token:", id.as_str())
    }

    /// The tokens of an account: a sorted set of entries, all of one score.
    pub(super) fn account(&self, account: &str) -> Vec<u8> {
        self.key("account:", account)
    }

    /// All tokens whose ids begin with this character: a sorted set of entries. Several, since a key is on one node.
    fn all(&self, first: u8) -> Vec<u8> {
        self.key("all:", &char::from(first).to_string())
    }

    /// The set of all tokens in which this one is.
    pub(super) fn all_with(&self, id: &TokenId) -> Vec<u8> {
        self.all(id.as_str().bytes().next().unwrap_or_default())
    }

    /// The sets of all tokens, in the order of ids; from the one on in which this id is.
    pub(super) fn all_from(&self, after: Option<&TokenId>) -> Vec<Vec<u8>> {
        let first = after.and_then(|id| id.as_str().bytes().next()).unwrap_or_default();
        FIRST.iter().filter(|byte| **byte >= first).map(|byte| self.all(*byte)).collect()
    }

    /// A blob: a hash.
    pub(super) fn blob(&self, key: &BlobKey) -> Vec<u8> {
        self.key("blob:", &blob_name(key))
    }

    fn key(&self, kind: &str, name: &str) -> Vec<u8> {
        [&self.0, kind, name].concat().into_bytes()
    }
}

/// What the index holds of a token: id, kind and account, in the order of ids.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct IndexEntry {
    pub(super) id: TokenId,
    pub(super) kind: TokenKind,
    pub(super) account: String,
}

impl IndexEntry {
    pub(super) fn of(record: &TokenRecord) -> Self {
        Self { id: record.id.clone(), kind: record.kind, account: record.account.clone() }
    }

    pub(super) fn parse(bytes: &[u8]) -> Result<Self, Fault> {
        let text = std::str::from_utf8(bytes).map_err(|_| Fault::Index)?;
        let (id, rest) = text.split_at_checked(TokenId::LENGTH).ok_or(Fault::Index)?;
        let (kind, account) = rest.split_once(':').ok_or(Fault::Index)?;
        Ok(Self {
            id: id.parse().map_err(|_| Fault::Index)?,
            kind: kind.parse().map_err(|_| Fault::Index)?,
            account: account.to_owned(),
        })
    }

    pub(super) fn bytes(&self) -> Vec<u8> {
        format!("{}{}:{}", self.id, self.kind, self.account).into_bytes()
    }
}

/// Before all entries.
pub(super) const BEGIN: &[u8] = b"-";

/// Behind all entries of an id, as the bound of a range: no text has this byte.
pub(super) fn behind(id: &TokenId) -> Vec<u8> {
    [b"(", id.as_str().as_bytes(), b"\xff"].concat()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn entries_are_read_back() {
        for account in ["alice", "", "a:b", "\0\u{fffd}"] {
            let id = "0123456789abcdef".parse().unwrap();
            let entry = IndexEntry { id, kind: TokenKind::Personal, account: account.to_owned() };
            assert_eq!(IndexEntry::parse(&entry.bytes()).unwrap(), entry);
        }
        for bad in ["", "0123456789abcdef", "0123456789abcdefrefresh", "0123456789abcdefx:y", "\u{1f511}"] {
            assert!(IndexEntry::parse(bad.as_bytes()).is_err(), "{bad}");
        }
    }

    #[test]
    fn no_two_blobs_have_one_name() {
        let keys = Keys("p:".to_owned());
        let names = [("a", "b"), ("ab", ""), ("1:a", "b"), ("a", "1:b"), ("a/b", "c"), ("a", "/bc")];
        let names = names.map(|(source, account)| {
            let (source, account) = (source.try_into().unwrap(), account.to_owned());
            keys.blob(&BlobKey::Grant { source, account })
        });
        for (at, name) in names.iter().enumerate() {
            assert!(!names[at + 1..].contains(name), "{}", String::from_utf8_lossy(name));
        }
    }
}
