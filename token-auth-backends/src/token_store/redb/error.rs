use std::io;
use std::path::PathBuf;

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
    #[error("made by a later version of this program (format {0})")]
    Format(u64),
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

from!(StorageError, TableError, TransactionError, CommitError, SetDurabilityError);
