//! Why a store cannot be made, and what goes wrong within it.

use std::io;

use redis::RedisError;

use crate::token_store::coded::Unreadable;

/// What the log calls the store.
pub(super) const NAME: &str = "token store (Redis)";

/// Options that no store can be made of.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum RedisStoreError {
    /// A cluster without a node.
    #[error("a cluster needs the address of at least one node")]
    NoServer,
    /// What Redis does not have.
    #[error("{0}")]
    Impossible(&'static str),
    /// Addresses or certificates that cannot be used.
    #[error("redis: {0}")]
    Client(#[source] Box<dyn std::error::Error + Send + Sync>),
}

impl From<RedisError> for RedisStoreError {
    fn from(error: RedisError) -> Self {
        Self::Client(Box::new(error))
    }
}

/// What goes wrong within an operation.
#[derive(Debug, thiserror::Error)]
pub(super) enum Fault {
    #[error(transparent)]
    Redis(#[from] RedisError),
    #[error("it could not be reached a moment ago")]
    Away,
    #[error(transparent)]
    Unreadable(#[from] Unreadable),
    #[error("something else stands in the place of a record")]
    NoRecord,
    #[error("there is a record of this id already")]
    Present,
    #[error("the account's tokens were revoked meanwhile, or the insertion took too long")]
    Overtaken,
    #[error("not a cursor of this store")]
    Cursor,
    #[error("an entry of the index cannot be read")]
    Index,
    #[error("the system has no randomness")]
    NoRandomness,
}

impl Fault {
    pub(super) fn timed_out() -> Self {
        Self::Redis(io::Error::from(io::ErrorKind::TimedOut).into())
    }
}
