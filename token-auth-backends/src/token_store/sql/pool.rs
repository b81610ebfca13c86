//! The three databases, each through the driver of its own.

use std::fs::OpenOptions;
use std::io;
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::{Path, PathBuf};
use std::str::FromStr as _;

use std::sync::Arc;

use sqlx::mysql::{MySqlConnectOptions, MySqlPool};
use sqlx::pool::PoolOptions;
use sqlx::postgres::{PgConnectOptions, PgPool, PgSslMode};
use sqlx::sqlite::{SqliteConnectOptions, SqliteJournalMode, SqlitePool, SqliteSynchronous};

use super::address::Address;
use super::relay::{Relay, Target, Tls, Way};
use super::{SqlOptions, SqlStoreError, told};
use crate::token_store::file_id::FileId;
use crate::token_store::peer::mysql::MySqlWatch;
use crate::token_store::peer::postgres::PostgresWatch;

/// Connections that are made when they are needed.
pub(super) enum Database {
    Postgres(PgPool),
    MySql(MySqlPool),
    Sqlite(SqlitePool),
}

/// A database, and what it needs as long as it is used.
pub(super) struct Opened {
    pub(super) database: Database,
    /// On the way to a server.
    _relay: Option<Relay>,
    /// The file of SQLite.
    pub(super) file: Option<(PathBuf, FileId)>,
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

impl Opened {
    pub(super) fn new(options: &SqlOptions) -> Result<Self, SqlStoreError> {
        let url = options.url.expose();
        match url.split_once(':').map(|(scheme, _)| scheme) {
            Some("postgres" | "postgresql") => postgres(url, options),
            Some("mysql" | "mariadb") => mysql(url, options),
            Some("sqlite") => sqlite(url, options),
            _ => Err(SqlStoreError::Scheme),
        }
    }
}

/// The relay makes TLS, so that it sees what the server answers.
fn postgres(url: &str, options: &SqlOptions) -> Result<Opened, SqlStoreError> {
    let connect = PgConnectOptions::from_str(url).map_err(|_| SqlStoreError::Address)?;
    let (host, port) = (connect.get_host(), connect.get_port());
    let place = match connect.get_socket().cloned().or_else(|| host.starts_with('/').then(|| host.into())) {
        Some(folder) => Target::Unix(folder.join(format!(".s.PGSQL.{port}"))),
        None => Target::tcp(host, port),
    };
    let mode = connect.get_ssl_mode();
    let tls = || Address::of(url)?.postgres_tls(mode).map_err(SqlStoreError::Tls).map(Arc::new);
    let tls = match mode {
        PgSslMode::Disable | PgSslMode::Allow => Tls::Not,
        PgSslMode::Prefer => Tls::IfThere(tls()?),
        PgSslMode::Require | PgSslMode::VerifyCa | PgSslMode::VerifyFull => Tls::Always(tls()?),
    };
    let most = options.answer_bytes;
    let way = Way { place, tls, tell: told::postgres, watch: move || PostgresWatch::new(most) };
    let (relay, name) = Relay::start(|name| format!("{name}/.s.PGSQL.{port}"), way)?;
    let connect = connect.socket(name).ssl_mode(PgSslMode::Disable);
    let database = Database::Postgres(pool(options).connect_lazy_with(connect));
    Ok(Opened { database, _relay: Some(relay), file: None })
}

fn mysql(url: &str, options: &SqlOptions) -> Result<Opened, SqlStoreError> {
    let connect = MySqlConnectOptions::from_str(url).map_err(|_| SqlStoreError::Address)?;
    let place = match connect.get_socket() {
        Some(socket) => Target::Unix(socket.clone()),
        None => Target::tcp(connect.get_host(), connect.get_port()),
    };
    let most = options.answer_bytes;
    let way = Way { place, tls: Tls::Not, tell: told::mysql, watch: move || MySqlWatch::new(most) };
    let (relay, name) = Relay::start(str::to_owned, way)?;
    let database = Database::MySql(pool(options).connect_lazy_with(connect.socket(name)));
    Ok(Opened { database, _relay: Some(relay), file: None })
}

fn sqlite(url: &str, options: &SqlOptions) -> Result<Opened, SqlStoreError> {
    let connect = SqliteConnectOptions::from_str(url).map_err(|_| SqlStoreError::Address)?;
    // Made here or not at all: one that was moved away must not be followed by an empty one.
    let connect = connect
        .create_if_missing(false)
        .journal_mode(SqliteJournalMode::Wal)
        .synchronous(SqliteSynchronous::Full)
        .busy_timeout(options.timeout);
    let path = connect.get_filename().to_owned();
    let id = private(&path)?;
    let database = Database::Sqlite(pool(options).connect_lazy_with(connect));
    Ok(Opened { database, _relay: None, file: Some((path, id)) })
}

impl Database {
    /// Whether parameters are `$1`, `$2`.
    pub(super) fn numbers_parameters(&self) -> bool {
        matches!(self, Self::Postgres(_))
    }
}

fn pool<D: sqlx::Database>(options: &SqlOptions) -> PoolOptions<D> {
    PoolOptions::new().max_connections(options.connections.max(1)).acquire_timeout(options.timeout)
}

/// Makes the file if it is not there, and nobody else's to read; the files beside it get the same permissions.
fn private(path: &Path) -> Result<FileId, SqlStoreError> {
    let mut options = OpenOptions::new();
    options.read(true).write(true).create(true).truncate(false).mode(0o600);
    let opened = options.open(path).and_then(|file| file.metadata());
    let metadata = opened.map_err(|source| SqlStoreError::File { path: path.to_owned(), source })?;
    match metadata.is_file() {
        true => Ok(FileId::of(&metadata)),
        false => {
            let source = io::Error::new(io::ErrorKind::InvalidInput, "is not a regular file");
            Err(SqlStoreError::File { path: path.to_owned(), source })
        }
    }
}
