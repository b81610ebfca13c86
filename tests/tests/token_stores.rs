//! The contract of token stores, kept by stores that are servers of their own.
#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::sync::Arc;
use std::time::SystemTime;

use token_auth_backends::config::{Config, ConfigOptions};
use token_auth_backends::testkit::{check_token_store, check_token_store_lasts};
use token_auth_backends::token_store::redis::{
    RedisAddress, RedisOptions, RedisServers, RedisTls, RedisTokenStore,
};
use token_auth_backends::token_store::sql::{SqlOptions, SqlTokenStore};
use token_auth_core::{
    Password, SecretDigest, Store, TokenId, TokenKind, TokenQuery, TokenRecord, TokenStore,
};
use token_auth_tests::{Daemon, MariaDb, ObjectStorage, Place, Postgres, Redis, RedisCluster, python, run};

fn address(daemon: &Daemon) -> RedisAddress {
    daemon.address().parse().unwrap()
}

fn redis_options(redis: &Redis) -> RedisOptions {
    let mut options = RedisOptions::new(RedisServers::Single(address(&redis.daemon)));
    options.username = Some(Redis::USER.to_owned());
    options.password = Some(Password::new(Redis::PASSWORD));
    options
}

fn redis_store(redis: &Redis) -> RedisTokenStore {
    RedisTokenStore::new(&redis_options(redis)).unwrap()
}

fn cluster_store(cluster: &RedisCluster) -> RedisTokenStore {
    let nodes = cluster.nodes.iter().map(address).collect();
    RedisTokenStore::new(&RedisOptions::new(RedisServers::Cluster(nodes))).unwrap()
}

fn id(number: u32) -> TokenId {
    format!("outage{number:010}").parse().unwrap()
}

fn record(number: u32) -> TokenRecord {
    TokenRecord::new(id(number), TokenKind::Refresh, "outage", SecretDigest::of("x"), SystemTime::now())
}

/// As soon as it is there again.
async fn again<T, E>(mut ask: impl AsyncFnMut() -> Result<T, E>) -> T {
    let end = std::time::Instant::now() + token_auth_tests::DEADLINE;
    loop {
        match ask().await {
            Ok(answer) => return answer,
            Err(_) => assert!(std::time::Instant::now() < end, "the store does not come back"),
        }
        tokio::task::yield_now().await;
    }
}

/// Nothing is lost, and nothing comes back, over the death of a server; meanwhile there are errors, not answers.
async fn check_outage<S: TokenStore, D>(store: S, server: &mut D, kill: fn(&mut D), restart: fn(&mut D)) {
    store.insert(&record(1)).await.unwrap();
    store.insert(&record(2)).await.unwrap();
    assert!(store.revoke(&id(2)).await.unwrap());
    kill(server);
    assert!(store.get(&id(1)).await.is_err());
    assert!(store.get(&id(2)).await.is_err());
    assert!(store.revoke(&id(1)).await.is_err());
    assert!(store.insert(&record(3)).await.is_err());
    restart(server);
    assert!(again(async || store.get(&id(1)).await).await.is_some(), "a token is lost");
    assert_eq!(again(async || store.get(&id(2)).await).await, None, "a revoked token comes back");
    again(async || store.insert(&record(4)).await).await;
    assert_eq!(again(async || store.revoke_account("outage", None).await).await, 2);
}

