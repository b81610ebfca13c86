//! Which database, and how it is reached.

use std::fmt;
use std::str::FromStr;
use std::time::Duration;

use token_auth_core::Password;

use super::AddressError;
use super::dsn::{MySqlAddress, PostgresAddress, SqliteAddress};
use crate::database::{Bounds, OpenError, Opened};

/// Which kind of database.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SqlKind {
    /// PostgreSQL: `postgres`.
    Postgres,
    /// MySQL or MariaDB: `mysql`.
    MySql,
    /// A file of SQLite: `sqlite3`.
    Sqlite,
}

/// Reads docker_auth's `database_type`.
impl FromStr for SqlKind {
    type Err = &'static str;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        match text {
            "postgres" | "postgresql" => Ok(Self::Postgres),
            "mysql" | "mariadb" => Ok(Self::MySql),
            "sqlite3" | "sqlite" => Ok(Self::Sqlite),
            _ => Err("must be mysql, postgres or sqlite3"),
        }
    }
}

/// A database and how it is reached, in the words of the drivers of Go that docker_auth uses. It may hold a password, and is
/// not shown.
///
/// | kind | connection string |
/// |---|---|
/// | [`Postgres`](SqlKind::Postgres) | `host=db user=registry password=… dbname=registry sslmode=verify-full`, or the same as `postgres://registry:…@db/registry?sslmode=verify-full`. TLS is required unless it says otherwise, as with lib/pq |
/// | [`MySql`](SqlKind::MySql) | `registry:…@tcp(db:3306)/registry?tls=true`. No TLS unless it says so, as with go-sql-driver |
/// | [`Sqlite`](SqlKind::Sqlite) | `/var/lib/registry/users.sqlite`, `file:users.sqlite?mode=ro` |
///
/// Parameters that only matter to a program in Go (`parseTime`, `charset`, `cache`) are read and without meaning; time-outs
/// bound the time of a question; all others are errors that name them.
///
/// ```
/// use token_auth_backends::sql::{SqlDatabase, SqlKind};
///
/// let database = SqlDatabase::new(SqlKind::MySql, "registry:secret@tcp(db.example.com:3306)/registry?tls=true")?;
/// assert!(!format!("{database:?}").contains("secret"));
/// let error = SqlDatabase::new(SqlKind::MySql, "registry:secret@/registry?tsl=true").unwrap_err();
/// assert!(error.to_string().contains(r#""tsl""#));
/// # Ok::<(), token_auth_backends::sql::AddressError>(())
/// ```
#[derive(Clone)]
pub struct SqlDatabase {
    text: Password,
    kind: SqlKind,
    address: Address,
}

#[derive(Clone)]
enum Address {
    Postgres(Box<PostgresAddress>),
    MySql(Box<MySqlAddress>),
    Sqlite(Box<SqliteAddress>),
}

impl SqlDatabase {
    /// Reads a connection string, and the certificates that it names. Connects to nothing. Blocks while it reads.
    ///
    /// # Errors
    ///
    /// When it cannot be read, or has a parameter that is not known.
    pub fn new(kind: SqlKind, conn_string: impl Into<String>) -> Result<Self, AddressError> {
        let text = Password::new(conn_string);
        let address = match kind {
            SqlKind::Postgres => Address::Postgres(Box::new(PostgresAddress::parse(text.expose())?)),
            SqlKind::MySql => Address::MySql(Box::new(MySqlAddress::parse(text.expose())?)),
            SqlKind::Sqlite => Address::Sqlite(Box::new(SqliteAddress::parse(text.expose())?)),
        };
        Ok(Self { text, kind, address })
    }

    /// What is asked for where an answer is to come within this time.
    pub(super) fn within(&self, limit: Duration) -> Duration {
        let own = match &self.address {
            Address::Postgres(address) => address.limit,
            Address::MySql(address) => address.limit,
            Address::Sqlite(address) => address.limit,
        };
        own.map_or(limit, |own| own.min(limit))
    }

    pub(super) fn open(&self, bounds: Bounds) -> Result<Opened, OpenError> {
        match self.address.clone() {
            Address::Postgres(address) => Opened::postgres(address.connect, address.tls, bounds),
            Address::MySql(address) => Opened::mysql(address.connect, bounds),
            Address::Sqlite(address) if address.make => Opened::sqlite(address.connect, bounds),
            Address::Sqlite(address) => {
                Opened::sqlite_present(address.connect.busy_timeout(bounds.timeout), bounds)
            }
        }
    }
}

impl PartialEq for SqlDatabase {
    fn eq(&self, other: &Self) -> bool {
        (self.kind, &self.text) == (other.kind, &other.text)
    }
}

impl Eq for SqlDatabase {}

impl fmt::Debug for SqlDatabase {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("SqlDatabase").field(&self.kind).finish()
    }
}
