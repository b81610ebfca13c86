//! The embedded store: one file, for one machine.

mod error;
mod file;
mod held;
mod open;
mod tables;
#[cfg(test)]
mod tests;
mod writer;

use std::borrow::Cow;
use std::fmt;
use std::path::Path;
use std::sync::Arc;
use std::time::SystemTime;

use redb::ReadableDatabase as _;
use token_auth_core::{
    BackendError, Blob, BlobKey, BlobStore, BlobVersion, BlobWrite, LastUse, PageCursor, TokenId, TokenKind,
    TokenPage, TokenQuery, TokenRecord, TokenStore, async_trait,
};
use tokio::task::spawn_blocking;

pub use error::RedbStoreError;
use error::{Fault, NAME};
use held::Held;
use tables::{Reading, Writing};
use writer::Writer;

/// A [`TokenStore`] in one file of the machine that the server runs on. Needs a tokio runtime.
///
/// * What has been answered is on the disk: it survives `kill -9`, and a power failure as far as the disk keeps its word.
///   Writes that come at the same time are put on the disk together. Only the time of a token's last use may be lost.
/// * One process has the file open; another one is refused. Within a process, opening the file again gives the same store,
///   so that a configuration can be read again.
/// * After a failure of the disk, as when it was full for a moment, it opens its file again by itself and goes on.
/// * A file that was moved away or replaced while it is open is an error of every operation: never is there an empty store
///   in its place.
/// * Only the user that the server runs as can read the file. It holds no secret that a token could be made of.
///
/// ```no_run
/// use token_auth_backends::token_store::redb::RedbTokenStore;
///
/// let store = RedbTokenStore::open("/var/lib/docker-auth/tokens.redb")?;
/// # Ok::<(), token_auth_backends::token_store::redb::RedbStoreError>(())
/// ```
#[derive(Clone)]
pub struct RedbTokenStore(Arc<Inner>);

struct Inner {
    /// First, so that what waits is written before the file is closed.
    writer: Writer,
    held: Arc<Held>,
}

impl RedbTokenStore {
    /// Opens the store in this file, which is made if it is not there; its folder must be there. Blocks while it does.
    ///
    /// # Errors
    ///
    /// When another process has it open, or the file cannot be used.
    pub fn open(path: impl AsRef<Path>) -> Result<Self, RedbStoreError> {
        open::shared(path.as_ref())
    }

    /// The file.
    pub fn path(&self) -> &Path {
        self.0.held.path()
    }

    /// Whether anything is sealed in it. Blocks while it looks.
    #[cfg(all(feature = "config", feature = "oauth2"))]
    pub(crate) fn has_blobs(&self) -> Result<bool, BackendError> {
        let held = &self.0.held;
        let has = held.run(|database| Reading::begin(&database.begin_read()?)?.has_blobs());
        has.map_err(|fault| BackendError::new(NAME, fault))
    }

    async fn read<T: Send + 'static>(
        &self,
        operation: impl Fn(&Reading) -> Result<T, Fault> + Send + 'static,
    ) -> Result<T, BackendError> {
        let held = Arc::clone(&self.0.held);
        let work =
            spawn_blocking(move || held.run(|database| operation(&Reading::begin(&database.begin_read()?)?)));
        work.await
            .map_err(|error| BackendError::new(NAME, error))?
            .map_err(|fault| BackendError::new(NAME, fault))
    }

    async fn write<T: Send + 'static>(
        &self,
        operation: impl FnOnce(&mut Writing<'_>) -> Result<T, Fault> + Send + 'static,
    ) -> Result<T, BackendError> {
        self.0.writer.write(true, operation).await
    }
}

#[async_trait]
impl TokenStore for RedbTokenStore {
    async fn insert(&self, record: &TokenRecord) -> Result<(), BackendError> {
        let record = record.clone();
        match self.write(move |tables| tables.insert(&record)).await? {
            true => Ok(()),
            false => Err(BackendError::new(NAME, "there is a record of this id already")),
        }
    }

    async fn get(&self, id: &TokenId) -> Result<Option<TokenRecord>, BackendError> {
        let id = id.clone();
        self.read(move |tables| tables.get(&id)).await
    }

    async fn touch(&self, id: &TokenId, last_use: &LastUse) -> Result<(), BackendError> {
        let (id, last_use) = (id.clone(), last_use.clone());
        self.0.writer.write(false, move |tables| tables.touch(&id, last_use)).await
    }

    async fn list(
        &self,
        query: &TokenQuery,
        after: Option<&PageCursor>,
        limit: usize,
    ) -> Result<TokenPage, BackendError> {
        let after = after.map(|cursor| cursor.as_str().parse::<TokenId>()).transpose();
        let after = after.map_err(|error| BackendError::new(NAME, error))?;
        let query = query.clone();
        self.read(move |tables| tables.list(&query, after.as_ref(), limit.max(1))).await
    }

    async fn revoke(&self, id: &TokenId) -> Result<bool, BackendError> {
        let id = id.clone();
        self.write(move |tables| tables.remove(&id)).await
    }

    async fn revoke_account(&self, account: &str, kind: Option<TokenKind>) -> Result<u64, BackendError> {
        let account = account.to_owned();
        self.write(move |tables| tables.remove_account(&account, kind)).await
    }

    async fn purge(&self, now: SystemTime) -> Result<u64, BackendError> {
        // Found without a lock, and looked at again with it: meanwhile one may have been used.
        let ended = self.read(move |tables| tables.ended(now)).await?;
        let mut removed = 0;
        for some in ended.chunks(500) {
            let some = some.to_vec();
            removed += self.write(move |tables| tables.remove_ended(&some, now)).await?;
        }
        Ok(removed)
    }

    async fn trim(&self, account: &str, kind: TokenKind, keep: usize) -> Result<u64, BackendError> {
        let account = account.to_owned();
        let surplus = self.read(move |tables| tables.surplus(&account, kind, keep)).await?;
        if surplus.is_empty() {
            return Ok(0);
        }
        self.write(move |tables| {
            surplus.iter().try_fold(0, |removed, id| Ok(removed + u64::from(tables.remove(id)?)))
        })
        .await
    }

    fn name(&self) -> Cow<'static, str> {
        NAME.into()
    }
}

#[async_trait]
impl BlobStore for RedbTokenStore {
    async fn read_blob(&self, key: &BlobKey) -> Result<Option<Blob>, BackendError> {
        let key = key.clone();
        self.read(move |tables| tables.blob(&key)).await
    }

    async fn write_blob(
        &self,
        key: &BlobKey,
        expected: Option<&BlobVersion>,
        data: &[u8],
    ) -> Result<BlobWrite, BackendError> {
        let (key, expected, data) = (key.clone(), expected.cloned(), data.to_vec());
        self.write(move |tables| tables.write_blob(&key, expected.as_ref(), &data)).await
    }

    async fn remove_blob(&self, key: &BlobKey) -> Result<bool, BackendError> {
        let key = key.clone();
        self.write(move |tables| tables.remove_blob(&key)).await
    }
}

impl fmt::Debug for RedbTokenStore {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("RedbTokenStore").field("path", &self.0.held.path()).finish_non_exhaustive()
    }
}
