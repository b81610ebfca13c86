use std::collections::BTreeSet;
use std::time::{Duration, UNIX_EPOCH};

use futures_util::stream::BoxStream;
use object_store::memory::InMemory;
use object_store::{
    CopyOptions, GetOptions, GetResult, ListResult, MultipartUpload, ObjectMeta, ObjectStoreExt as _,
    PutMultipartOptions, PutOptions, PutPayload, PutResult, Result,
};
use token_auth_core::SecretDigest;

use super::*;
use crate::testkit::{check_token_store, check_token_store_lasts};

fn store_in(objects: Arc<dyn ObjectStore>) -> ObjectTokenStore {
    ObjectTokenStore::new(objects, &ObjectOptions::default()).unwrap()
}

fn record(number: u32) -> TokenRecord {
    let id = format!("objects{number:09}").parse().unwrap();
    TokenRecord::new(id, TokenKind::Refresh, "alice", SecretDigest::of("x"), at(1_000_000))
}

fn at(second: u64) -> SystemTime {
    UNIX_EPOCH + Duration::from_secs(second)
}

async fn names(objects: &dyn ObjectStore) -> BTreeSet<String> {
    objects.list(None).map_ok(|found| found.location.to_string()).try_collect().await.unwrap()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_contract_is_kept() {
    check_token_store(Arc::new(store_in(Arc::new(InMemory::new())))).await;
    let objects = Arc::new(InMemory::new());
    check_token_store_lasts(async || store_in(Arc::clone(&objects) as _)).await;
}

#[test]
fn a_prefix_is_the_beginning_of_a_name() {
    let store = |prefix: &str| {
        let options = ObjectOptions { prefix: prefix.to_owned(), ..ObjectOptions::default() };
        ObjectTokenStore::new(Arc::new(InMemory::new()), &options)
    };
    for good in ["", "a", "registry/tokens"] {
        assert!(store(good).is_ok(), "{good}");
    }
    for bad in ["a//b", "..", "a/../b", "a\n"] {
        assert!(store(bad).is_err(), "{bad:?}");
    }
}

#[tokio::test]
async fn an_insertion_under_way_is_found_once_it_is_done() {
    let objects = Arc::new(InMemory::new());
    let store = store_in(Arc::clone(&objects) as _);
    let (layout, record) = (&store.0.layout, record(1));
    // As far as an insertion is before its last step.
    objects.put(&layout.entry(&record), PutPayload::new()).await.unwrap();
    assert_eq!(store.revoke_account("alice", None).await.unwrap(), 0);
    assert_eq!(store.trim("alice", TokenKind::Refresh, 0).await.unwrap(), 0);
    objects.put(&layout.token(&record.id), encode(&record).unwrap().into()).await.unwrap();
    assert_eq!(store.revoke_account("alice", None).await.unwrap(), 1, "the token has lost its account");
    assert_eq!(store.get(&record.id).await.unwrap(), None);
}

#[tokio::test]
async fn an_insertion_that_is_repeated_succeeds_and_that_of_another_record_fails() {
    let store = store_in(Arc::new(InMemory::new()));
    let record = record(1);
    store.insert(&record).await.unwrap();
    store.insert(&record).await.unwrap();
    let mut other = record.clone();
    other.secret = SecretDigest::of("y");
    store.insert(&other).await.unwrap_err();
    assert_eq!(store.get(&record.id).await.unwrap(), Some(record));
    assert_eq!(store.revoke_account("alice", None).await.unwrap(), 1);
}

#[tokio::test]
async fn nothing_is_left_of_tokens_that_have_ended() {
    let objects = Arc::new(InMemory::new());
    let store = store_in(Arc::clone(&objects) as _);
    let mut records = [1, 2, 3, 4].map(record);
    for record in &mut records {
        record.idle = Some(Duration::from_secs(1000));
    }
    for record in &records[..3] {
        store.insert(record).await.unwrap();
    }
    // The fourth was never completed, the third is revoked and then used by someone who has not seen that yet.
    let layout = &store.0.layout;
    let entry = layout.entry(&records[3]);
    objects.put(&entry, PutPayload::new()).await.unwrap();
    let end = layout.end(&records[3]).unwrap();
    objects.put(&end, entry.as_ref().as_bytes().to_vec().into()).await.unwrap();
    assert!(store.revoke(&records[2].id).await.unwrap());
    for used in [1, 2] {
        store.touch(&records[used].id, &LastUse::new(at(1_000_900))).await.unwrap();
    }

    assert_eq!(store.purge(at(1_001_059)).await.unwrap(), 0);
    assert_eq!(store.purge(at(1_001_060)).await.unwrap(), 1, "the first was not used for too long");
    let left = store.list(&TokenQuery::all(), None, 10).await.unwrap().records;
    assert_eq!(left.iter().map(|record| &record.id).collect::<Vec<_>>(), [&records[1].id]);
    assert_eq!(store.purge(at(1_001_959)).await.unwrap(), 0);
    assert_eq!(store.purge(at(1_001_960)).await.unwrap(), 1, "then the second");
    assert_eq!(names(&*objects).await, BTreeSet::from(["token-auth/layout".to_owned()]));
}

#[tokio::test]
async fn a_record_that_cannot_be_read_can_be_revoked() {
    let objects = Arc::new(InMemory::new());
    let store = store_in(Arc::clone(&objects) as _);
    for number in [1, 2] {
        store.insert(&record(number)).await.unwrap();
        objects.put(&store.0.layout.token(&record(number).id), "{\"id\": \"hush".into()).await.unwrap();
    }
    store.insert(&record(3)).await.unwrap();
    for query in [TokenQuery::all(), TokenQuery::all().of_account("alice")] {
        let page = store.list(&query, None, 2).await.unwrap();
        assert_eq!((page.records, page.unreadable), (vec![], vec![record(1).id, record(2).id]));
        let page = store.list(&query, page.next.as_ref(), 2).await.unwrap();
        assert_eq!((page.records, page.unreadable, page.next), (vec![record(3)], vec![], None));
    }
    assert!(store.revoke(&record(3).id).await.unwrap());
    let error = store.get(&record(1).id).await.unwrap_err();
    assert!(!format!("{error} {error:?}").contains("hush"), "{error:?}");
    assert!(store.revoke(&record(1).id).await.unwrap());
    assert_eq!(store.revoke_account("alice", None).await.unwrap(), 1);
    assert_eq!(store.get(&record(2).id).await.unwrap(), None);
}

#[tokio::test]
async fn what_another_version_or_program_has_written_is_an_error() {
    let objects = Arc::new(InMemory::new());
    objects.put(&"token-auth/layout".into(), "token-auth 2\n".into()).await.unwrap();
    let error = store_in(Arc::clone(&objects) as _).get(&record(1).id).await.unwrap_err();
    assert!(error.to_string().contains("another version"), "{error}");

    let options = ObjectOptions { prefix: "p".to_owned(), largest: 1000, ..ObjectOptions::default() };
    let store = ObjectTokenStore::new(Arc::clone(&objects) as _, &options).unwrap();
    objects.put(&store.0.layout.token(&record(1).id), vec![b' '; 1001].into()).await.unwrap();
    let error = store.get(&record(1).id).await.unwrap_err();
    assert!(error.to_string().contains("1001 bytes"), "{error}");
    let foreign = "p/tokens/README".into();
    objects.put(&foreign, "not ours".into()).await.unwrap();
    assert!(store.revoke(&record(1).id).await.unwrap());
    assert!(store.list(&TokenQuery::all(), None, 5).await.unwrap().records.is_empty());
    objects.head(&foreign).await.unwrap();
}

#[tokio::test]
async fn storage_that_heeds_no_conditions_is_refused() {
    let store = store_in(Arc::new(Odd { conditions: false, ..Odd::default() }));
    for _ in 0..2 {
        let error = store.insert(&record(1)).await.unwrap_err();
        assert!(error.to_string().contains("If-None-Match"), "{error}");
    }
}

#[tokio::test]
async fn storage_without_an_order_is_refused_where_it_matters() {
    let store = store_in(Arc::new(Odd { order: false, ..Odd::default() }));
    for number in [1, 2, 3] {
        store.insert(&record(number)).await.unwrap();
    }
    let error = store.list(&TokenQuery::all(), None, 5).await.unwrap_err();
    assert!(error.to_string().contains("order"), "{error}");
    let query = TokenQuery::all().of_account("alice");
    let page = store.list(&query, None, 2).await.unwrap();
    let rest = store.list(&query, page.next.as_ref(), 2).await.unwrap();
    assert_eq!([page.records, rest.records].concat(), [1, 2, 3].map(record));
    assert_eq!(store.revoke_account("alice", None).await.unwrap(), 3);
}

#[test]
fn a_cause_is_told_once() {
    let cause = std::io::Error::other(std::io::Error::other("connection refused"));
    let error = object_store::Error::Generic { store: "S3", source: Box::new(cause) };
    let fault = Fault::from(error);
    assert_eq!(fault.to_string(), "Generic S3 error: connection refused");
    assert!(std::error::Error::source(&fault).is_none());
}

#[tokio::test(start_paused = true)]
async fn storage_that_hangs_is_an_error_in_time() {
    let objects = Arc::new(Odd { hangs: true, ..Odd::default() });
    let store = store_in(objects);
    let error = store.get(&record(1).id).await.unwrap_err();
    assert!(error.to_string().contains("no answer within 5s"), "{error}");
}

/// Storage that is not as it should be.
#[derive(Debug)]
struct Odd {
    inner: InMemory,
    conditions: bool,
    order: bool,
    hangs: bool,
}

impl Default for Odd {
    fn default() -> Self {
        Self { inner: InMemory::new(), conditions: true, order: true, hangs: false }
    }
}

impl fmt::Display for Odd {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("odd storage")
    }
}

