//! Object storage as the store: S3 and what speaks as it does, Google Cloud Storage, Azure Blob Storage.

mod bounded;
mod error;
mod layout;
mod options;
mod storage;
#[cfg(test)]
mod tests;

use std::borrow::Cow;
use std::fmt;
use std::sync::Arc;
use std::time::SystemTime;

use futures_util::future::{try_join, try_join_all};
use futures_util::{StreamExt as _, TryStreamExt as _, stream};
use object_store::path::Path;
use object_store::{ObjectStore, UpdateVersion};
use token_auth_core::{
    BackendError, Blob, BlobKey, BlobStore, BlobVersion, BlobWrite, LastUse, PageCursor, RandomIds, TokenId,
    TokenIds as _, TokenKind, TokenPage, TokenQuery, TokenRecord, TokenStore, async_trait, unix_seconds,
};
use tokio::sync::OnceCell;

pub use bounded::BoundedConnector;
pub use error::ObjectStoreError;
/// The crate whose stores [`ObjectTokenStore::new`] takes.
pub use object_store;
pub use options::ObjectOptions;

use super::coded::{Unreadable, decode, encode};
use super::implement::implement_token_store;
use super::listed::{Listed, page, surplus};
use error::{Fault, NAME};
use layout::Layout;
use storage::{Object, Put, Storage};

/// What stands under the name of the layout.
const LAYOUT: &[u8] = b"token-auth 1\n";
/// How many names of a listing are looked into at once, at most.
const PAGE: usize = 500;

/// A [`TokenStore`] in object storage. Needs a tokio runtime.
///
/// * Replicas share it, and nothing is remembered in the process: a revocation counts on all of them at once. The storage
///   must be strongly consistent, as S3, Google Cloud Storage and Azure Blob Storage are.
/// * What has been answered is as safe as the storage keeps it.
/// * Whether it heeds `If-None-Match` and `If-Match` is tried out when it is first asked; without them, or if it does not list
///   names in their order, there are errors, not wrong answers.
/// * Made for few and small writes: each new token is three or four of them, each use two reads and at most one write a
///   minute.
///
/// ```no_run
/// use std::sync::Arc;
/// use token_auth_backends::token_store::object::object_store::aws::AmazonS3Builder;
/// use token_auth_backends::token_store::object::{ObjectOptions, ObjectTokenStore};
///
/// # fn main() -> Result<(), Box<dyn std::error::Error>> {
/// let bucket = AmazonS3Builder::from_env().with_bucket_name("registry-tokens").build()?;
/// let store = ObjectTokenStore::new(Arc::new(bucket), &ObjectOptions::default())?;
/// # Ok(())
/// # }
/// ```
#[derive(Clone)]
pub struct ObjectTokenStore(Arc<Inner>);

struct Inner {
    storage: Storage,
    layout: Layout,
    at_once: usize,
    prepared: OnceCell<()>,
}

impl ObjectTokenStore {
    /// A store in this bucket or container, which is not asked for anything yet.
    ///
    /// # Errors
    ///
    /// When the prefix is no beginning of a name.
    pub fn new(objects: Arc<dyn ObjectStore>, options: &ObjectOptions) -> Result<Self, ObjectStoreError> {
        let prefix = Path::parse(&options.prefix).map_err(|_| ObjectStoreError::Prefix)?;
        let storage = Storage { objects, timeout: options.timeout, largest: options.largest };
        let at_once = options.at_once.max(1);
        Ok(Self(Arc::new(Inner { storage, layout: Layout(prefix), at_once, prepared: OnceCell::new() })))
    }

    /// The answer of an operation, after the storage has been tried out.
    async fn run<T>(&self, operation: impl Future<Output = Result<T, Fault>>) -> Result<T, BackendError> {
        let whole = async {
            self.0.prepared.get_or_try_init(|| self.0.prepare()).await?;
            operation.await
        };
        whole.await.map_err(|fault| BackendError::new(NAME, fault))
    }
}

impl Inner {
    /// Leaves a mark that says which layout this is, and looks whether conditions are heeded.
    async fn prepare(&self) -> Result<(), Fault> {
        let marker = self.layout.marker();
        let mark = async |expected| self.storage.put_if(&marker, expected, LAYOUT.to_vec()).await;
        if let Put::Done(_) = mark(None).await? {
            // Nobody was here before; now somebody was.
            if let Put::Done(_) = mark(None).await? {
                return Err(Fault::Unconditional);
            }
        }
        match self.storage.get(&marker).await? {
            Some(found) if found.data == LAYOUT => {}
            _ => return Err(Fault::Layout),
        }
        // Google's generations are numbers.
        let never = UpdateVersion { e_tag: Some("\"never\"".to_owned()), version: Some("1".to_owned()) };
        match mark(Some(never)).await? {
            Put::Done(_) => Err(Fault::Unconditional),
            Put::Refused => Ok(()),
        }
    }

