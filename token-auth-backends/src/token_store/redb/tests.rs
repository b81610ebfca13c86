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
    let error = RedbTokenStore::open(&path).unwrap_err();
    assert!(matches!(error, RedbStoreError::Content { .. }), "{error}");
    assert!(error.to_string().contains("tokens.redb"), "{error}");
    assert_eq!(std::fs::read(&path).unwrap(), "something else".repeat(1000).into_bytes());
    let missing = RedbTokenStore::open(folder.path().join("no/tokens.redb")).unwrap_err();
    assert!(matches!(missing, RedbStoreError::File { .. }), "{missing}");
}

#[test]
fn a_later_layout_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("tokens.redb");
    let database = Database::create(&path).unwrap();
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
