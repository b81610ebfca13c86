//! A file, or `file:` and its name, with options, as mattn/go-sqlite3 and SQLite itself read it.

use std::path::PathBuf;
use std::time::Duration;

use percent_encoding::percent_decode_str;
use sqlx::sqlite::{SqliteConnectOptions, SqliteJournalMode};

use super::{AddressError, boolean, shorter};

const FORM: AddressError = AddressError::Form("FILE or file:FILE?PARAMETER=VALUE");

/// Parameters that change nothing of what is asked here.
const WITHOUT_MEANING: [&str; 26] = [
    "_auto_vacuum",
    "_cache_size",
    "_case_sensitive_like",
    "_cslike",
    "_defer_fk",
    "_defer_foreign_keys",
    "_fk",
    "_foreign_keys",
    "_ignore_check_constraints",
    "_loc",
    "_locking",
    "_locking_mode",
    "_mutex",
    "_query_only",
    "_recursive_triggers",
    "_rt",
    "_secure_delete",
    "_stmt_cache_size",
    "_sync",
    "_synchronous",
    "_txlock",
    "_vacuum",
    "_writable_schema",
    "cache",
    "loc",
    "psow",
];

/// Where a file of SQLite is.
#[derive(Clone)]
pub(in crate::sql) struct SqliteAddress {
    pub(in crate::sql) connect: SqliteConnectOptions,
    /// Whether the file is made if it is not there.
    pub(in crate::sql) make: bool,
    /// What the address says of time, which bounds that of a question.
    pub(in crate::sql) limit: Option<Duration>,
}

impl SqliteAddress {
    pub(in crate::sql) fn parse(text: &str) -> Result<Self, AddressError> {
        let (name, parameters) = text.split_once('?').unwrap_or((text, ""));
        let path = match name.strip_prefix("file:") {
            Some(uri) => of_uri(uri)?,
            None => PathBuf::from(name),
        };
        if path.as_os_str().is_empty() || path.as_os_str() == ":memory:" {
            return Err(AddressError::Form("FILE: a database in memory is always empty"));
        }
        let connect = SqliteConnectOptions::new().filename(path);
        let mut address = Self { connect, make: true, limit: None };
        for (name, value) in url::form_urlencoded::parse(parameters.as_bytes()) {
            address = address.with(&name, &value)?;
        }
        Ok(address)
    }

    fn with(self, name: &str, value: &str) -> Result<Self, AddressError> {
        let Self { connect, make, limit } = self;
        match (name, value) {
            ("mode", "ro") => Ok(Self { connect: connect.read_only(true), make: false, limit }),
            ("mode", "rw") => Ok(Self { connect, make: false, limit }),
            ("mode", "rwc") => Ok(Self { connect, make, limit }),
            ("mode", "memory") => Err(AddressError::value(name, "a database in memory is always empty")),
            ("mode", _) => Err(AddressError::value(name, "write ro, rw or rwc")),
            ("immutable", value) => {
                let immutable = boolean(name, value)?;
                Ok(Self { connect: connect.immutable(immutable), make: make && !immutable, limit })
            }
            ("_busy_timeout" | "_timeout", value) => {
                let time =
                    value.parse().map_err(|_| AddressError::value(name, "not a number of milliseconds"))?;
                Ok(Self { connect, make, limit: shorter(limit, Duration::from_millis(time)) })
            }
            ("_journal_mode" | "_journal", value) => {
                let mode = value.parse::<SqliteJournalMode>();
                let mode = mode.map_err(|_| AddressError::value(name, "not a journal mode of SQLite"))?;
                Ok(Self { connect: connect.journal_mode(mode), make, limit })
            }
            (name, _) if WITHOUT_MEANING.contains(&name) => Ok(Self { connect, make, limit }),
            (name, _) if name.starts_with("_auth") => Err(AddressError::parameter(
                name,
                "is not supported: permissions of the file are what protects it",
            )),
            (name, _) => Err(AddressError::unknown(name)),
        }
    }
}

/// What stands behind `file:` (SQLite, "Uniform Resource Identifiers").
fn of_uri(uri: &str) -> Result<PathBuf, AddressError> {
    let path = match uri.strip_prefix("//") {
        // With an authority, which is this machine.
        Some(rest) => match rest.strip_prefix("localhost").unwrap_or(rest) {
            path if path.starts_with('/') => path,
            _ => return Err(FORM),
        },
        None => uri,
    };
    let path = path.split_once('#').map_or(path, |(path, _)| path);
    percent_decode_str(path).decode_utf8().map(|path| PathBuf::from(&*path)).map_err(|_| FORM)
}