    async fn insert(&self, record: &TokenRecord) -> Result<(), Fault> {
        let (token, entry) = (self.layout.token(&record.id), self.layout.entry(record));
        // First the names by which it is found, then the record: so there is none that is not found.
        let end = self.layout.end(record).map(|end| (end, entry.as_ref().as_bytes().to_vec()));
        let names = end.into_iter().chain([(entry.clone(), Vec::new())]);
        try_join_all(names.map(|(name, data)| async move { self.storage.put(&name, data).await })).await?;
        if let Put::Done(_) = self.storage.put_if(&token, None, encode(record)?).await? {
            return Ok(());
        }
        match self.storage.get(&token).await?.map(|found| decode(&found.data)).transpose()? {
            // A request that was repeated has found its own work.
            Some(there) if there == *record => Ok(()),
            Some(there) if self.layout.entry(&there) == entry => Err(Fault::Present),
            _ => {
                self.storage.delete(&entry).await?;
                Err(Fault::Present)
            }
        }
    }

    async fn get(&self, id: &TokenId) -> Result<Option<TokenRecord>, Fault> {
        let (token, last_use) = (self.layout.token(id), self.layout.last_use(id));
        let (record, last_use) = try_join(self.storage.get(&token), self.storage.get(&last_use)).await?;
        let Some(record) = record else { return Ok(None) };
        let mut record = decode(&record.data)?;
        if let Some(last_use) = last_use {
            record.last_use = Some(serde_json::from_slice(&last_use.data).map_err(Unreadable::from)?);
        }
        Ok(Some(record))
    }

    /// Those of these tokens that are there, in the same order.
    async fn find_all(&self, ids: Vec<TokenId>) -> Result<Vec<Listed>, Fault> {
        let find = |id: TokenId| async move {
            match self.get(&id).await {
                Ok(record) => Ok(record.map(Listed::new)),
                Err(Fault::Unreadable(_) | Fault::TooLarge(_)) => Ok(Some(Listed { id, record: None })),
                Err(fault) => Err(fault),
            }
        };
        let found: Vec<_> = stream::iter(ids).map(find).buffered(self.at_once).try_collect().await?;
        Ok(found.into_iter().flatten().collect())
    }

    /// An object of its own, so that none can bring a record back.
    async fn touch(&self, id: &TokenId, last_use: &LastUse) -> Result<(), Fault> {
        let json = serde_json::to_vec(last_use).map_err(Unreadable::from)?;
        self.storage.put(&self.layout.last_use(id), json).await
    }

    async fn list(
        &self,
        query: &TokenQuery,
        after: Option<&PageCursor>,
        limit: usize,
    ) -> Result<TokenPage, Fault> {
        let after = after.map(|cursor| cursor.as_str().parse::<TokenId>()).transpose();
        let after = after.map_err(|_| Fault::Cursor)?;
        // One more than asked for tells whether there is another page.
        let wanted = limit.saturating_add(1);
        let found = match &query.account {
            Some(account) => self.records_of(account, query, after.as_ref(), wanted).await?,
            None => self.records(query, after, wanted).await?,
        };
        Ok(page(found, limit))
    }

    /// So many records of all accounts, in the order of their ids.
    async fn records(
        &self,
        query: &TokenQuery,
        after: Option<TokenId>,
        wanted: usize,
    ) -> Result<Vec<Listed>, Fault> {
        let begin = after.as_ref().map(|id| self.layout.token(id));
        let mut names = self.storage.list(&self.layout.tokens(), begin.as_ref());
        let (mut last, mut records) = (None, Vec::new());
        while records.len() < wanted {
            let mut ids = Vec::new();
            while ids.len() < wanted.min(PAGE) {
                let Some(name) = names.next().await? else { break };
                let Some(id) = layout::id(&name) else { continue };
                if last.is_some_and(|last| last >= id) {
                    return Err(Fault::Order);
                }
                last = Some(id.clone());
                // Some begin at the beginning all the same.
                if after.as_ref().is_none_or(|after| *after < id) {
                    ids.push(id);
                }
            }
            if ids.is_empty() {
                break;
            }
            let found = self.find_all(ids).await?.into_iter();
            records.extend(found.filter(|token| is_wanted(token, query)));
        }
        records.truncate(wanted);
        Ok(records)
    }

