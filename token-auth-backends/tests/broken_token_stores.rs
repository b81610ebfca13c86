//! The contract suite of token stores finds what is wrong with a store.
#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};
use std::time::SystemTime;

use token_auth_backends::testkit::{check_token_store, check_token_store_lasts};
use token_auth_backends::{
    BackendError, Blob, BlobKey, BlobStore, BlobVersion, BlobWrite, LastUse, MemoryTokenStore, PageCursor,
    TokenId, TokenKind, TokenPage, TokenQuery, TokenRecord, TokenStore, async_trait,
};

/// What is wrong with it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Fault {
    ForgetsNetworks,
    ReplacesRecords,
    MakesRecordsByTouch,
    IgnoresTouch,
    BringsBackByTouch,
    SaysRevokedAlways,
    KeepsRevoked,
    ListsTwice,
    LosesBetweenPages,
    CountsPages,
    ListsTooMany,
    NeverEnds,
    IgnoresKind,
    FindsAccountsByBeginning,
    RevokesByBeginning,
    RevokesEachKind,
    PurgesNothing,
    PurgesAll,
    PurgesByCreation,
    EndsAtOnce,
    TrimsTheActive,
    TrimsEachKind,
    WritesBlindly,
    MixesBlobKeys,
    RepeatsVersions,
    KeepsBlobs,
    NoName,
}

const FAULTS: [Fault; 27] = [
    Fault::ForgetsNetworks,
    Fault::ReplacesRecords,
    Fault::MakesRecordsByTouch,
    Fault::IgnoresTouch,
    Fault::BringsBackByTouch,
    Fault::SaysRevokedAlways,
    Fault::KeepsRevoked,
    Fault::ListsTwice,
    Fault::LosesBetweenPages,
    Fault::CountsPages,
    Fault::ListsTooMany,
    Fault::NeverEnds,
    Fault::IgnoresKind,
    Fault::FindsAccountsByBeginning,
    Fault::RevokesByBeginning,
    Fault::RevokesEachKind,
    Fault::PurgesNothing,
    Fault::PurgesAll,
    Fault::PurgesByCreation,
    Fault::EndsAtOnce,
    Fault::TrimsTheActive,
    Fault::TrimsEachKind,
    Fault::WritesBlindly,
    Fault::MixesBlobKeys,
    Fault::RepeatsVersions,
    Fault::KeepsBlobs,
    Fault::NoName,
];

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn each_fault_is_found() {
    for fault in FAULTS {
        let check = tokio::spawn(check_token_store(Arc::new(Broken::new(fault))));
        let panic = check.await.expect_err(&format!("{fault:?} is not found")).into_panic();
        let words = panic.downcast_ref::<String>().cloned();
        let words = words.or_else(|| panic.downcast_ref::<&str>().map(|words| (*words).to_owned())).unwrap();
        println!("{fault:?}: {words}");
    }
}

#[tokio::test]
#[should_panic = "a record is lost when the store is opened again"]
async fn a_store_that_forgets_is_found() {
    check_token_store_lasts(async || MemoryTokenStore::default()).await;
}

/// A good store, but for one fault.
struct Broken {
    inner: MemoryTokenStore,
    fault: Fault,
    revoked: Mutex<BTreeMap<TokenId, TokenRecord>>,
}

impl Broken {
    fn new(fault: Fault) -> Self {
        Self { inner: MemoryTokenStore::default(), fault, revoked: Mutex::default() }
    }

    fn key(&self, key: &BlobKey) -> BlobKey {
        match self.fault {
            Fault::MixesBlobKeys => BlobKey::Sessions { account: format!("{}{}", key.room(), key.name()) },
            _ => key.clone(),
        }
    }

    async fn all(&self) -> Vec<TokenRecord> {
        self.inner.list(&TokenQuery::all(), None, usize::MAX).await.unwrap().records
    }

    async fn remove(&self, condition: impl Fn(&TokenRecord) -> bool) -> Result<u64, BackendError> {
        let mut removed = 0;
        for record in self.all().await.into_iter().filter(condition) {
            removed += u64::from(self.inner.revoke(&record.id).await?);
        }
        Ok(removed)
    }
}

#[async_trait]
impl TokenStore for Broken {
    async fn insert(&self, record: &TokenRecord) -> Result<(), BackendError> {
        let mut record = record.clone();
        match self.fault {
            Fault::ForgetsNetworks => record.networks = None,
            Fault::ReplacesRecords => drop(self.inner.revoke(&record.id).await?),
            _ => {}
        }
        self.inner.insert(&record).await
    }

    async fn get(&self, id: &TokenId) -> Result<Option<TokenRecord>, BackendError> {
        let found = self.inner.get(id).await?;
        let ended = |record: &TokenRecord| record.has_ended(SystemTime::now());
        Ok(found.filter(|record| self.fault != Fault::EndsAtOnce || !ended(record)))
    }

    async fn touch(&self, id: &TokenId, last_use: &LastUse) -> Result<(), BackendError> {
        match self.fault {
            Fault::IgnoresTouch => return Ok(()),
            Fault::MakesRecordsByTouch if self.get(id).await?.is_none() => {
                let secret = token_auth_backends::SecretDigest::of("");
                let record = TokenRecord::new(id.clone(), TokenKind::Refresh, "", secret, last_use.time);
                self.inner.insert(&record).await?;
            }
            Fault::BringsBackByTouch => {
                let revoked = self.revoked.lock().unwrap().remove(id);
                if let Some(record) = revoked {
                    self.inner.insert(&record).await?;
                }
            }
            _ => {}
        }
        self.inner.touch(id, last_use).await
    }

