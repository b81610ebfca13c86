//! What goes wrong when a database is asked.

use std::path::PathBuf;
use std::time::Duration;

use super::table::Table;
use crate::database::OpenError;

#[derive(Debug, thiserror::Error)]
pub(super) enum Fault {
    #[error(transparent)]
    Open(#[from] OpenError),
    #[error("{0} was moved away")]
    Away(PathBuf),
    #[error(transparent)]
    Database(#[from] sqlx::Error),
    #[error("no answer within {0:?}")]
    TimedOut(Duration),
    #[error("{table} cannot be made: {source}")]
    Make { table: Table, source: sqlx::Error },
    #[error("{table} holds more than {most} bytes that are to be read at once; the limit is configurable")]
    TooLong { table: Table, most: usize },
    #[error("{table} holds more than {most} rows; the limit is configurable")]
    TooMany { table: Table, most: usize },
    #[error("{0}")]
    Row(String),
}

impl Fault {
    /// Whether a database has answered that a table is not there.
    pub(super) fn is_missing_table(&self) -> bool {
        let Self::Database(sqlx::Error::Database(error)) = self else { return false };
        // PostgreSQL's undefined_table, and what MySQL has for it; SQLite has no number of its own for this.
        matches!(error.code().as_deref(), Some("42P01" | "42S02"))
            || error.message().starts_with("no such table")
    }
}
