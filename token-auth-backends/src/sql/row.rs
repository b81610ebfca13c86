//! One account, as it stands in the table.

use std::collections::BTreeMap;
use std::fmt;
use std::sync::Arc;

use token_auth_core::{Identity, LabelValue, Labels};

use super::fault::Fault;
use super::table::Table;
use crate::database::Database;
use crate::password::{HashLimits, PasswordHash};

/// The newest row of a name.
pub(super) struct UserRow {
    id: i64,
    name: Arc<str>,
    hash: String,
    labels: Option<String>,
}

/// `xorm_user, id 17`
impl fmt::Display for UserRow {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}, id {}", Table::Users, self.id)
    }
}

impl UserRow {
    /// Names are compared byte by byte, whatever the table takes for equal: `Alice` is not `alice`.
    pub(super) async fn newest(database: &Database, name: &str) -> Result<Option<Self>, Fault> {
        type Columns = (i64, String, String, Option<String>);
        let row: Option<Columns> = match database {
            Database::Postgres(pool) => {
                let ask =
                    "SELECT id::bigint, username::text, password_hash::text, labels::text FROM xorm_user
                    WHERE username = $1 AND username::text COLLATE \"C\" = $1 ORDER BY id DESC LIMIT 1";
                sqlx::query_as(ask).bind(name).fetch_optional(pool).await?
            }
            Database::MySql(pool) => {
                let ask = "SELECT CAST(id AS SIGNED), CAST(username AS CHAR), CAST(password_hash AS CHAR),
                    CAST(labels AS CHAR) FROM xorm_user
                    WHERE username = ? AND HEX(CONVERT(username USING utf8mb4)) = ? ORDER BY id DESC LIMIT 1";
                sqlx::query_as(ask).bind(name).bind(hexadecimal(name)).fetch_optional(pool).await?
            }
            Database::Sqlite(pool) => {
                let ask =
                    "SELECT id, CAST(username AS TEXT), CAST(password_hash AS TEXT), CAST(labels AS TEXT)
                    FROM xorm_user WHERE username = ? COLLATE BINARY ORDER BY id DESC LIMIT 1";
                sqlx::query_as(ask).bind(name).fetch_optional(pool).await?
            }
        };
        let row = row.filter(|(_, found, ..)| found == name);
        Ok(row.map(|(id, name, hash, labels)| Self { id, name: name.into(), hash, labels }))
    }

    pub(super) fn hash(&self, limits: &HashLimits) -> Result<PasswordHash, String> {
        PasswordHash::parse(&self.hash, limits).map_err(|error| format!("{self}: password_hash: {error}"))
    }

    pub(super) fn identity(&self, hash: &PasswordHash) -> Result<Identity, Fault> {
        let labels = self.labels()?;
        Ok(Identity::new(Arc::clone(&self.name))
            .with_labels(labels)
            .with_security_stamp(hash.security_stamp()))
    }

    /// The administrator writes them: they act as patterns where a rule says `${labels:…}`.
    fn labels(&self) -> Result<Labels, Fault> {
        type Written = Option<BTreeMap<String, Option<Vec<String>>>>;
        let text = self.labels.as_deref().unwrap_or_default();
        let mut labels = Labels::new();
        if text.is_empty() {
            return Ok(labels);
        }
        let written: Written = serde_json::from_str(text).map_err(|error| {
            // The message of the parser shows what stands there.
            let column = error.column();
            Fault::Row(format!(r#"{self}: labels: not of the form {{"group": ["dev"]}} (at {column})"#))
        })?;
        for (name, values) in written.unwrap_or_default() {
            labels.declare(&*name);
            for value in values.unwrap_or_default() {
                labels.insert(&*name, LabelValue::dangerous_pattern(value));
            }
        }
        Ok(labels)
    }
}

fn hexadecimal(text: &str) -> String {
    use std::fmt::Write as _;
    text.bytes().fold(String::with_capacity(2 * text.len()), |mut all, byte| {
        // Into a text nothing fails.
        let _ = write!(all, "{byte:02X}");
        all
    })
}
