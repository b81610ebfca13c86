//! What every store of tokens and blobs has to keep, as tests.

#![allow(
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a contract that is broken fails the test by panicking"
)]

use std::collections::BTreeSet;
use std::future::Future;
use std::sync::Arc;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use token_auth_core::{
    BackendError, BlobKey, BlobVersion, BlobWrite, LastUse, SecretDigest, SourceId, Store, TOUCH_RESOLUTION,
    TokenId, TokenKind, TokenQuery, TokenRecord,
};

/// Checks the contract of a token store. The store has to be empty; it is left with records in it. Needs a tokio runtime,
/// better one of several threads.
///
/// ```
/// use std::sync::Arc;
/// use token_auth_backends::core::MemoryTokenStore;
/// use token_auth_backends::testkit::check_token_store;
///
/// # #[tokio::main]
/// # async fn main() {
/// check_token_store(Arc::new(MemoryTokenStore::default())).await;
/// # }
/// ```
///
/// # Panics
///
/// When it is broken, saying how.
pub async fn check_token_store<S: Store + 'static>(store: Arc<S>) {
    assert!(!store.name().is_empty(), "the name is empty");
    let store: Arc<dyn Store> = store;
    keeps_what_it_is_given(&*store).await;
    knows_nothing_else(&*store).await;
    never_replaces_a_record(&*store).await;
    notes_the_last_use(&*store).await;
    revokes_for_good(&*store).await;
    lists_each_once(&*store).await;
    revokes_all_of_an_account(&*store).await;
    lists_what_stays(&*store).await;
    waits_for_other_clocks(&*store).await;
    removes_what_has_ended(&*store).await;
    trims_to_the_most_active(&*store).await;
    compares_blobs_before_it_writes(&*store).await;
    serves_many_at_once(&store).await;
    lets_revocations_win(&store).await;
    lets_one_writer_win(&store).await;
}

/// Checks that a store which is opened again still has what was answered before: `open` opens the same store each time
/// that it is called, after the one before it has been dropped.
///
/// # Panics
///
/// When something is lost, or comes back.
pub async fn check_token_store_lasts<S, F>(open: impl Fn() -> F)
where
    S: Store,
    F: Future<Output = S>,
{
    let (kept, gone) = (record(900, "lasting"), record(901, "lasting"));
    let key = grant("lasting", "alice");
    let store = open().await;
    ok(store.insert(&kept).await);
    ok(store.insert(&gone).await);
    assert!(ok(store.revoke(&gone.id).await), "a record is not there to be revoked");
    let version = written(store.write_blob(&key, None, b"one").await);
    drop(store);

    let store = open().await;
    assert_eq!(
        ok(store.get(&kept.id).await).as_ref(),
        Some(&kept),
        "a record is lost when the store is opened again"
    );
    assert_eq!(
        ok(store.get(&gone.id).await),
        None,
        "a revoked record comes back when the store is opened again"
    );
    let blob = ok(store.read_blob(&key).await).expect("a blob is lost when the store is opened again");
    assert_eq!((blob.data.as_slice(), &blob.version), (&b"one"[..], &version), "a blob has changed");
    let next = written(store.write_blob(&key, Some(&version), b"two").await);
    assert_ne!(next, version, "a version is given twice");
}

/// For so long a store keeps what has ended, if it does not wait to be told to remove it.
const CLOCKS_DIFFER: Duration = Duration::from_secs(600);

/// Text that has to come back as it is, and that must not be taken for anything else.
const ACCOUNTS: [&str; 12] = [
    "alice",
    "alice/bob",
    "alic",
    "alice*",
    "Alice",
    "alice\0",
    "",
    "a:b",
    "%61lice",
    "' OR '1'='1",
    "\u{e4}\u{1f511}\u{202e}",
    "../../etc/passwd",
];

fn at(seconds: u64) -> SystemTime {
    UNIX_EPOCH + Duration::from_secs(seconds)
}

/// Different for each number.
fn id(number: u32) -> TokenId {
    format!("contract{number:08}").parse().expect("an id")
}

fn record(number: u32, account: &str) -> TokenRecord {
    let secret = SecretDigest::of(&number.to_string());
    TokenRecord::new(id(number), TokenKind::Refresh, account, secret, at(1_700_000_000))
}

fn grant(source: &str, account: &str) -> BlobKey {
    BlobKey::Grant { source: source.try_into().expect("an id"), account: account.to_owned() }
}

