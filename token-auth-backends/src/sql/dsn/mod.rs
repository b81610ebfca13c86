//! The addresses of databases as the drivers of Go read them that docker_auth uses.
//!
//! What a driver there would pass on to the server, or take for something else, is an error here that names it: never its
//! value, which may be a secret.

mod mysql;
mod postgres;
mod sqlite;
#[cfg(test)]
mod tests;

use std::time::Duration;

pub(super) use mysql::MySqlAddress;
pub(super) use postgres::PostgresAddress;
pub(super) use sqlite::SqliteAddress;

/// Why an address cannot be used. Shows no value.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum AddressError {
    /// It is not of the form that its driver reads.
    #[error("the connection string cannot be read: it is {0}")]
    Form(&'static str),
    /// A parameter that nobody knows, or one that means nothing here.
    #[error("the connection string has the parameter {name:?}, which {why}")]
    Parameter {
        /// Its name.
        name: String,
        /// What is wrong with it.
        why: &'static str,
    },
    /// A parameter whose value cannot be used.
    #[error("the connection string has a value of {name:?} that cannot be used: {why}")]
    Value {
        /// The name of the parameter.
        name: String,
        /// What is wrong with the value.
        why: String,
    },
    /// Certificates or keys that cannot be used.
    #[error("TLS to the database: {0}")]
    Tls(String),
}

impl AddressError {
    fn unknown(name: &str) -> Self {
        Self::parameter(name, "is not known: remove it, or correct its name")
    }

    fn parameter(name: &str, why: &'static str) -> Self {
        Self::Parameter { name: shown(name), why }
    }

    fn value(name: &str, why: impl Into<String>) -> Self {
        Self::Value { name: shown(name), why: why.into() }
    }
}

/// A name as far as it may be shown: whoever forgets a sign may have written a secret in its place.
fn shown(name: &str) -> String {
    let plain = |c: char| c.is_ascii_alphanumeric() || matches!(c, '_' | '-' | '.');
    match name.len() <= 40 && name.chars().all(plain) {
        true => name.to_owned(),
        false => "[not a name]".to_owned(),
    }
}

/// `true` and `false` as `strconv.ParseBool` reads them in Go's drivers.
fn boolean(name: &str, value: &str) -> Result<bool, AddressError> {
    match value {
        "1" | "t" | "T" | "true" | "TRUE" | "True" => Ok(true),
        "0" | "f" | "F" | "false" | "FALSE" | "False" => Ok(false),
        _ => Err(AddressError::value(name, "write true or false")),
    }
}

/// The shorter one of those that are given.
fn shorter(one: Option<Duration>, other: Duration) -> Option<Duration> {
    // Zero is none in Go.
    if other.is_zero() { one } else { Some(one.map_or(other, |one| one.min(other))) }
}
