//! The three databases, each through the driver of its own.

use std::fs::OpenOptions;
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::Path;
use std::str::FromStr as _;

use sqlx::mysql::{MySqlConnectOptions, MySqlPool};
use sqlx::pool::PoolOptions;
use sqlx::postgres::{PgConnectOptions, PgPool};
use sqlx::sqlite::{SqliteConnectOptions, SqliteJournalMode, SqlitePool, SqliteSynchronous};

use super::{SqlOptions, SqlStoreError};

/// Connections that are made when they are needed.
pub(super) enum Database {
    Postgres(PgPool),
    MySql(MySqlPool),
    Sqlite(SqlitePool),
}

/// The same words for each database, whose types differ.
macro_rules! each {
    ($database:expr, $pool:ident => $answer:expr) => {
        match $database {
            crate::token_store::sql::pool::Database::Postgres($pool) => $answer,
            crate::token_store::sql::pool::Database::MySql($pool) => $answer,
            crate::token_store::sql::pool::Database::Sqlite($pool) => $answer,
        }
    };
}
pub(super) use each;

impl Database {
    pub(super) fn new(options: &SqlOptions) -> Result<Self, SqlStoreError> {
        let url = options.url.expose();
        let unreadable = |_| SqlStoreError::Address;
        match url.split_once(':').map(|(scheme, _)| scheme) {
            Some("postgres" | "postgresql") => {
                let connect = PgConnectOptions::from_str(url).map_err(unreadable)?;
                Ok(Self::Postgres(pool(options).connect_lazy_with(connect)))
            }
            Some("mysql" | "mariadb") => {
                let connect = MySqlConnectOptions::from_str(url).map_err(unreadable)?;
                Ok(Self::MySql(pool(options).connect_lazy_with(connect)))
            }
            Some("sqlite") => {
                let connect = SqliteConnectOptions::from_str(url).map_err(unreadable)?;
                let connect = connect
                    .create_if_missing(true)
                    .journal_mode(SqliteJournalMode::Wal)
                    .synchronous(SqliteSynchronous::Full)
                    .busy_timeout(options.timeout);
                private(connect.get_filename())?;
                Ok(Self::Sqlite(pool(options).connect_lazy_with(connect)))
            }
            _ => Err(SqlStoreError::Scheme),
        }
    }

    /// Whether parameters are `$1`, `$2`.
    pub(super) fn numbers_parameters(&self) -> bool {
        matches!(self, Self::Postgres(_))
    }
}

fn pool<D: sqlx::Database>(options: &SqlOptions) -> PoolOptions<D> {
    PoolOptions::new().max_connections(options.connections.max(1)).acquire_timeout(options.timeout)
}

/// Makes the file if it is not there, and nobody else's to read; the files beside it get the same permissions.
fn private(path: &Path) -> Result<(), SqlStoreError> {
    let mut file = OpenOptions::new();
    file.read(true).write(true).create(true).truncate(false).mode(0o600);
    file.open(path).map(drop).map_err(|source| SqlStoreError::File { path: path.to_owned(), source })
}