#[track_caller]
fn ok<T>(result: Result<T, BackendError>) -> T {
    result.unwrap_or_else(|error| panic!("the store fails: {error}"))
}

#[track_caller]
fn written(result: Result<BlobWrite, BackendError>) -> BlobVersion {
    match ok(result) {
        BlobWrite::Written(version) => version,
        BlobWrite::Conflict => panic!("a blob is not written although nobody wrote before"),
    }
}

#[track_caller]
fn conflict(result: Result<BlobWrite, BackendError>) {
    assert_eq!(ok(result), BlobWrite::Conflict, "a blob is written although its version is another one");
}

async fn all(store: &dyn Store, query: &TokenQuery, limit: usize) -> Vec<TokenRecord> {
    let (mut found, mut after) = (Vec::new(), None);
    loop {
        let page = ok(store.list(query, after.as_ref(), limit).await);
        assert!(page.records.len() <= limit, "a page of {} where {limit} are allowed", page.records.len());
        assert!(
            page.next.is_none() || !page.records.is_empty(),
            "a page without records says that more come"
        );
        found.extend(page.records);
        after = page.next;
        if after.is_none() {
            return found;
        }
    }
}

async fn keeps_what_it_is_given(store: &dyn Store) {
    let plain = record(1, "alice");
    let mut full = record(2, "\u{e4}lice \"quoted\"\n");
    full.kind = TokenKind::Personal;
    full.source = SourceId::try_from("ldap \u{2713}").ok();
    full.issuer = Some("Acme \u{2713}".to_owned());
    full.service = Some("registry.example.com:5000".to_owned());
    full.name = Some("build '; DROP TABLE tokens".to_owned());
    full.scopes = vec![vec!["repository:/^a\\/(b|c)$/:pull".parse().expect("a pattern")], Vec::new()];
    full.networks =
        Some(vec!["10.0.0.0/8".parse().expect("a network"), "::1/128".parse().expect("a network")]);
    full.security_stamp = Some("stamp".to_owned());
    full.expires = Some(at(4_000_000_000));
    full.idle = Some(Duration::from_secs(86_400));
    full.last_use = Some(
        // Not long before the present of any clock: some stores let records expire by themselves.
        LastUse::new(at(3_999_999_000))
            .by_client(Some("docker".to_owned()))
            .from_address("2001:db8::1".parse().ok()),
    );
    for record in [plain, full] {
        ok(store.insert(&record).await);
        assert_eq!(ok(store.get(&record.id).await), Some(record), "a record is not what was inserted");
    }
}

async fn knows_nothing_else(store: &dyn Store) {
    assert_eq!(ok(store.get(&id(3)).await), None, "an unknown id has a record");
    assert!(!ok(store.revoke(&id(3)).await), "an unknown id is revoked");
    ok(store.touch(&id(3), &LastUse::new(at(1))).await);
    assert_eq!(ok(store.get(&id(3)).await), None, "a touch makes a record");
    let key = grant("nobody", "nobody");
    assert_eq!(ok(store.read_blob(&key).await), None, "an unknown key has a blob");
    assert!(!ok(store.remove_blob(&key).await), "an unknown blob is removed");
    conflict(store.write_blob(&key, Some(&BlobVersion::new("1")), b"x").await);
    assert_eq!(ok(store.read_blob(&key).await), None, "a blob that was expected and missing is made");
}

async fn never_replaces_a_record(store: &dyn Store) {
    let (first, mut second) = (record(4, "first"), record(4, "second"));
    second.secret = SecretDigest::of("another");
    ok(store.insert(&first).await);
    assert!(store.insert(&second).await.is_err(), "a second record of the same id is accepted");
    assert_eq!(
        ok(store.get(&first.id).await),
        Some(first),
        "a second record of the same id replaces the first"
    );
    let of_second = TokenQuery::all().of_account("second");
    assert!(all(store, &of_second, 10).await.is_empty(), "a refused record is listed");
}

async fn notes_the_last_use(store: &dyn Store) {
    let mut record = record(5, "alice");
    ok(store.insert(&record).await);
    for (time, client) in [(1_700_001_000, Some("docker")), (1_700_002_000, None)] {
        let last_use = LastUse::new(at(time))
            .by_client(client.map(str::to_owned))
            .from_address("192.0.2.7".parse().ok());
        ok(store.touch(&record.id, &last_use).await);
        record.last_use = Some(last_use);
        assert_eq!(
            ok(store.get(&record.id).await).as_ref(),
            Some(&record),
            "a touch changes more or less than the last use"
        );
    }
}

