//! A database as the store: PostgreSQL, MariaDB (MySQL) or SQLite.

mod address;
mod error;
mod open;
mod options;
mod schema;
mod statements;

use std::borrow::Cow;
use std::fmt;
use std::sync::Arc;
use std::time::SystemTime;

use sqlx::Row as _;
use token_auth_core::{
    BackendError, Blob, BlobKey, BlobStore, BlobVersion, BlobWrite, LastUse, PageCursor, RandomIds,
    TOUCH_RESOLUTION, TokenId, TokenIds as _, TokenKind, TokenPage, TokenQuery, TokenRecord, TokenStore,
    async_trait, unix_seconds,
};
use tokio::sync::OnceCell;
use tokio::time::timeout;

pub use error::SqlStoreError;
pub use options::SqlOptions;

use super::coded::{Unreadable, decode, encode_text};
use super::digests::{account_digest, blob_digest};
use super::implement::implement_token_store;
use super::listed::{Listed, page};
use crate::database::{Opened, each};
use error::{Fault, NAME};
use statements::Statements;

/// Times and durations beyond this many seconds count as this: sums of them still fit.
const LAST_SECOND: u64 = 1_000_000_000_000;

/// A [`TokenStore`] in a database. Needs a tokio runtime.
///
/// * Replicas share it, and nothing is remembered in the process: a revocation counts on all of them at once.
/// * What has been answered is committed; it is as safe as the database is set to keep it. SQLite writes through to the
///   disk, and serves the processes of one machine.
/// * Its tables are made when they are first needed, unless they are there.
/// * Connections are made when they are needed, at most as many as the options say, and again after every failure.
///
/// ```no_run
/// use token_auth_backends::token_store::sql::{SqlOptions, SqlTokenStore};
///
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> Result<(), token_auth_backends::token_store::sql::SqlStoreError> {
/// let url = "postgres://registry:secret@db.example.com/registry?sslmode=verify-full";
/// let store = SqlTokenStore::new(&SqlOptions::new(url))?;
/// # Ok(())
/// # }
/// ```
#[derive(Clone)]
pub struct SqlTokenStore(Arc<Inner>);

struct Inner {
    opened: Opened,
    statements: Statements,
    prepared: OnceCell<()>,
    options: SqlOptions,
}

impl SqlTokenStore {
    /// A store in this database, which is not asked for anything yet. Within a tokio runtime.
    ///
    /// # Errors
    ///
    /// When the options make no sense, or the file of an SQLite database cannot be made.
    pub fn new(options: &SqlOptions) -> Result<Self, SqlStoreError> {
        let plain = |byte: u8| matches!(byte, b'a'..=b'z' | b'0'..=b'9' | b'_');
        if options.prefix.len() > 32 || !options.prefix.bytes().all(plain) {
            return Err(SqlStoreError::Prefix);
        }
        let opened = open::open(options)?;
        let statements = Statements::new(&options.prefix, opened.database.numbers_parameters());
        Ok(Self(Arc::new(Inner { opened, statements, prepared: OnceCell::new(), options: options.clone() })))
    }

    /// The answer of an operation, in time.
    async fn run<T>(&self, operation: impl Future<Output = Result<T, Fault>>) -> Result<T, BackendError> {
        let whole = async {
            let Inner { opened: Opened { database, file, .. }, statements, prepared, options } = &*self.0;
            if let Some((path, id)) = file {
                id.check(path)?;
            }
            prepared.get_or_try_init(|| schema::prepare(database, statements, &options.prefix)).await?;
            operation.await
        };
        let limit = self.0.options.timeout;
        let answer = timeout(limit, whole).await.unwrap_or(Err(Fault::TimedOut(limit)));
        answer.map_err(|fault| BackendError::new(NAME, fault))
    }
}

/// How many rows a statement has changed.
macro_rules! changed {
    ($inner:expr, $statement:ident $(, $parameter:expr)*) => {
        each!(&$inner.opened.database, pool => {
            sqlx::query($inner.statements.$statement.clone())$(.bind($parameter))*.execute(pool).await
                .map(|done| done.rows_affected())
        }).map_err(Fault::from)
    };
}

/// The rows that a statement finds.
macro_rules! found {
    ($inner:expr, $statement:ident $(, $parameter:expr)*) => {
        each!(&$inner.opened.database, pool => {
            sqlx::query_as($inner.statements.$statement.clone())$(.bind($parameter))*.fetch_all(pool).await
        }).map_err(Fault::from)
    };
}

/// The rows that a statement finds, with what of each can be read.
macro_rules! listed {
    ($inner:expr, $statement:ident $(, $parameter:expr)*) => {
        each!(&$inner.opened.database, pool => {
            let rows = sqlx::query($inner.statements.$statement.clone())$(.bind($parameter))*.fetch_all(pool).await;
            rows.map(|rows| rows.iter().map(|row| FoundRow {
                id: row.try_get(0).ok(),
                record: row.try_get(1).ok().zip(row.try_get(2).ok()),
            }).collect())
        }).map_err(Fault::from)
    };
}

/// A record as it was inserted, and its last use since.
type Record = (String, Option<String>);

/// A row of the table of tokens: what is no text has no part in it.
struct FoundRow {
    id: Option<String>,
    record: Option<Record>,
}

impl FoundRow {
    fn listed(self) -> Option<Listed> {
        let Some(id) = self.id.and_then(|id| id.parse().ok()) else {
            tracing::warn!("a row of the table of tokens has no id of a token: it is passed over");
            return None;
        };
        Some(Listed { id, record: self.record.and_then(|of| record(of).ok()) })
    }
}

impl Inner {
    async fn insert(&self, record: &TokenRecord) -> Result<(), Fault> {
        let json = encode_text(record)?;
        let inserted = changed!(
            self,
            insert,
            record.id.as_str(),
            account_digest(&record.account),
            record.kind.as_str(),
            &json,
            seconds(record.last_active()),
            record.expires.map(seconds),
            record.idle.map(|idle| bounded(idle.as_secs()))
        );
        match inserted {
            Ok(_) => Ok(()),
            Err(fault) if fault.is_duplicate() => Err(Fault::Present),
            Err(fault) => Err(fault),
        }
    }

    async fn get(&self, id: &TokenId) -> Result<Option<TokenRecord>, Fault> {
        let rows: Vec<Record> = found!(self, get, id.as_str())?;
        rows.into_iter().next().map(record).transpose()
    }

    async fn touch(&self, id: &TokenId, last_use: &LastUse) -> Result<(), Fault> {
        let json = serde_json::to_string(last_use).map_err(Unreadable::from)?;
        let time = seconds(last_use.time);
        changed!(self, touch, &json, time, id.as_str(), time).map(drop)
    }

    async fn list(
        &self,
        query: &TokenQuery,
        after: Option<&PageCursor>,
        limit: usize,
    ) -> Result<TokenPage, Fault> {
        let after = after.map(|cursor| cursor.as_str().parse::<TokenId>()).transpose();
        let after = after.map_err(|_| Fault::Cursor)?;
        let mut after = after.as_ref().map_or("", TokenId::as_str).to_owned();
        let mut found = Vec::new();
        // One more than asked for tells whether there is another page.
        while found.len() <= limit {
            let count = limit.saturating_add(1) - found.len();
            let rows = self.rows(query, &after, count).await?;
            let is_last = rows.len() < count;
            // Behind a row without an id nothing can be asked for.
            let last = rows.last().and_then(|row| row.id.clone());
            found.extend(rows.into_iter().filter_map(FoundRow::listed));
            match last {
                Some(last) if !is_last => after = last,
                _ => break,
            }
        }
        Ok(page(found, limit))
    }

    async fn rows(&self, query: &TokenQuery, after: &str, count: usize) -> Result<Vec<FoundRow>, Fault> {
        let account = query.account.as_deref().map(account_digest);
        let count = i64::try_from(count).unwrap_or(i64::MAX);
        match (account, query.kind.map(TokenKind::as_str)) {
            (None, None) => listed!(self, list, after, count),
            (None, Some(kind)) => listed!(self, list_kind, after, kind, count),
            (Some(account), None) => listed!(self, list_account, after, &account, count),
            (Some(account), Some(kind)) => listed!(self, list_account_kind, after, &account, kind, count),
        }
    }

    async fn revoke(&self, id: &TokenId) -> Result<bool, Fault> {
        Ok(changed!(self, revoke, id.as_str())? > 0)
    }

    async fn revoke_account(&self, account: &str, kind: Option<TokenKind>) -> Result<u64, Fault> {
        let account = account_digest(account);
        match kind {
            None => changed!(self, revoke_account, &account),
            Some(kind) => changed!(self, revoke_account_kind, &account, kind.as_str()),
        }
    }

    async fn purge(&self, now: SystemTime) -> Result<u64, Fault> {
        let now = seconds(now);
        let idle = now.saturating_sub(bounded(TOUCH_RESOLUTION.as_secs()));
        changed!(self, purge, now, idle)
    }

    async fn trim(&self, account: &str, kind: TokenKind, keep: usize) -> Result<u64, Fault> {
        let keep = i64::try_from(keep).unwrap_or(i64::MAX);
        let account = account_digest(account);
        let surplus: Vec<(String,)> = found!(self, surplus, &account, kind.as_str(), keep)?;
        let mut removed = 0;
        for (id,) in surplus {
            removed += changed!(self, revoke, &id)?;
        }
        Ok(removed)
    }

    async fn read_blob(&self, key: &BlobKey) -> Result<Option<Blob>, Fault> {
        let rows: Vec<(String, Vec<u8>)> = found!(self, read_blob, blob_digest(key))?;
        Ok(rows.into_iter().next().map(|(version, data)| Blob::new(data, BlobVersion::new(version))))
    }

    async fn write_blob(
        &self,
        key: &BlobKey,
        expected: Option<&BlobVersion>,
        data: &[u8],
    ) -> Result<BlobWrite, Fault> {
        let key = blob_digest(key);
        let version = RandomIds.next_id().map_err(|_| Fault::NoRandomness)?;
        let written = match expected {
            None => changed!(self, insert_blob, &key, &version, data),
            Some(expected) => changed!(self, update_blob, &version, data, &key, expected.as_str()),
        };
        match written {
            Ok(0) => Ok(BlobWrite::Conflict),
            Ok(_) => Ok(BlobWrite::Written(BlobVersion::new(version))),
            Err(fault) if expected.is_none() && fault.is_duplicate() => Ok(BlobWrite::Conflict),
            Err(fault) => Err(fault),
        }
    }

    async fn remove_blob(&self, key: &BlobKey) -> Result<bool, Fault> {
        Ok(changed!(self, remove_blob, blob_digest(key))? > 0)
    }
}

fn record((record, last_use): Record) -> Result<TokenRecord, Fault> {
    let mut record = decode(record.as_bytes())?;
    if let Some(last_use) = last_use {
        record.last_use = Some(serde_json::from_str(&last_use).map_err(Unreadable::from)?);
    }
    Ok(record)
}

fn bounded(seconds: u64) -> i64 {
    i64::try_from(seconds.min(LAST_SECOND)).unwrap_or(i64::MAX)
}

fn seconds(time: SystemTime) -> i64 {
    bounded(unix_seconds(time))
}

implement_token_store!(SqlTokenStore);

impl fmt::Debug for SqlTokenStore {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SqlTokenStore").field("options", &self.0.options).finish_non_exhaustive()
    }
}
