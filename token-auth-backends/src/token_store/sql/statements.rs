//! What is asked, in words that all dialects have.

use sqlx::{AssertSqlSafe, SqlSafeStr as _, SqlStr};

/// Each with its parameters in the order in which they are bound.
pub(super) struct Statements {
    /// The number of the layout.
    pub(super) layout: SqlStr,
    /// id, account, kind, record, active, expires, idle
    pub(super) insert: SqlStr,
    /// id
    pub(super) get: SqlStr,
    /// last use, active, id, active
    pub(super) touch: SqlStr,
    /// id, limit
    pub(super) list: SqlStr,
    /// id, kind, limit
    pub(super) list_kind: SqlStr,
    /// id, account, limit
    pub(super) list_account: SqlStr,
    /// id, account, kind, limit
    pub(super) list_account_kind: SqlStr,
    /// id
    pub(super) revoke: SqlStr,
    /// account
    pub(super) revoke_account: SqlStr,
    /// account, kind
    pub(super) revoke_account_kind: SqlStr,
    /// now, now without the resolution of uses
    pub(super) purge: SqlStr,
    /// account, kind, how many to pass over: the ids of the others
    pub(super) surplus: SqlStr,
    /// key
    pub(super) read_blob: SqlStr,
    /// key, version, data
    pub(super) insert_blob: SqlStr,
    /// new version, data, key, old version
    pub(super) update_blob: SqlStr,
    /// key
    pub(super) remove_blob: SqlStr,
}

impl Statements {
    /// For tables with this prefix; `numbered` where parameters are `$1`, `$2` and not `?`.
    pub(super) fn new(prefix: &str, numbered: bool) -> Self {
        let sql = |text: &str| {
            let text = text.replace("TOKENS", &format!("{prefix}tokens"));
            let text = text.replace("BLOBS", &format!("{prefix}blobs"));
            let text = text.replace("LAYOUT", &format!("{prefix}layout"));
            AssertSqlSafe(if numbered { number(&text) } else { text }).into_sql_str()
        };
        let list = |condition: &str| {
            sql(&format!(
                "SELECT id, record, last_use FROM TOKENS WHERE id > ?{condition} ORDER BY id LIMIT ?"
            ))
        };
        Self {
            layout: sql("SELECT layout FROM LAYOUT ORDER BY layout DESC LIMIT 1"),
            insert: sql(
                "INSERT INTO TOKENS (id, account_digest, kind, record, active_at, expires_at, idle_seconds) \
                 VALUES (?, ?, ?, ?, ?, ?, ?)",
            ),
            get: sql("SELECT record, last_use FROM TOKENS WHERE id = ?"),
            touch: sql("UPDATE TOKENS SET last_use = ?, active_at = ? WHERE id = ? AND active_at <= ?"),
            list: list(""),
            list_kind: list(" AND kind = ?"),
            list_account: list(" AND account_digest = ?"),
            list_account_kind: list(" AND account_digest = ? AND kind = ?"),
            revoke: sql("DELETE FROM TOKENS WHERE id = ?"),
            revoke_account: sql("DELETE FROM TOKENS WHERE account_digest = ?"),
            revoke_account_kind: sql("DELETE FROM TOKENS WHERE account_digest = ? AND kind = ?"),
            purge: sql("DELETE FROM TOKENS WHERE expires_at <= ? OR active_at + idle_seconds <= ?"),
            surplus: sql("SELECT id FROM TOKENS WHERE account_digest = ? AND kind = ? \
                 ORDER BY active_at DESC, id DESC LIMIT 1000000 OFFSET ?"),
            read_blob: sql("SELECT version, data FROM BLOBS WHERE key_digest = ?"),
            insert_blob: sql("INSERT INTO BLOBS (key_digest, version, data) VALUES (?, ?, ?)"),
            update_blob: sql("UPDATE BLOBS SET version = ?, data = ? WHERE key_digest = ? AND version = ?"),
            remove_blob: sql("DELETE FROM BLOBS WHERE key_digest = ?"),
        }
    }
}

/// `?`, `?` become `$1`, `$2`.
fn number(sql: &str) -> String {
    let mut parts = sql.split('?');
    let first = parts.next().unwrap_or_default().to_owned();
    parts.zip(1..).fold(first, |sql, (part, number)| format!("{sql}${number}{part}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parameters_are_numbered() {
        assert_eq!(number("a = ? AND b = ?"), "a = $1 AND b = $2");
        let statement = Statements::new("x_", true).update_blob;
        assert_eq!(
            statement.as_str(),
            "UPDATE x_blobs SET version = $1, data = $2 WHERE key_digest = $3 AND version = $4"
        );
    }
}