async fn revokes_for_good(store: &dyn Store) {
    let record = record(6, "revoked");
    ok(store.insert(&record).await);
    assert!(ok(store.revoke(&record.id).await), "a record that was there is not revoked");
    assert!(!ok(store.revoke(&record.id).await), "a record is revoked twice");
    ok(store.touch(&record.id, &LastUse::new(at(1_700_003_000))).await);
    assert_eq!(ok(store.get(&record.id).await), None, "a touch brings a revoked record back");
    let query = TokenQuery::all().of_account("revoked");
    assert!(all(store, &query, 10).await.is_empty(), "a revoked record is listed");
}

async fn lists_each_once(store: &dyn Store) {
    let mut expected = BTreeSet::new();
    for (at, account) in (0..).zip(ACCOUNTS) {
        for number in 0..7 {
            let mut record = record(1000 + at * 10 + number, &format!("list {account}"));
            if number % 3 == 0 {
                record.kind = TokenKind::Personal;
            }
            ok(store.insert(&record).await);
            expected.insert((record.account.clone(), record.kind, record.id));
        }
    }
    let check = async |query: TokenQuery| {
        let matching: Vec<_> = expected
            .iter()
            .filter(|(account, kind, _)| {
                query.account.as_ref().is_none_or(|wanted| wanted == account)
                    && query.kind.is_none_or(|wanted| wanted == *kind)
            })
            .cloned()
            .collect();
        for limit in [1, 3, 7, 1000] {
            let found = all(store, &query, limit).await.into_iter();
            let (mut missing, mut besides) = (matching.clone(), Vec::new());
            for record in found.filter(|record| record.account.starts_with("list ")) {
                let one = (record.account, record.kind, record.id);
                match missing.iter().position(|other| *other == one) {
                    Some(at) => drop(missing.swap_remove(at)),
                    None => besides.push(one),
                }
            }
            assert!(
                missing.is_empty() && besides.is_empty(),
                "{query:?} in pages of {limit} does not list {missing:?}, but {besides:?}"
            );
        }
    };
    check(TokenQuery::all()).await;
    check(TokenQuery::all().of_kind(TokenKind::Personal)).await;
    for account in ACCOUNTS {
        let query = TokenQuery::all().of_account(format!("list {account}"));
        check(query.clone()).await;
        check(query.of_kind(TokenKind::Refresh)).await;
    }
}

async fn revokes_all_of_an_account(store: &dyn Store) {
    let count = async |account: &str| {
        all(store, &TokenQuery::all().of_account(format!("list {account}")), 100).await.len()
    };
    let revoked = ok(store.revoke_account("list alice", Some(TokenKind::Personal)).await);
    assert_eq!((revoked, count("alice").await), (3, 4), "not exactly one kind of an account is revoked");
    let revoked = ok(store.revoke_account("list alice", None).await);
    assert_eq!((revoked, count("alice").await), (4, 0), "not exactly the rest of an account is revoked");
    assert_eq!(ok(store.get(&id(1001)).await), None, "a revoked record is still found by its id");
    for account in ACCOUNTS.iter().skip(1) {
        assert_eq!(count(account).await, 7, "{account:?} loses records with another account");
    }
    assert_eq!(ok(store.revoke_account("list nobody", None).await), 0);
}

/// Whatever comes and goes meanwhile.
async fn lists_what_stays(store: &dyn Store) {
    for query in [TokenQuery::all(), TokenQuery::all().of_account("stays")] {
        for number in 0..40 {
            ok(store.insert(&record(1200 + number * 2, "stays")).await);
        }
        let (mut found, mut revoked, mut after) = (Vec::new(), BTreeSet::new(), None);
        for number in 0.. {
            let page = ok(store.list(&query, after.as_ref(), 4).await);
            // What was just listed, and what may not have been yet.
            if let Some(last) = page.records.last().filter(|last| last.account == "stays") {
                revoked.insert(last.id.clone());
            }
            if number < 10 {
                revoked.insert(id(1200 + number * 8));
                ok(store.insert(&record(1201 + number * 8, "stays")).await);
            }
            for id in &revoked {
                ok(store.revoke(id).await);
            }
            found.extend(page.records.into_iter().map(|record| record.id));
            after = page.next;
            if after.is_none() {
                break;
            }
        }
        for number in 0..40 {
            let id = id(1200 + number * 2);
            let times = found.iter().filter(|found| **found == id).count();
            let expected = if revoked.contains(&id) { 0..=1 } else { 1..=1 };
            assert!(expected.contains(&times), "a record that stays is listed {times} times: {id}");
        }
        ok(store.revoke_account("stays", None).await);
    }
}

