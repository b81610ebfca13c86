//! What a store in a database is made of.

use std::time::Duration;

use token_auth_core::Password;

use crate::peer::ANSWER_BYTES;

/// Which database, and how it is asked. [`SqlOptions::new`] has the defaults.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct SqlOptions {
    /// `postgres://`, `mysql://` (also MariaDB) or `sqlite://`. It may hold a password, and is not shown.
    pub url: Password,
    /// What the names of the tables begin with. Default `token_auth_`.
    pub prefix: String,
    /// How many connections there may be. Default 8.
    pub connections: u32,
    /// How long an operation may take, with the time until a connection is free. Default 5 s.
    pub timeout: Duration,
    /// How long an answer of the server may be, in bytes; with a longer one its connection ends. Default 8 MiB.
    pub answer_bytes: usize,
}

impl SqlOptions {
    /// This database, and the defaults.
    pub fn new(url: impl Into<String>) -> Self {
        Self {
            url: Password::new(url),
            prefix: "token_auth_".to_owned(),
            connections: 8,
            timeout: Duration::from_secs(5),
            answer_bytes: ANSWER_BYTES,
        }
    }
}
