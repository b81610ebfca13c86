//! The names of objects. Below the prefix:
//!
//! | name | holds |
//! |---|---|
//! | `layout` | which layout this is |
//! | `tokens/ID` | a record, as it was inserted |
//! | `uses/ID` | the last use that was noted since |
//! | `accounts/DIGEST/ID.KIND` | nothing: an account's tokens are found by these names |
//! | `ends/SECOND/ID` | the name of the entry above; what may have ended is found by these names |
//! | `blobs/DIGEST` | a blob, behind a random word |

use object_store::path::Path;
use token_auth_core::{BlobKey, TokenId, TokenKind, TokenRecord, unix_seconds};

use crate::token_store::digests::{account_digest, blob_digest};

/// The latest second that a name can hold.
const LAST_SECOND: u64 = 999_999_999_999;

pub(super) struct Layout(pub(super) Path);

impl Layout {
    fn under(&self, name: &str) -> Path {
        name.split('/').fold(self.0.clone(), |path, part| path.join(part))
    }

    pub(super) fn marker(&self) -> Path {
        self.under("layout")
    }

    pub(super) fn tokens(&self) -> Path {
        self.under("tokens")
    }

    pub(super) fn token(&self, id: &TokenId) -> Path {
        self.under(&format!("tokens/{id}"))
    }

    pub(super) fn last_use(&self, id: &TokenId) -> Path {
        self.under(&format!("uses/{id}"))
    }

    pub(super) fn account(&self, account: &str) -> Path {
        self.under(&format!("accounts/{}", account_digest(account)))
    }

    pub(super) fn entry(&self, record: &TokenRecord) -> Path {
        self.account(&record.account).join(format!("{}.{}", record.id, record.kind))
    }

    pub(super) fn ends(&self) -> Path {
        self.under("ends")
    }

    /// Where a record is looked for when it may have ended; nothing for one without an end.
    pub(super) fn end(&self, record: &TokenRecord) -> Option<Path> {
        let second = unix_seconds(record.end()?).min(LAST_SECOND);
        Some(self.under(&format!("ends/{second:012}/{}", record.id)))
    }

    pub(super) fn blob(&self, key: &BlobKey) -> Path {
        self.under(&format!("blobs/{}", blob_digest(key)))
    }
}

/// The token that an object is about, if its name is one of ours.
pub(super) fn id(path: &Path) -> Option<TokenId> {
    path.filename()?.parse().ok()
}

/// The same, of an account's entry.
pub(super) fn entry(path: &Path) -> Option<(TokenId, TokenKind)> {
    let (id, kind) = path.filename()?.split_once('.')?;
    Some((id.parse().ok()?, kind.parse().ok()?))
}

/// The second at which a token may have ended.
pub(super) fn second(path: &Path) -> Option<u64> {
    path.parts().rev().nth(1)?.as_ref().parse().ok()
}