/// Whether a token has ended, the server that is asked decides by its own clock.
async fn waits_for_other_clocks(store: &dyn Store) {
    let mut record = record(1900, "clocks");
    record.expires = Some(SystemTime::now() - CLOCKS_DIFFER);
    record.expires =
        record.expires.map(|time| at(time.duration_since(UNIX_EPOCH).unwrap_or_default().as_secs()));
    ok(store.insert(&record).await);
    // Before, and beyond everything that clocks can differ by.
    ok(store.purge(at(1_600_000_000)).await);
    assert_eq!(
        ok(store.get(&record.id).await),
        Some(record.clone()),
        "a record ends by the store's own clock"
    );
    assert_eq!(all(store, &TokenQuery::all().of_account("clocks"), 10).await, [record]);
    // A server whose clock is behind; the account is in use all the same.
    let touched = LastUse::new(at(1_600_000_000));
    ok(store.touch(&id(1900), &touched).await);
    assert!(ok(store.get(&id(1900)).await).is_some(), "a use in the past ends a record");
}

async fn removes_what_has_ended(store: &dyn Store) {
    // Beyond the present, since some stores let records expire by themselves.
    let now = 3_000_000_000;
    let idle = Duration::from_secs(3600);
    let mut records: Vec<_> = (0..5).map(|number| record(2000 + number, "purge")).collect();
    records[1].expires = Some(at(now));
    records[2].expires = Some(at(now + 1));
    let idle_since = |ago: u64| Some(LastUse::new(at(now - TOUCH_RESOLUTION.as_secs() - 3600 - ago)));
    (records[3].idle, records[4].idle) = (Some(idle), Some(idle));
    (records[3].last_use, records[4].last_use) = (idle_since(0), idle_since(0));
    for record in &records {
        // Of a store that lets records expire by itself these are gone at once, which is as good.
        ok(store.insert(record).await);
    }
    let fresh = LastUse::new(at(now - 10));
    ok(store.touch(&records[4].id, &fresh).await);
    ok(store.purge(at(now)).await);
    let left: BTreeSet<_> = all(store, &TokenQuery::all().of_account("purge"), 10)
        .await
        .into_iter()
        .map(|record| record.id)
        .collect();
    let expected: BTreeSet<_> = [0, 2, 4].map(|at: usize| records[at].id.clone()).into();
    assert_eq!(left, expected, "not exactly what has ended is removed");
    assert_eq!(ok(store.purge(at(now)).await), 0, "something is removed twice");
}

async fn trims_to_the_most_active(store: &dyn Store) {
    for number in 0..6 {
        let mut record = record(3000 + number, "trim");
        record.created = at(1_700_000_000 + u64::from(number));
        ok(store.insert(&record).await);
    }
    let mut robot = record(3010, "trim");
    robot.kind = TokenKind::Personal;
    robot.created = at(1_600_000_000);
    ok(store.insert(&robot).await);
    ok(store.touch(&id(3000), &LastUse::new(at(1_700_000_100))).await);
    assert_eq!(
        ok(store.trim("trim", TokenKind::Refresh, 6).await),
        0,
        "a record is trimmed that there is room for"
    );
    assert_eq!(
        ok(store.trim("trim", TokenKind::Refresh, 2).await),
        4,
        "not as many as there are too many are trimmed"
    );
    let left: BTreeSet<_> = all(store, &TokenQuery::all().of_account("trim"), 10)
        .await
        .into_iter()
        .map(|record| record.id)
        .collect();
    assert_eq!(
        left,
        [id(3000), id(3005), id(3010)].into(),
        "not the ones that were active the longest ago are trimmed"
    );
}