    /// So many records of an account, in the order of their ids.
    async fn records_of(
        &self,
        account: &str,
        query: &TokenQuery,
        after: Option<&TokenId>,
        wanted: usize,
    ) -> Result<Vec<Listed>, Fault> {
        let mut ids = self.ids_of(account, query.kind).await?;
        ids.retain(|id| after.is_none_or(|after| after < id));
        let mut records = Vec::new();
        while !ids.is_empty() && records.len() < wanted {
            let rest = ids.split_off(ids.len().min(wanted.min(PAGE)));
            let found = self.find_all(std::mem::replace(&mut ids, rest)).await?.into_iter();
            records.extend(found.filter(|token| is_wanted(token, query)));
        }
        records.truncate(wanted);
        Ok(records)
    }

    /// The ids of an account's tokens in their order, with those of insertions that are under way or have failed.
    async fn ids_of(&self, account: &str, kind: Option<TokenKind>) -> Result<Vec<TokenId>, Fault> {
        let mut names = self.storage.list(&self.layout.account(account), None);
        let mut ids = Vec::new();
        while let Some(name) = names.next().await? {
            match layout::entry(&name) {
                Some((id, of)) if kind.is_none_or(|kind| kind == of) => ids.push(id),
                _ => {}
            }
        }
        ids.sort_unstable();
        Ok(ids)
    }

    async fn revoke(&self, id: &TokenId) -> Result<bool, Fault> {
        let Some(record) = self.glance(id).await? else { return Ok(false) };
        self.remove(id, record.as_ref()).await?;
        Ok(true)
    }

    async fn revoke_account(&self, account: &str, kind: Option<TokenKind>) -> Result<u64, Fault> {
        let ids = self.ids_of(account, kind).await?;
        let revoke = |id: TokenId| async move {
            // Without a record it may be an insertion under way, whose entry must stay.
            let Some(record) = self.glance(&id).await? else { return Ok(0) };
            if record.as_ref().is_some_and(|record| record.account != account) {
                return Ok(0);
            }
            self.remove(&id, record.as_ref()).await?;
            Ok(1)
        };
        let counts = stream::iter(ids).map(revoke).buffer_unordered(self.at_once);
        counts.try_fold(0, |sum, count| async move { Ok(sum + count) }).await
    }

    /// The record that is to be removed; nothing within if there is one that cannot be read.
    async fn glance(&self, id: &TokenId) -> Result<Option<Option<TokenRecord>>, Fault> {
        match self.storage.get(&self.layout.token(id)).await {
            Ok(found) => Ok(found.map(|found| decode(&found.data).ok())),
            Err(Fault::TooLarge(_)) => Ok(Some(None)),
            Err(fault) => Err(fault),
        }
    }

    /// Removes a record, and then what is left of the token.
    async fn remove(&self, id: &TokenId, record: Option<&TokenRecord>) -> Result<(), Fault> {
        self.storage.delete(&self.layout.token(id)).await?;
        self.forget(id, record.map(|record| self.layout.entry(record))).await;
        Ok(())
    }

    /// Removes what is left of a token whose record is gone for good. What cannot be removed is passed over from now on.
    async fn forget(&self, id: &TokenId, entry: Option<Path>) {
        for name in entry.into_iter().chain([self.layout.last_use(id)]) {
            if let Err(fault) = self.storage.delete(&name).await {
                tracing::debug!(error = %fault, "what is left of a token is cleared up later");
            }
        }
    }

    async fn purge(&self, now: SystemTime) -> Result<u64, Fault> {
        let mut names = self.storage.list(&self.layout.ends(), None);
        let (mut due, now_second) = (Vec::new(), unix_seconds(now));
        while let Some(name) = names.next().await? {
            if let (Some(second), Some(id)) = (layout::second(&name), layout::id(&name))
                && second <= now_second
            {
                due.push((name, id));
            }
        }
        let end = |(name, id)| async move { self.end(&name, &id, now).await };
        let counts = stream::iter(due).map(end).buffer_unordered(self.at_once);
        counts.try_fold(0, |sum, count| async move { Ok(sum + count) }).await
    }

