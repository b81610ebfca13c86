//! Why the store cannot be opened, and what goes wrong within it.

use std::io;
use std::path::PathBuf;

use crate::file_id::Moved;
use crate::token_store::coded::Unreadable;

/// What the log calls the store.
pub(super) const NAME: &str = "token store";

/// Why a store cannot be opened.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum RedbStoreError {
    /// Another process has it open.
    #[error("{path}: another process has the token store open")]
    InUse {
        /// The file.
        path: PathBuf,
    },
    /// The file cannot be opened or made.
    #[error("{path}: {source}")]
    File {
        /// The file.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// A store of this name is open, and its file was moved away or replaced meanwhile.
    #[error("{source}")]
    Moved {
        /// The file.
        path: PathBuf,
        /// Which of the two.
        source: Box<dyn std::error::Error + Send + Sync>,
    },
    /// The file is something else, or damaged.
    #[error("{path}: not a token store that can be used: {source}")]
    Content {
        /// The file.
        path: PathBuf,
        /// Why.
        source: Box<dyn std::error::Error + Send + Sync>,
    },
}

/// What goes wrong within an operation.
#[derive(Debug, thiserror::Error)]
pub(super) enum Fault {
    #[error(transparent)]
    Database(Box<redb::Error>),
    #[error(transparent)]
    Record(#[from] Unreadable),
    #[error(transparent)]
    Moved(#[from] Moved),
    #[error("made by a later version of this program (format {0})")]
    Format(u64),
    #[error("it could not be opened again after a failure")]
    Closed,
    /// What was begun is not begun a second time.
    #[error("it has failed")]
    OnlyOnce,
}

impl Fault {
    /// Whether nothing else can be done with the database until it is opened again.
    pub(super) fn breaks_the_database(&self) -> bool {
        use redb::Error::{Backend, DatabaseClosed, Io, LockPoisoned, PreviousIo};
        match self {
            Self::Database(error) => {
                matches!(**error, Io(_) | Backend(_) | PreviousIo | DatabaseClosed | LockPoisoned(_))
            }
            Self::Closed => true,
            _ => false,
        }
    }

    /// Whether it is what the transaction fails of, and not only one operation in it.
    pub(super) fn ends_the_transaction(&self) -> bool {
        matches!(self, Self::Database(_) | Self::Closed | Self::OnlyOnce)
    }
}

macro_rules! from {
    ($($error:ident),*) => {$(
        impl From<redb::$error> for Fault {
            fn from(error: redb::$error) -> Self {
                Self::Database(Box::new(error.into()))
            }
        }
    )*};
}

from!(DatabaseError, StorageError, TableError, TransactionError, CommitError, SetDurabilityError);