async fn compares_blobs_before_it_writes(store: &dyn Store) {
    let key = grant("oidc", "alice");
    let neighbours = [
        grant("oidcalice", ""),
        grant("o", "idcalice"),
        grant("oidc/alice", "x"),
        BlobKey::Sessions { account: "alice".to_owned() },
    ];
    for neighbour in &neighbours {
        written(store.write_blob(neighbour, None, b"neighbour").await);
    }
    let first = written(store.write_blob(&key, None, b"\0\xff").await);
    conflict(store.write_blob(&key, None, b"again").await);
    let blob = ok(store.read_blob(&key).await).expect("a blob that was written");
    assert_eq!(
        (blob.data.as_slice(), &blob.version),
        (&b"\0\xff"[..], &first),
        "a blob is not what was written"
    );
    assert!(!format!("{blob:?}").contains("255"), "Debug shows the content of a blob");
    let second = written(store.write_blob(&key, Some(&first), b"two").await);
    conflict(store.write_blob(&key, Some(&first), b"late").await);
    let blob = ok(store.read_blob(&key).await).expect("a blob that was written twice");
    assert_eq!((blob.data.as_slice(), &blob.version), (&b"two"[..], &second));
    assert!(ok(store.remove_blob(&key).await), "a blob that was there is not removed");
    conflict(store.write_blob(&key, Some(&second), b"back").await);
    assert_eq!(ok(store.read_blob(&key).await), None, "a removed blob comes back");
    let third = written(store.write_blob(&key, None, b"new").await);
    assert!(third != first && third != second, "a version is given twice");
    for neighbour in &neighbours {
        let blob = ok(store.read_blob(neighbour).await).expect("the blob of another key");
        assert_eq!(blob.data, b"neighbour", "{neighbour:?} is taken for another key");
    }
}

async fn serves_many_at_once(store: &Arc<dyn Store>) {
    let tasks: Vec<_> = (0..8)
        .map(|task| {
            let store = Arc::clone(store);
            tokio::spawn(async move {
                for number in 0..10 {
                    let record = record(5000 + task * 100 + number, "crowd");
                    ok(store.insert(&record).await);
                    assert!(
                        ok(store.get(&record.id).await).is_some(),
                        "a record is not there after its insertion"
                    );
                }
            })
        })
        .collect();
    for task in tasks {
        task.await.expect("no panic");
    }
    let count = all(&**store, &TokenQuery::all().of_account("crowd"), 17).await.len();
    assert_eq!(count, 80, "records of concurrent insertions are lost");
}

async fn lets_revocations_win(store: &Arc<dyn Store>) {
    for number in 0..20 {
        let record = record(6000 + number, "race");
        ok(store.insert(&record).await);
        let touches: Vec<_> = (0..4)
            .map(|time| {
                let (store, id) = (Arc::clone(store), record.id.clone());
                tokio::spawn(
                    async move { ok(store.touch(&id, &LastUse::new(at(1_700_000_000 + time))).await) },
                )
            })
            .collect();
        match number % 2 {
            0 => assert!(ok(store.revoke(&record.id).await), "a touch hides a record from its revocation"),
            _ => assert_eq!(
                ok(store.revoke_account("race", None).await),
                1,
                "a touch hides a record from its revocation"
            ),
        }
        for touch in touches {
            touch.await.expect("no panic");
        }
        assert_eq!(ok(store.get(&record.id).await), None, "a concurrent touch brings a revoked record back");
        let listed = all(&**store, &TokenQuery::all().of_account("race"), 10).await;
        assert!(listed.is_empty(), "a concurrent touch brings a revoked record back into the list");
    }
}

async fn lets_one_writer_win(store: &Arc<dyn Store>) {
    let key = grant("oidc", "race");
    written(store.write_blob(&key, None, b"0").await);
    let tasks: Vec<_> = (0..6)
        .map(|_| {
            let (store, key) = (Arc::clone(store), key.clone());
            tokio::spawn(async move {
                let mut done = 0;
                while done < 5 {
                    let blob = ok(store.read_blob(&key).await).expect("a blob");
                    let number: u32 = String::from_utf8_lossy(&blob.data).parse().expect("a number");
                    let next = (number + 1).to_string();
                    if let BlobWrite::Written(_) =
                        ok(store.write_blob(&key, Some(&blob.version), next.as_bytes()).await)
                    {
                        done += 1;
                    }
                }
            })
        })
        .collect();
    for task in tasks {
        task.await.expect("no panic");
    }
    let blob = ok(store.read_blob(&key).await).expect("a blob");
    assert_eq!(blob.data, b"30", "of several writers that expect one version more than one wins");
}