    /// Removes a token if it has ended, and notes otherwise when it may.
    async fn end(&self, name: &Path, id: &TokenId, now: SystemTime) -> Result<u64, Fault> {
        let record = match self.get(id).await {
            // One that cannot be read stays, for somebody to look at.
            Err(Fault::Unreadable(_) | Fault::TooLarge(_)) => return Ok(0),
            record => record?,
        };
        let ended = match record {
            Some(record) if record.has_ended(now) => {
                self.remove(id, Some(&record)).await?;
                1
            }
            Some(record) => {
                if let Some(later) = self.layout.end(&record) {
                    let entry = self.layout.entry(&record);
                    self.storage.put(&later, entry.as_ref().as_bytes().to_vec()).await?;
                }
                0
            }
            // Revoked, or never inserted.
            None => {
                let entry =
                    self.storage.get(name).await?.and_then(|found| String::from_utf8(found.data).ok());
                let entry = entry.and_then(|entry| Path::parse(entry).ok());
                let entry = entry.filter(|entry| layout::entry(entry).is_some_and(|(of, _)| of == *id));
                self.forget(id, entry).await;
                0
            }
        };
        self.storage.delete(name).await?;
        Ok(ended)
    }

    async fn trim(&self, account: &str, kind: TokenKind, keep: usize) -> Result<u64, Fault> {
        let ids = self.ids_of(account, Some(kind)).await?;
        if ids.len() <= keep {
            return Ok(0);
        }
        let query = TokenQuery::all().of_account(account);
        let found = self.find_all(ids).await?.into_iter().filter(|token| is_wanted(token, &query));
        let mut removed = 0;
        for id in surplus(found.collect(), keep) {
            removed += u64::from(self.revoke(&id).await?);
        }
        Ok(removed)
    }

    async fn read_blob(&self, key: &BlobKey) -> Result<Option<Blob>, Fault> {
        let Some(Object { data, version }) = self.storage.get(&self.layout.blob(key)).await? else {
            return Ok(None);
        };
        let begin = data.iter().position(|byte| *byte == b'\n').ok_or(Fault::Blob)?;
        let data = data.into_iter().skip(begin + 1).collect::<Vec<_>>();
        Ok(Some(Blob::new(data, to_text(version))))
    }

    async fn write_blob(
        &self,
        key: &BlobKey,
        expected: Option<&BlobVersion>,
        data: &[u8],
    ) -> Result<BlobWrite, Fault> {
        let path = self.layout.blob(key);
        // A version may be the digest of the content: a random word makes it differ each time.
        let mut content = RandomIds.next_id().map_err(|_| Fault::NoRandomness)?.into_bytes();
        content.push(b'\n');
        content.extend_from_slice(data);
        if let Put::Done(version) =
            self.storage.put_if(&path, expected.map(from_text), content.clone()).await?
        {
            return Ok(BlobWrite::Written(to_text(version)));
        }
        Ok(match self.storage.get(&path).await? {
            // A request that was repeated has found its own work.
            Some(found) if found.data == content => BlobWrite::Written(to_text(found.version)),
            _ => BlobWrite::Conflict,
        })
    }

    async fn remove_blob(&self, key: &BlobKey) -> Result<bool, Fault> {
        let path = self.layout.blob(key);
        let there = self.storage.get(&path).await?.is_some();
        if there {
            self.storage.delete(&path).await?;
        }
        Ok(there)
    }
}

/// Whether a token was asked for, as far as its record can be read.
fn is_wanted(token: &Listed, query: &TokenQuery) -> bool {
    token.record.as_ref().is_none_or(|record| query.matches(record))
}

fn to_text(version: UpdateVersion) -> BlobVersion {
    let UpdateVersion { e_tag, version } = version;
    BlobVersion::new(format!("{}\n{}", e_tag.unwrap_or_default(), version.unwrap_or_default()))
}

fn from_text(version: &BlobVersion) -> UpdateVersion {
    // One that is none of ours is nobody's: Google's generations are large, and 0 means that there is no object.
    let (e_tag, version) = version.as_str().split_once('\n').unwrap_or((version.as_str(), "1"));
    let some = |text: &str| Some(text.to_owned()).filter(|text| !text.is_empty());
    UpdateVersion { e_tag: some(e_tag), version: some(version) }
}

implement_token_store!(ObjectTokenStore);

impl fmt::Debug for ObjectTokenStore {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ObjectTokenStore").field("prefix", &self.0.layout.0.as_ref()).finish_non_exhaustive()
    }
}
