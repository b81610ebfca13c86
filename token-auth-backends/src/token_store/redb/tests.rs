//! The file of the store, and what stands in it.

use std::os::unix::fs::PermissionsExt as _;

use token_auth_core::{MemoryTokenStore, SecretDigest};

use super::*;

fn record(id: &str) -> TokenRecord {
    TokenRecord::new(
        id.parse().unwrap(),
        TokenKind::Refresh,
        "alice",
        SecretDigest::of("secret"),
        SystemTime::now(),
    )
}

#[tokio::test]
async fn a_file_is_private_and_opened_once() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("tokens.redb");
    std::fs::write(&path, "").unwrap();
    std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o644)).unwrap();
    let store = RedbTokenStore::open(&path).unwrap();
    assert_eq!(std::fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o600);
    std::os::unix::fs::symlink(&path, folder.path().join("link")).unwrap();
    let again = RedbTokenStore::open(folder.path().join("link")).unwrap();
    assert!(Arc::ptr_eq(&store.0, &again.0));
    store.insert(&record("0123456789abcdef")).await.unwrap();
    drop(store);
    assert!(again.get(&"0123456789abcdef".parse().unwrap()).await.unwrap().is_some());
}

#[tokio::test]
async fn the_last_uses_are_written_when_the_store_is_closed() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("tokens.redb");
    let record = record("0123456789abcdef");
    let last_use = LastUse::new(SystemTime::now());
    let store = RedbTokenStore::open(&path).unwrap();
    store.insert(&record).await.unwrap();
    store.touch(&record.id, &last_use).await.unwrap();
    drop(store);
    let store = RedbTokenStore::open(&path).unwrap();
    assert_eq!(store.get(&record.id).await.unwrap().unwrap().last_use, Some(last_use));
}

#[test]
fn what_is_no_store_is_refused_and_stays() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("tokens.redb");
    std::fs::write(&path, "something else".repeat(1000)).unwrap();
    std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o644)).unwrap();
    let link = folder.path().join("link");
    std::os::unix::fs::symlink(&path, &link).unwrap();
    for path in [&path, &link] {
        let error = RedbTokenStore::open(path).unwrap_err();
        assert!(matches!(error, RedbStoreError::Content { .. }), "{error}");
        assert!(error.to_string().starts_with(&path.display().to_string()), "{error}");
    }
    assert_eq!(std::fs::read(&path).unwrap(), "something else".repeat(1000).into_bytes());
    assert_eq!(std::fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o644);
    let missing = RedbTokenStore::open(folder.path().join("no/tokens.redb")).unwrap_err();
    assert!(matches!(missing, RedbStoreError::File { .. }), "{missing}");
}

#[test]
fn a_pipe_and_a_link_to_nothing_are_refused_at_once() {
    let folder = tempfile::tempdir().unwrap();
    let pipe = folder.path().join("pipe");
    assert!(std::process::Command::new("mkfifo").arg(&pipe).status().unwrap().success());
    let error = RedbTokenStore::open(&pipe).unwrap_err();
    assert!(error.to_string().contains("not a file"), "{error}");
    let link = folder.path().join("link");
    std::os::unix::fs::symlink(folder.path().join("nothing"), &link).unwrap();
    assert!(RedbTokenStore::open(&link).is_err());
    assert!(!folder.path().join("nothing").exists());
}

#[tokio::test]
async fn a_file_that_was_moved_or_replaced_is_an_error_and_never_an_empty_store() {
    let folder = tempfile::tempdir().unwrap();
    let (path, away) = (folder.path().join("tokens.redb"), folder.path().join("away"));
    let store = RedbTokenStore::open(&path).unwrap();
    let record = record("0123456789abcdef");
    store.insert(&record).await.unwrap();
    std::fs::rename(&path, &away).unwrap();
    let fails = async || {
        store.get(&record.id).await.unwrap_err();
        store.revoke(&record.id).await.unwrap_err();
        let error = RedbTokenStore::open(&path).unwrap_err();
        assert!(matches!(error, RedbStoreError::Moved { .. }), "{error}");
        assert!(matches!(RedbTokenStore::open(&away).unwrap_err(), RedbStoreError::Moved { .. }));
    };
    fails().await;
    assert!(!path.exists());
    std::fs::copy(&away, &path).unwrap();
    fails().await;
    std::fs::write(&path, "").unwrap();
    fails().await;
    std::fs::rename(&away, &path).unwrap();
    assert_eq!(store.get(&record.id).await.unwrap(), Some(record.clone()));
    let again = RedbTokenStore::open(&path).unwrap();
    assert!(Arc::ptr_eq(&store.0, &again.0));
    drop((store, again));
    std::fs::remove_file(&path).unwrap();
    RedbTokenStore::open(&path).unwrap();
}

