//! The tables: made when they are first needed and not there.

use super::error::Fault;
use super::statements::Statements;
use crate::database::{Database, each};

/// The number of this layout.
const LAYOUT: i64 = 1;
/// Replicas that start together may make the tables at the same time, which databases do not all like.
const ATTEMPTS: u32 = 3;

/// Names are ASCII and told apart by case; an account is known by its digest, since no database has an index of any text.
/// Records are JSON, readable for administrators.
const TABLES: [&str; 5] = [
    "CREATE TABLE IF NOT EXISTS {prefix}tokens (
        id VARCHAR(16) {ascii} NOT NULL PRIMARY KEY,
        account_digest VARCHAR(64) {ascii} NOT NULL,
        kind VARCHAR(16) {ascii} NOT NULL,
        record {text} NOT NULL,
        last_use {text} NULL,
        active_at BIGINT NOT NULL,
        expires_at BIGINT NULL,
        idle_seconds BIGINT NULL{index}
    ){table}",
    "{make_index}",
    "CREATE TABLE IF NOT EXISTS {prefix}blobs (
        key_digest VARCHAR(64) {ascii} NOT NULL PRIMARY KEY,
        version VARCHAR(32) {ascii} NOT NULL,
        data {bytes} NOT NULL
    ){table}",
    "CREATE TABLE IF NOT EXISTS {prefix}layout (layout BIGINT NOT NULL PRIMARY KEY){table}",
    "INSERT INTO {prefix}layout (layout) VALUES (1)",
];

/// Whoever makes tables in PostgreSQL holds this lock: `tokenaut`, as a number.
const LOCK: i64 = 0x746f_6b65_6e61_7574;

/// Makes the tables unless they are there.
pub(super) async fn prepare(database: &Database, statements: &Statements, prefix: &str) -> Result<(), Fault> {
    let mut attempt = 1;
    loop {
        // Asked first: whoever made the tables beforehand need not let the server make any.
        let layout: Result<Option<i64>, sqlx::Error> = each!(database, pool => {
            sqlx::query_scalar(statements.layout.clone()).fetch_optional(pool).await
        });
        match layout {
            Ok(Some(LAYOUT)) => return Ok(()),
            Ok(Some(other)) => return Err(Fault::Layout(other)),
            Err(error @ sqlx::Error::Database(_)) if attempt > ATTEMPTS => return Err(error.into()),
            Ok(None) | Err(sqlx::Error::Database(_)) => {
                let made = make(database, prefix).await;
                if attempt == ATTEMPTS {
                    made?;
                }
            }
            Err(error) => return Err(error.into()),
        }
        attempt += 1;
    }
}

async fn make(database: &Database, prefix: &str) -> Result<(), Fault> {
    let index = format!("{prefix}tokens_account");
    let [ascii, text, bytes, inner_index, outer_index, table] = match database {
        Database::Postgres(_) => [
            "COLLATE \"C\"",
            "TEXT",
            "BYTEA",
            "",
            "CREATE INDEX IF NOT EXISTS {index} ON {prefix}tokens (account_digest, id)",
            "",
        ],
        Database::MySql(_) => [
            "",
            "LONGTEXT CHARACTER SET utf8mb4",
            "LONGBLOB",
            ", INDEX {index} (account_digest, id)",
            "",
            " ENGINE=InnoDB CHARACTER SET ascii COLLATE ascii_bin",
        ],
        Database::Sqlite(_) => [
            "",
            "TEXT",
            "BLOB",
            "",
            "CREATE INDEX IF NOT EXISTS {index} ON {prefix}tokens (account_digest, id)",
            "",
        ],
    };
    let mut statements = Vec::new();
    for statement in TABLES {
        let sql = [
            ("{index}", inner_index),
            ("{make_index}", outer_index),
            ("{ascii}", ascii),
            ("{text}", text),
            ("{bytes}", bytes),
            ("{table}", table),
            ("{index}", &index),
            ("{prefix}", prefix),
        ]
        .iter()
        .fold(statement.to_owned(), |sql, (name, value)| sql.replace(name, value));
        if !sql.is_empty() {
            statements.push(sql);
        }
    }
    if let Database::Postgres(_) = database {
        // There `IF NOT EXISTS` fails beside another one. Sent together they are one transaction, and one at a time.
        statements = vec![format!("SELECT pg_advisory_xact_lock({LOCK}); {}", statements.join("; "))];
    }
    for sql in statements {
        let sql = sqlx::AssertSqlSafe(sql);
        each!(database, pool => { sqlx::raw_sql(sql).execute(pool).await.map(drop) })?;
    }
    Ok(())
}