/// Records that cannot be read are the loss of their own tokens: the rest is listed, page by page, and they can be revoked. `spoil`
/// makes those of 2, 4 and 5 such.
async fn check_spoiled<S: TokenStore>(store: S, spoil: impl FnOnce()) {
    for number in 1..=6 {
        store.insert(&record(number)).await.unwrap();
    }
    spoil();
    let (good, bad) = ([1, 3, 6].map(id), [2, 4, 5].map(id));
    for query in [TokenQuery::all(), TokenQuery::all().of_account("outage")] {
        for limit in 1..=7 {
            assert_eq!(listed(&store, &query, limit).await, (good.to_vec(), bad.to_vec()), "{limit}");
        }
    }
    for id in &bad {
        store.get(id).await.unwrap_err();
        assert!(store.revoke(id).await.unwrap(), "{id}");
        assert_eq!(store.get(id).await.unwrap(), None);
    }
    assert_eq!(listed(&store, &TokenQuery::all(), 2).await, (good.to_vec(), vec![]));
    // With what has no id.
    assert!(store.revoke_account("outage", None).await.unwrap() >= 3);
    assert_eq!(listed(&store, &TokenQuery::all(), 2).await, (vec![], vec![]));
}

/// The ids of what can be read, and of what cannot.
async fn listed<S: TokenStore>(store: &S, query: &TokenQuery, limit: usize) -> (Vec<TokenId>, Vec<TokenId>) {
    let (mut good, mut bad, mut after) = (Vec::new(), Vec::new(), None);
    loop {
        let page = store.list(query, after.as_ref(), limit).await.unwrap();
        good.extend(page.records.into_iter().map(|record| record.id));
        bad.extend(page.unreadable);
        after = page.next;
        if after.is_none() {
            return (good, bad);
        }
    }
}

#[tokio::test]
async fn a_redis_with_spoiled_records_is_listed() {
    let place = Place::new();
    let redis = Redis::start(&place);
    check_spoiled(redis_store(&redis), || {
        let key = |number: u32| format!("token-auth:token:{}", id(number));
        redis.cli(&["HSET", &key(2), "record", "{"]).ok();
        redis.cli(&["HSET", &key(4), "use", "nonsense"]).ok();
        redis.cli(&["DEL", &key(5)]).ok();
        redis.cli(&["SET", &key(5), "nonsense"]).ok();
        for set in ["token-auth:all:o", "token-auth:account:outage"] {
            for entry in ["!", "outage0000000001", "outage0000000002nonsense:outage", "zzz"] {
                redis.cli(&["ZADD", set, "0", entry]).ok();
            }
        }
    })
    .await;
}

/// What spoils tables, in words that all dialects have.
fn spoiling() -> String {
    let table = "token_auth_tokens";
    let copy = |id: &str| {
        let columns = "account_digest, kind, record, last_use, active_at, expires_at, idle_seconds";
        format!("INSERT INTO {table} SELECT '{id}', {columns} FROM {table} WHERE id = '{}';", self::id(1))
    };
    let set = |what: &str, number: u32| format!("UPDATE {table} SET {what} WHERE id = '{}';", id(number));
    // Ids of no tokens, before, between and behind the others.
    let strange = ["!", "outage000000000~", "outage000000001", "zzz"].map(copy);
    let spoiled = [set("record = '{'", 2), set("last_use = 'nonsense'", 4), set("record = ''", 5)];
    [spoiled.concat(), strange.concat()].concat()
}