#[test]
fn a_later_layout_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("tokens.redb");
    let database = redb::Database::create(&path).unwrap();
    let transaction = database.begin_write().unwrap();
    let numbers = redb::TableDefinition::<&str, u64>::new("numbers");
    transaction.open_table(numbers).unwrap().insert("format", 2).unwrap();
    transaction.commit().unwrap();
    let in_use = RedbTokenStore::open(&path).unwrap_err();
    assert!(matches!(in_use, RedbStoreError::InUse { .. }), "{in_use}");
    drop(database);
    let error = RedbTokenStore::open(&path).unwrap_err();
    assert!(error.to_string().contains("later version"), "{error}");
}

/// What counts faster has to count the same.
#[tokio::test]
async fn trimming_does_what_the_general_one_does() {
    let folder = tempfile::tempdir().unwrap();
    let file = RedbTokenStore::open(folder.path().join("tokens.redb")).unwrap();
    let memory = MemoryTokenStore::default();
    for number in 0..20_u64 {
        let mut record = record(&format!("{number:016}"));
        record.created = SystemTime::UNIX_EPOCH + std::time::Duration::from_secs(number * 7 % 20);
        file.insert(&record).await.unwrap();
        memory.insert(&record).await.unwrap();
    }
    for keep in [20, 13, 1, 0] {
        let removed = file.trim("alice", TokenKind::Refresh, keep).await.unwrap();
        assert_eq!(removed, memory.trim("alice", TokenKind::Refresh, keep).await.unwrap());
        let list = async |store: &dyn TokenStore| store.list(&TokenQuery::all(), None, 100).await.unwrap();
        assert_eq!(list(&file).await, list(&memory).await, "{keep}");
    }
}

#[tokio::test]
async fn a_record_that_cannot_be_read_fails_only_its_own_token() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("tokens.redb");
    let store = RedbTokenStore::open(&path).unwrap();
    let ids: Vec<TokenId> = (0..5).map(|number| format!("unreadable{number:06}").parse().unwrap()).collect();
    for id in &ids {
        store.insert(&record(id.as_str())).await.unwrap();
    }
    drop(store);
    {
        let database = redb::Database::create(&path).unwrap();
        let transaction = database.begin_write().unwrap();
        let tokens = redb::TableDefinition::<&str, &[u8]>::new("tokens");
        for id in [&ids[1], &ids[4]] {
            transaction.open_table(tokens).unwrap().insert(id.as_str(), &b"{"[..]).unwrap();
        }
        transaction.commit().unwrap();
    }
    let store = RedbTokenStore::open(&path).unwrap();
    for query in [TokenQuery::all(), TokenQuery::all().of_account("alice")] {
        for limit in 1..=6 {
            let (mut good, mut bad, mut after) = (Vec::new(), Vec::new(), None);
            loop {
                let page = store.list(&query, after.as_ref(), limit).await.unwrap();
                assert!(page.records.len() + page.unreadable.len() <= limit);
                good.extend(page.records.into_iter().map(|record| record.id));
                bad.extend(page.unreadable);
                after = page.next;
                if after.is_none() {
                    break;
                }
            }
            assert_eq!(
                (good, bad),
                (vec![ids[0].clone(), ids[2].clone(), ids[3].clone()], vec![ids[1].clone(), ids[4].clone()])
            );
        }
    }
    store.get(&ids[1]).await.unwrap_err();
    // What comes in the same commit does not fail with it.
    let (last_use, new) = (LastUse::new(SystemTime::now()), record("0123456789abcdef"));
    let (bad, good) = tokio::join!(store.touch(&ids[1], &last_use), store.insert(&new));
    bad.unwrap_err();
    good.unwrap();
    assert_eq!(store.purge(SystemTime::now()).await.unwrap(), 0);
    assert!(store.revoke(&ids[1]).await.unwrap());
    assert_eq!(store.revoke_account("alice", None).await.unwrap(), 5);
}
