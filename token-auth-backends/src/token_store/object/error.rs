//! Why a store cannot be made, and what goes wrong within it.

use std::time::Duration;

use token_auth_core::with_causes;

use crate::token_store::coded::Unreadable;

/// What the log calls the store.
pub(super) const NAME: &str = "token store (object storage)";

/// Options that no store can be made of.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ObjectStoreError {
    /// A prefix that no name can begin with.
    #[error("the prefix must be names separated by `/`, without an empty one, `.` or `..`")]
    Prefix,
}

/// What goes wrong within an operation.
#[derive(Debug, thiserror::Error)]
pub(super) enum Fault {
    #[error("{0}")]
    Storage(String),
    #[error("no answer within {0:?}")]
    TimedOut(Duration),
    #[error(transparent)]
    Unreadable(#[from] Unreadable),
    #[error("an object of {0} bytes is too large to be one of ours")]
    TooLarge(u64),
    #[error("there is a record of this id already")]
    Present,
    #[error("not a cursor of this store")]
    Cursor,
    #[error("it does not list objects in the order of their names")]
    Order,
    #[error("it writes where a condition forbids it (If-None-Match, If-Match): replicas could not share it")]
    Unconditional,
    #[error("what is there was written by another version of this program")]
    Layout,
    #[error("a blob lacks its beginning")]
    Blob,
    #[error("the system has no randomness")]
    NoRandomness,
}

impl From<object_store::Error> for Fault {
    /// In words: these errors repeat what they were caused by.
    fn from(error: object_store::Error) -> Self {
        Self::Storage(with_causes(&error))
    }
}