#[tokio::test]
async fn databases_with_spoiled_records_are_listed() {
    let postgres = Postgres::start();
    check_spoiled(sql_store(&postgres.url()), || drop(postgres.run(&spoiling()))).await;
    let mariadb = MariaDb::start();
    check_spoiled(sql_store(&mariadb.url()), || drop(mariadb.run(&spoiling()))).await;
    let place = Place::new();
    let file = place.at("tokens.sqlite");
    // What SQLite keeps in a column is of any type.
    let bytes = format!("UPDATE token_auth_tokens SET record = x'ff00' WHERE id = '{}';", id(5));
    check_spoiled(sql_store(&format!("sqlite://{}", file.display())), || {
        let program = "import sqlite3, sys; sqlite3.connect(sys.argv[1]).executescript(sys.argv[2])";
        let mut command = python("python3");
        run(command.args(["-c", program]).arg(&file).arg(spoiling() + &bytes), "").ok();
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn redis_keeps_the_contract() {
    let place = Place::new();
    let mut redis = Redis::start(&place);
    check_token_store(Arc::new(redis_store(&redis))).await;
    check_token_store_lasts(async || redis_store(&redis)).await;
    check_outage(redis_store(&redis), &mut redis.daemon, Daemon::kill, Daemon::restart).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_redis_cluster_keeps_the_contract() {
    let place = Place::new();
    let mut cluster = RedisCluster::start(&place);
    check_token_store(Arc::new(cluster_store(&cluster))).await;
    check_token_store_lasts(async || cluster_store(&cluster)).await;
    check_outage(cluster_store(&cluster), &mut cluster, RedisCluster::kill, RedisCluster::restart).await;
}

#[tokio::test]
async fn redis_is_asked_over_tls_and_only_if_it_is_trusted() {
    let place = Place::new();
    let (redis, authority) = Redis::start_with_tls(&place);
    let mut options = RedisOptions::new(RedisServers::Single(address(&redis.daemon)));
    options.password = Some(Password::new(Redis::DEFAULT_PASSWORD));
    options.tls = Some(RedisTls::trusting(std::fs::read(authority).unwrap()));
    RedisTokenStore::new(&options).unwrap().insert(&record(1)).await.unwrap();

    options.tls = Some(RedisTls::default());
    let error = RedisTokenStore::new(&options).unwrap().get(&id(1)).await.unwrap_err();
    assert!(format!("{error:?}").to_lowercase().contains("unknownissuer"), "{error:?}");
    options.tls = None;
    assert!(RedisTokenStore::new(&options).unwrap().get(&id(1)).await.is_err());
}

#[tokio::test]
async fn a_hanging_redis_is_an_error_in_time() {
    let place = Place::new();
    let redis = Redis::start(&place);
    let mut options = redis_options(&redis);
    options.timeout = std::time::Duration::from_millis(100);
    let store = RedisTokenStore::new(&options).unwrap();
    store.insert(&record(1)).await.unwrap();
    redis.daemon.signal("STOP");
    assert!(store.get(&id(1)).await.is_err());
    redis.daemon.signal("CONT");
    assert!(again(async || store.get(&id(1)).await).await.is_some());
    options.password = Some(Password::new("wrong"));
    let store = RedisTokenStore::new(&options).unwrap();
    let error = store.get(&id(1)).await.unwrap_err();
    assert!(!format!("{error:?} {error} {store:?} {options:?}").contains("wrong\""), "{error:?}");
}

fn sql_store(url: &str) -> SqlTokenStore {
    let mut options = SqlOptions::new(url);
    options.timeout = std::time::Duration::from_secs(3);
    SqlTokenStore::new(&options).unwrap()
}

/// Two stores that make the tables at the same time, and then share them.
async fn check_sql(url: &str, daemon: &mut Daemon) {
    let (one, other) = (sql_store(url), sql_store(url));
    let (first, second) = (id(1), id(2));
    let (first, second) = tokio::join!(one.get(&first), other.get(&second));
    assert_eq!((first.unwrap(), second.unwrap()), (None, None));
    check_token_store(Arc::new(one.clone())).await;
    check_token_store_lasts(async || sql_store(url)).await;
    one.insert(&record(9)).await.unwrap();
    assert!(other.revoke(&id(9)).await.unwrap());
    assert_eq!(one.get(&id(9)).await.unwrap(), None);
    check_outage(one, daemon, Daemon::kill, Daemon::restart).await;
    assert!(!format!("{other:?}").contains("secret"), "{other:?}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn postgresql_keeps_the_contract() {
    let mut postgres = Postgres::start();
    check_sql(&postgres.url(), &mut postgres.daemon).await;
}

#[tokio::test]
async fn postgresql_is_asked_over_tls_as_its_address_says() {
    let place = Place::new();
    let (postgres, authority) = Postgres::start_with_tls(&place);
    let authority = format!("sslrootcert={}", authority.display());
    for (host, parameters, good) in [
        ("127.0.0.1", "", true),
        ("127.0.0.1", "sslmode=disable", false),
        ("127.0.0.1", "sslmode=prefer", true),
        ("127.0.0.1", "sslmode=require", true),
        ("127.0.0.1", &format!("sslmode=verify-ca&{authority}"), true),
        ("localhost", &format!("sslmode=verify-ca&{authority}"), true),
        ("127.0.0.1", &format!("sslmode=verify-full&{authority}"), true),
        ("localhost", &format!("sslmode=verify-full&{authority}"), false),
        ("127.0.0.1", "sslmode=verify-ca", false),
        ("127.0.0.1", "sslmode=verify-full", false),
    ] {
        let url = format!("{}?{parameters}", postgres.url().replace("127.0.0.1", host));
        let answer = sql_store(&url).get(&id(1)).await;
        assert_eq!(answer.is_ok(), good, "{host} {parameters}: {answer:?}");
        assert!(!format!("{answer:?}").contains("secret"), "{answer:?}");
    }
    // A server that does not offer it.
    let plain = Postgres::start();
    let answer = sql_store(&format!("{}?sslmode=require", plain.url())).get(&id(1)).await;
    assert!(answer.unwrap_err().to_string().contains("does not offer TLS"));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn mariadb_keeps_the_contract() {
    let mut mariadb = MariaDb::start();
    check_sql(&mariadb.url(), &mut mariadb.daemon).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn sqlite_keeps_the_contract() {
    let place = Place::new();
    let file = place.at("tokens.sqlite");
    let url = format!("sqlite://{}", file.display());
    check_token_store(Arc::new(sql_store(&url))).await;
    check_token_store_lasts(async || sql_store(&url)).await;
    let mode = std::os::unix::fs::PermissionsExt::mode(&file.metadata().unwrap().permissions());
    assert_eq!(mode & 0o777, 0o600, "others can read the file");
}

/// The store that a block of the configuration names.
fn configured(block: &str) -> Arc<dyn Store> {
    let text = format!(
        "server: {{addr: ':5001'}}\ntoken: {{issuer: x, expiration: 900, certificate: c, key: k}}\nusers: {{}}\nacl: []\n\
         tokens:\n  store: {{{block}}}\n"
    );
    let (config, _) = Config::from_yaml(text, "auth.yml", &ConfigOptions::default()).unwrap();
    config.tokens().unwrap().store.open().unwrap()
}

async fn check_object_storage(mut storage: ObjectStorage) {
    let block = storage.block.clone();
    check_token_store(Arc::new(configured(&block))).await;
    check_token_store_lasts(async || configured(&block)).await;
    check_outage(configured(&block), &mut storage, ObjectStorage::kill, ObjectStorage::restart).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn s3_keeps_the_contract() {
    let place = Place::new();
    check_object_storage(ObjectStorage::s3(&place)).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn azure_blob_storage_keeps_the_contract() {
    let place = Place::new();
    check_object_storage(ObjectStorage::azure(&place)).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn google_cloud_storage_keeps_the_contract() {
    let place = Place::new();
    check_object_storage(ObjectStorage::gcs(&place)).await;
}

#[tokio::test]
async fn an_error_of_a_database_has_no_password() {
    for url in ["postgres://registry:hush@127.0.0.1:1/x", "mysql://registry:hush@127.0.0.1:1/x"] {
        let mut options = SqlOptions::new(url);
        options.timeout = std::time::Duration::from_millis(50);
        let store = SqlTokenStore::new(&options).unwrap();
        let error = store.get(&id(1)).await.unwrap_err();
        assert!(!format!("{error} {error:?} {store:?} {options:?}").contains("hush"), "{error:?}");
    }
    for url in ["postgres://registry:hush@[", "oracle://registry:hush@x/y", "sqlite:///no/such/hush"] {
        let error = SqlTokenStore::new(&SqlOptions::new(url)).unwrap_err();
        assert!(!format!("{error} {error:?}").contains("registry:hush"), "{error:?}");
    }
}
