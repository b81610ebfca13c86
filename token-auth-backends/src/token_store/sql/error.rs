//! Why a store cannot be made, and what goes wrong within it.

use crate::database::OpenError;
use crate::file_id::Moved;
use crate::token_store::coded::Unreadable;

/// What the log calls the store.
pub(super) const NAME: &str = "token store (SQL)";

/// Options that no store can be made of. Never shows the address, which may hold a password.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum SqlStoreError {
    /// Another kind of database.
    #[error("must begin with postgres://, mysql://, mariadb:// or sqlite://")]
    Scheme,
    /// An address that cannot be read.
    #[error(
        "the address of the database cannot be read: it is KIND://USER:PASSWORD@HOST:PORT/DATABASE, or sqlite:///FILE"
    )]
    Address,
    /// A prefix that is no part of a name.
    #[error("the prefix of the tables must be at most 32 small letters, digits and `_`")]
    Prefix,
    /// Certificates or keys that cannot be used.
    #[error("{0}")]
    Tls(String),
    /// No socket can be made on which the driver is listened to.
    #[error("cannot listen to the driver of the database: {0}")]
    Relay(#[from] std::io::Error),
    /// The file of an SQLite database cannot be opened or made.
    #[error("{path}: {source}")]
    File {
        /// The file.
        path: std::path::PathBuf,
        /// Why.
        source: std::io::Error,
    },
}

impl From<OpenError> for SqlStoreError {
    fn from(error: OpenError) -> Self {
        match error {
            OpenError::Relay(error) => Self::Relay(error),
            OpenError::File { path, source } => Self::File { path, source },
        }
    }
}

/// What goes wrong within an operation.
#[derive(Debug, thiserror::Error)]
pub(super) enum Fault {
    #[error(transparent)]
    Database(#[from] sqlx::Error),
    #[error("no answer within {0:?}")]
    TimedOut(std::time::Duration),
    #[error(transparent)]
    Moved(#[from] Moved),
    #[error(transparent)]
    Unreadable(#[from] Unreadable),
    #[error("there is a record of this id already")]
    Present,
    #[error("not a cursor of this store")]
    Cursor,
    #[error("the tables were made by a later version of this program (layout {0})")]
    Layout(i64),
    #[error("the system has no randomness")]
    NoRandomness,
}

impl Fault {
    /// Whether a row of this key was there already.
    pub(super) fn is_duplicate(&self) -> bool {
        matches!(self, Self::Database(sqlx::Error::Database(error)) if error.is_unique_violation())
    }
}
