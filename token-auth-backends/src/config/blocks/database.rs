//! How a database is reached, for who keeps accounts or rules there.

use crate::config::kind::{Key, Kind};

pub(super) const DATABASE: &[Key] = &[
    Key::new("database_type", Kind::Text, "`mysql`, `postgres` or `sqlite3`.").example("postgres"),
    Key::new("conn_string", Kind::Text, "Where it is, in the form of the Go driver.")
        .example("host=db.example.com dbname=docker_auth"),
];