#[async_trait]
impl ObjectStore for Odd {
    async fn put_opts(&self, path: &Path, payload: PutPayload, options: PutOptions) -> Result<PutResult> {
        if self.hangs {
            std::future::pending::<()>().await;
        }
        let options = if self.conditions { options } else { PutOptions::default() };
        self.inner.put_opts(path, payload, options).await
    }

    async fn put_multipart_opts(
        &self,
        path: &Path,
        options: PutMultipartOptions,
    ) -> Result<Box<dyn MultipartUpload>> {
        self.inner.put_multipart_opts(path, options).await
    }

    async fn get_opts(&self, path: &Path, options: GetOptions) -> Result<GetResult> {
        self.inner.get_opts(path, options).await
    }

    fn delete_stream(&self, paths: BoxStream<'static, Result<Path>>) -> BoxStream<'static, Result<Path>> {
        self.inner.delete_stream(paths)
    }

    fn list(&self, prefix: Option<&Path>) -> BoxStream<'static, Result<ObjectMeta>> {
        let names = self.inner.list(prefix);
        match self.order {
            true => names,
            false => stream::once(names.collect::<Vec<_>>())
                .flat_map(|names| stream::iter(names.into_iter().rev()))
                .boxed(),
        }
    }

    async fn list_with_delimiter(&self, prefix: Option<&Path>) -> Result<ListResult> {
        self.inner.list_with_delimiter(prefix).await
    }

    async fn copy_opts(&self, from: &Path, to: &Path, options: CopyOptions) -> Result<()> {
        self.inner.copy_opts(from, to, options).await
    }
}
