//! A store that forgets.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::collections::btree_map::Entry;
use std::fmt;
use std::ops::Bound;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::SystemTime;

use async_trait::async_trait;

use super::{
    Blob, BlobKey, BlobStore, BlobVersion, BlobWrite, LastUse, PageCursor, TokenId, TokenKind, TokenPage,
    TokenQuery, TokenRecord, TokenStore,
};
use crate::BackendError;

/// A [`TokenStore`] and [`BlobStore`] in memory, for tests, and for servers whose tokens may end when they do. Nothing is
/// written anywhere.
///
/// ```
/// use token_auth_core::{MemoryTokenStore, TokenQuery, TokenStore};
///
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> Result<(), token_auth_core::BackendError> {
/// let store = MemoryTokenStore::default();
/// assert!(store.list(&TokenQuery::all(), None, 100).await?.records.is_empty());
/// # Ok(())
/// # }
/// ```
#[derive(Default)]
pub struct MemoryTokenStore(Mutex<Content>);

#[derive(Default)]
struct Content {
    records: BTreeMap<TokenId, TokenRecord>,
    blobs: BTreeMap<BlobKey, Blob>,
    /// Versions are never given twice.
    versions: u64,
}

impl MemoryTokenStore {
    fn lock(&self) -> MutexGuard<'_, Content> {
        // Nothing that is done under the lock can stop half-way.
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn remove_if(&self, mut condition: impl FnMut(&TokenRecord) -> bool) -> u64 {
        let mut content = self.lock();
        let before = content.records.len();
        content.records.retain(|_, record| !condition(record));
        (before - content.records.len()) as u64
    }
}

#[async_trait]
impl TokenStore for MemoryTokenStore {
    async fn insert(&self, record: &TokenRecord) -> Result<(), BackendError> {
        match self.lock().records.entry(record.id.clone()) {
            Entry::Vacant(place) => {
                place.insert(record.clone());
                Ok(())
            }
            Entry::Occupied(_) => Err(BackendError::new(self.name(), "there is a record of this id already")),
        }
    }

    async fn get(&self, id: &TokenId) -> Result<Option<TokenRecord>, BackendError> {
        Ok(self.lock().records.get(id).cloned())
    }

    async fn touch(&self, id: &TokenId, last_use: &LastUse) -> Result<(), BackendError> {
        if let Some(record) = self.lock().records.get_mut(id) {
            record.last_use = Some(last_use.clone());
        }
        Ok(())
    }

    async fn list(
        &self,
        query: &TokenQuery,
        after: Option<&PageCursor>,
        limit: usize,
    ) -> Result<TokenPage, BackendError> {
        let after = after.map(|cursor| cursor.as_str().parse::<TokenId>()).transpose();
        let after = after.map_err(|error| BackendError::new(self.name(), error))?;
        let begin = after.map_or(Bound::Unbounded, Bound::Excluded);
        let content = self.lock();
        let mut found = content
            .records
            .range((begin, Bound::Unbounded))
            .map(|(_, record)| record)
            .filter(|record| query.matches(record));
        let records: Vec<_> = found.by_ref().take(limit.max(1)).cloned().collect();
        let next = found.next().and(records.last()).map(|last| PageCursor::new(last.id.as_str()));
        Ok(TokenPage::new(records, next))
    }

    async fn revoke(&self, id: &TokenId) -> Result<bool, BackendError> {
        Ok(self.lock().records.remove(id).is_some())
    }

    async fn revoke_account(&self, account: &str, kind: Option<TokenKind>) -> Result<u64, BackendError> {
        let query = TokenQuery { account: Some(account.to_owned()), kind };
        Ok(self.remove_if(|record| query.matches(record)))
    }

    async fn purge(&self, now: SystemTime) -> Result<u64, BackendError> {
        Ok(self.remove_if(|record| record.has_ended(now)))
    }

    fn name(&self) -> Cow<'static, str> {
        "memory".into()
    }
}

#[async_trait]
impl BlobStore for MemoryTokenStore {
    async fn read_blob(&self, key: &BlobKey) -> Result<Option<Blob>, BackendError> {
        Ok(self.lock().blobs.get(key).cloned())
    }

    async fn write_blob(
        &self,
        key: &BlobKey,
        expected: Option<&BlobVersion>,
        data: &[u8],
    ) -> Result<BlobWrite, BackendError> {
        let mut content = self.lock();
        if content.blobs.get(key).map(|blob| &blob.version) != expected {
            return Ok(BlobWrite::Conflict);
        }
        content.versions += 1;
        let version = BlobVersion::new(content.versions.to_string());
        content.blobs.insert(key.clone(), Blob::new(data, version.clone()));
        Ok(BlobWrite::Written(version))
    }

    async fn remove_blob(&self, key: &BlobKey) -> Result<bool, BackendError> {
        Ok(self.lock().blobs.remove(key).is_some())
    }
}

impl fmt::Debug for MemoryTokenStore {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let content = self.lock();
        f.debug_struct("MemoryTokenStore")
            .field("records", &content.records.len())
            .field("blobs", &content.blobs.len())
            .finish()
    }
}
