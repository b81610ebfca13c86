//! The tables, as xorm makes them for docker_auth.

use std::fmt;

use sqlx::AssertSqlSafe;

use super::fault::Fault;
use crate::database::{Database, each};

/// Whoever makes tables in PostgreSQL holds this lock: `tokenaut`, as a number.
const LOCK: i64 = 0x746f_6b65_6e61_7574;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Table {
    /// Accounts.
    Users,
    /// Rules.
    Rules,
}

/// Its name.
impl fmt::Display for Table {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Users => "xorm_user",
            Self::Rules => "xorm_acl_entry",
        })
    }
}

impl Table {
    /// Makes it unless it is there.
    pub(super) async fn make(self, database: &Database) -> Result<(), Fault> {
        let statement = match database {
            // There `IF NOT EXISTS` fails beside another one. Sent together they are one transaction, and one at a time.
            Database::Postgres(_) => {
                format!("SELECT pg_advisory_xact_lock({LOCK}); {}", self.columns(database))
            }
            _ => self.columns(database).to_owned(),
        };
        let made = each!(database, pool => {
            sqlx::raw_sql(AssertSqlSafe(statement)).execute(pool).await.map(drop)
        });
        made.map_err(|source| Fault::Make { table: self, source })
    }

    fn columns(self, database: &Database) -> &'static str {
        match (self, database) {
            (Self::Users, Database::Postgres(_)) => {
                "CREATE TABLE IF NOT EXISTS xorm_user (
                    id BIGSERIAL PRIMARY KEY NOT NULL,
                    username VARCHAR(128) NOT NULL,
                    password_hash VARCHAR(128) NOT NULL,
                    labels JSON NULL
                )"
            }
            (Self::Users, Database::MySql(_)) => {
                "CREATE TABLE IF NOT EXISTS xorm_user (
                    id BIGINT(20) PRIMARY KEY AUTO_INCREMENT NOT NULL,
                    username VARCHAR(128) NOT NULL,
                    password_hash VARCHAR(128) NOT NULL,
                    labels JSON NULL
                ) DEFAULT CHARACTER SET utf8mb4"
            }
            (Self::Users, Database::Sqlite(_)) => {
                "CREATE TABLE IF NOT EXISTS xorm_user (
                    id INTEGER PRIMARY KEY AUTOINCREMENT NOT NULL,
                    username TEXT NOT NULL,
                    password_hash TEXT NOT NULL,
                    labels TEXT NULL
                )"
            }
            (Self::Rules, Database::Postgres(_)) => {
                "CREATE TABLE IF NOT EXISTS xorm_acl_entry (acl_entry TEXT NULL, seq BIGINT NULL)"
            }
            (Self::Rules, Database::MySql(_)) => {
                "CREATE TABLE IF NOT EXISTS xorm_acl_entry (acl_entry TEXT NULL, seq BIGINT(20) NULL)
                DEFAULT CHARACTER SET utf8mb4"
            }
            (Self::Rules, Database::Sqlite(_)) => {
                "CREATE TABLE IF NOT EXISTS xorm_acl_entry (acl_entry TEXT NULL, seq INTEGER NULL)"
            }
        }
    }
}