    async fn list(
        &self,
        query: &TokenQuery,
        after: Option<&PageCursor>,
        limit: usize,
    ) -> Result<TokenPage, BackendError> {
        let mut query = query.clone();
        match self.fault {
            Fault::IgnoresKind => query.kind = None,
            Fault::CountsPages => {
                let begin = after.map_or(0, |after| after.as_str().parse().unwrap());
                let records = self.inner.list(&query, None, usize::MAX).await?.records;
                let rest = records.get(begin..).unwrap_or_default();
                let page: Vec<_> = rest.iter().take(limit).cloned().collect();
                let next = begin + page.len();
                let next = (next < records.len()).then(|| PageCursor::new(next.to_string()));
                return Ok(TokenPage::new(page, next));
            }
            Fault::FindsAccountsByBeginning => {
                if let Some(account) = query.account.take() {
                    let mut records = self.all().await;
                    records.retain(|record| record.account.starts_with(&account) && query.matches(record));
                    return Ok(TokenPage::new(records, None));
                }
            }
            _ => {}
        }
        let asked = limit + usize::from(self.fault == Fault::ListsTooMany);
        let mut page = self.inner.list(&query, after, asked).await?;
        match self.fault {
            Fault::ListsTwice if page.records.len() > 1 && page.next.is_some() => {
                let last = page.records.len() - 2;
                page.next = page.records.get(last).map(|record| PageCursor::new(record.id.as_str()));
            }
            Fault::LosesBetweenPages if page.next.is_some() => drop(page.records.pop()),
            Fault::NeverEnds => {
                page.next =
                    page.records.last().map(|record| PageCursor::new(record.id.as_str())).or(page.next);
                page.next = page.next.or_else(|| after.cloned());
            }
            _ => {}
        }
        Ok(page)
    }

    async fn revoke(&self, id: &TokenId) -> Result<bool, BackendError> {
        if let (Fault::BringsBackByTouch, Some(record)) = (self.fault, self.get(id).await?) {
            self.revoked.lock().unwrap().insert(id.clone(), record);
        }
        match self.fault {
            Fault::KeepsRevoked => Ok(self.inner.get(id).await?.is_some()),
            fault => Ok(self.inner.revoke(id).await? || fault == Fault::SaysRevokedAlways),
        }
    }

    async fn revoke_account(&self, account: &str, kind: Option<TokenKind>) -> Result<u64, BackendError> {
        match self.fault {
            Fault::RevokesByBeginning => {
                let of_kind = |record: &TokenRecord| kind.is_none_or(|kind| kind == record.kind);
                self.remove(|record| record.account.starts_with(account) && of_kind(record)).await
            }
            Fault::RevokesEachKind => self.inner.revoke_account(account, None).await,
            _ => self.inner.revoke_account(account, kind).await,
        }
    }

    async fn purge(&self, now: SystemTime) -> Result<u64, BackendError> {
        match self.fault {
            Fault::PurgesNothing => Ok(0),
            Fault::PurgesAll => self.remove(|_| true).await,
            // As if it were never used.
            Fault::PurgesByCreation => {
                self.remove(|record| {
                    let mut unused = record.clone();
                    unused.last_use = None;
                    unused.has_ended(now)
                })
                .await
            }
            _ => self.inner.purge(now).await,
        }
    }

    async fn trim(&self, account: &str, kind: TokenKind, keep: usize) -> Result<u64, BackendError> {
        match self.fault {
            Fault::TrimsTheActive => {
                let mut records = self.all().await;
                records.retain(|record| record.account == account && record.kind == kind);
                records.sort_by_key(TokenRecord::last_active);
                let surplus = records.into_iter().skip(keep);
                let surplus: Vec<_> = surplus.map(|record| record.id).collect();
                self.remove(|record| surplus.contains(&record.id)).await
            }
            Fault::TrimsEachKind => {
                let other = [TokenKind::Personal, TokenKind::Refresh];
                let mut removed = 0;
                for kind in other {
                    removed += self.inner.trim(account, kind, keep.min(1)).await?;
                }
                Ok(removed)
            }
            _ => self.inner.trim(account, kind, keep).await,
        }
    }

    fn name(&self) -> Cow<'static, str> {
        match self.fault {
            Fault::NoName => "".into(),
            _ => "broken".into(),
        }
    }
}

#[async_trait]
impl BlobStore for Broken {
    async fn read_blob(&self, key: &BlobKey) -> Result<Option<Blob>, BackendError> {
        self.inner.read_blob(&self.key(key)).await
    }

    async fn write_blob(
        &self,
        key: &BlobKey,
        expected: Option<&BlobVersion>,
        data: &[u8],
    ) -> Result<BlobWrite, BackendError> {
        let key = self.key(key);
        let there = self.inner.read_blob(&key).await?.map(|blob| blob.version);
        let expected = if self.fault == Fault::WritesBlindly { there.as_ref() } else { expected };
        let written = self.inner.write_blob(&key, expected, data).await?;
        Ok(match (self.fault, written) {
            (Fault::RepeatsVersions, BlobWrite::Written(_)) => BlobWrite::Written(BlobVersion::new("1")),
            (_, written) => written,
        })
    }

    async fn remove_blob(&self, key: &BlobKey) -> Result<bool, BackendError> {
        match self.fault {
            Fault::KeepsBlobs => Ok(self.inner.read_blob(key).await?.is_some()),
            _ => self.inner.remove_blob(&self.key(key)).await,
        }
    }
}
