//! Connections to the three databases, each through the driver of its own, whose answers are bounded before it parses them.
#![cfg_attr(
    not(all(feature = "sql", feature = "token-store-sql")),
    allow(dead_code, reason = "each of those that ask needs other parts of it")
)]

mod relay;
mod told;

use std::fs::OpenOptions;
use std::io;
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::{Path, PathBuf};
use std::time::Duration;

use sqlx::mysql::{MySqlConnectOptions, MySqlPool};
use sqlx::pool::PoolOptions;
use sqlx::postgres::{PgConnectOptions, PgPool, PgSslMode};
use sqlx::sqlite::{SqliteConnectOptions, SqlitePool};

pub(crate) use relay::Tls;
use relay::{Relay, Target, Way};

use crate::file_id::FileId;
use crate::peer::mysql::MySqlWatch;
use crate::peer::postgres::PostgresWatch;

/// Connections that are made when they are needed.
pub(crate) enum Database {
    Postgres(PgPool),
    MySql(MySqlPool),
    Sqlite(SqlitePool),
}

impl Database {
    /// Whether parameters are `$1`, `$2`.
    pub(crate) fn numbers_parameters(&self) -> bool {
        matches!(self, Self::Postgres(_))
    }
}

/// A database, and what it needs as long as it is used.
pub(crate) struct Opened {
    pub(crate) database: Database,
    /// On the way to a server.
    _relay: Option<Relay>,
    /// The file of SQLite.
    pub(crate) file: Option<(PathBuf, FileId)>,
}

/// What connections may cost.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Bounds {
    /// How many there may be.
    pub(crate) connections: u32,
    /// How long one may take to be made, or to become free.
    pub(crate) timeout: Duration,
    /// How long an answer of the server may be, in bytes.
    pub(crate) answer_bytes: usize,
}

/// Why a database cannot be opened.
#[derive(Debug, thiserror::Error)]
pub(crate) enum OpenError {
    #[error("cannot listen to the driver of the database: {0}")]
    Relay(#[from] io::Error),
    #[error("{path}: {source}")]
    File { path: PathBuf, source: io::Error },
}

/// The same words for each database, whose types differ.
macro_rules! each {
    ($database:expr, $pool:ident => $answer:expr) => {
        match $database {
            crate::database::Database::Postgres($pool) => $answer,
            crate::database::Database::MySql($pool) => $answer,
            crate::database::Database::Sqlite($pool) => $answer,
        }
    };
}
pub(crate) use each;

impl Opened {
    /// The relay makes TLS, so that it sees what the server answers: the driver is told to make none. Within a tokio runtime.
    pub(crate) fn postgres(connect: PgConnectOptions, tls: Tls, bounds: Bounds) -> Result<Self, OpenError> {
        let (host, port) = (connect.get_host(), connect.get_port());
        let place = match connect.get_socket().cloned().or_else(|| host.starts_with('/').then(|| host.into()))
        {
            Some(folder) => Target::Unix(folder.join(format!(".s.PGSQL.{port}"))),
            None => Target::tcp(host, port),
        };
        let most = bounds.answer_bytes;
        let way = Way { place, tls, tell: told::postgres, watch: move || PostgresWatch::new(most) };
        let (relay, name) = Relay::start(|name| format!("{name}/.s.PGSQL.{port}"), way)?;
        let connect = connect.socket(name).ssl_mode(PgSslMode::Disable);
        let database = Database::Postgres(pool(bounds).connect_lazy_with(connect));
        Ok(Self { database, _relay: Some(relay), file: None })
    }

    /// The driver makes TLS, within the relay. Within a tokio runtime.
    pub(crate) fn mysql(connect: MySqlConnectOptions, bounds: Bounds) -> Result<Self, OpenError> {
        let place = match connect.get_socket() {
            Some(socket) => Target::Unix(socket.clone()),
            None => Target::tcp(connect.get_host(), connect.get_port()),
        };
        let most = bounds.answer_bytes;
        let way = Way { place, tls: Tls::Not, tell: told::mysql, watch: move || MySqlWatch::new(most) };
        let (relay, name) = Relay::start(str::to_owned, way)?;
        let database = Database::MySql(pool(bounds).connect_lazy_with(connect.socket(name)));
        Ok(Self { database, _relay: Some(relay), file: None })
    }

    /// A file, made here if it is not there: one that was moved away must not be followed by an empty one. Within a tokio
    /// runtime.
    pub(crate) fn sqlite(connect: SqliteConnectOptions, bounds: Bounds) -> Result<Self, OpenError> {
        let connect = connect.create_if_missing(false).busy_timeout(bounds.timeout);
        let path = connect.get_filename().to_owned();
        let id = private(&path)?;
        Ok(Self::sqlite_file(connect, bounds, path, id))
    }

    /// A file that is there.
    pub(crate) fn sqlite_present(connect: SqliteConnectOptions, bounds: Bounds) -> Result<Self, OpenError> {
        let connect = connect.create_if_missing(false);
        let path = connect.get_filename().to_owned();
        let id = std::fs::metadata(&path).and_then(|metadata| regular(&metadata));
        let id = id.map_err(|source| OpenError::File { path: path.clone(), source })?;
        Ok(Self::sqlite_file(connect, bounds, path, id))
    }

    fn sqlite_file(connect: SqliteConnectOptions, bounds: Bounds, path: PathBuf, id: FileId) -> Self {
        let database = Database::Sqlite(pool(bounds).connect_lazy_with(connect));
        Self { database, _relay: None, file: Some((path, id)) }
    }
}

fn pool<D: sqlx::Database>(bounds: Bounds) -> PoolOptions<D> {
    PoolOptions::new().max_connections(bounds.connections.max(1)).acquire_timeout(bounds.timeout)
}

/// Makes the file if it is not there, and nobody else's to read; the files beside it get the same permissions.
fn private(path: &Path) -> Result<FileId, OpenError> {
    let mut options = OpenOptions::new();
    options.read(true).write(true).create(true).truncate(false).mode(0o600);
    let opened = options.open(path).and_then(|file| file.metadata()).and_then(|metadata| regular(&metadata));
    opened.map_err(|source| OpenError::File { path: path.to_owned(), source })
}

fn regular(metadata: &std::fs::Metadata) -> io::Result<FileId> {
    match metadata.is_file() {
        true => Ok(FileId::of(metadata)),
        false => Err(io::Error::new(io::ErrorKind::InvalidInput, "is not a regular file")),
    }
}
