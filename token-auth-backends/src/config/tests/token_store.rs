//! Where tokens are kept.

use crate::config::{Config, ConfigOptions, TokenStoreConfig};

const MINIMAL: &str = "
server: {addr: ':5001'}
token: {issuer: x, expiration: 900, certificate: c, key: k}
users: {}
acl: []
";

fn with_store(store: &str) -> String {
    format!("{MINIMAL}\ntokens:\n  store: {store}\n")
}

fn errors(store: &str) -> Vec<String> {
    let text = with_store(store);
    let errors = Config::from_yaml(&text, "auth.yml", &ConfigOptions::default()).unwrap_err();
    errors.to_string().lines().map(|line| line.split_once(": ").unwrap().1.to_owned()).collect()
}

fn read(store: &str) -> TokenStoreConfig {
    let (config, warnings) =
        Config::from_yaml(with_store(store), "auth.yml", &ConfigOptions::default()).unwrap();
    assert!(warnings.is_empty(), "{warnings:?}");
    config.tokens().unwrap().store.clone()
}

#[test]
fn one_store_is_chosen() {
    assert_eq!(
        errors("{}"),
        ["tokens.store.path: is required, or one of `redis`, `sql`, `s3`, `gcs`, `azure`"]
    );
    assert_eq!(
        errors("{path: a.redb, level_token_db: {path: b}, redis_token_db: {}}"),
        [
            "tokens.store.level_token_db: stands beside `path`: keep one of them",
            "tokens.store.redis_token_db: stands beside `path`: keep one of them",
        ]
    );
    assert_eq!(
        errors("{s3: {bucket: a}, gcs: {bucket: b}}"),
        ["tokens.store.gcs: stands beside `s3`: keep one of them"]
    );
    let file = read("{level_token_db: {path: /var/lib/tokens, token_hash_cost: 5}}");
    assert_eq!(file.file(), Some(std::path::Path::new("/var/lib/tokens")));
}

#[test]
fn a_folder_of_docker_auth_is_refused_by_name() {
    let folder = tempfile::tempdir().unwrap();
    let store = TokenStoreConfig::File(folder.path().into());
    assert!(store.open().err().unwrap().contains("is a folder"));
    std::fs::write(folder.path().join("CURRENT"), "MANIFEST-000001\n").unwrap();
    for problem in [store.open().err().unwrap(), store.examine().unwrap_err()] {
        assert!(problem.contains("is a LevelDB of docker_auth"), "{problem}");
    }
}

#[cfg(feature = "token-store-redis")]
#[tokio::test]
async fn redis_is_chosen() {
    let ours = read(
        "{redis: {addr: 'r.example.com:6379', username: u, password: hush, db: 3, tls: true, prefix: 'x:', timeout: 1s}}",
    );
    assert!(!format!("{ours:?}").contains("hush"), "{ours:?}");
    ours.open().unwrap();
    let theirs = "{redis_token_db: {token_hash_cost: 5, redis_options: {addr: 'r:6379', db: 3, poolsize: 5, readtimeout: 1s}}}";
    read(theirs).open().unwrap();
    read("{redis_token_db: {redis_cluster_options: {addrs: ['a:1', 'b:2'], maxredirects: 3}}}")
        .open()
        .unwrap();
    for (store, error) in [
        ("{redis: {}}", "tokens.store.redis.addr: is required, or `addrs` of a cluster"),
        ("{redis: {addr: nowhere}}", "tokens.store.redis.addr: must be HOST:PORT, or the path of a socket"),
        ("{redis: {addrs: []}}", "tokens.store.redis.addrs: must name at least one node"),
        ("{redis: {addr: 'a:1', timeout: 0s}}", "tokens.store.redis.timeout: must be longer than 0"),
        (
            "{redis: {addr: 'a:1', pasword: x}}",
            "tokens.store.redis.pasword: unknown key: did you mean `password`?",
        ),
        (
            "{redis_token_db: {}}",
            "tokens.store.redis_token_db: needs `redis_options` or `redis_cluster_options`",
        ),
        (
            "{redis_token_db: {redis_options: {addr: 'a:1', poolsize: many}}}",
            "tokens.store.redis_token_db.redis_options.poolsize: must be a whole number, without quotes, unit or leading zeros",
        ),
    ] {
        assert_eq!(errors(store), [error], "{store}");
    }
    let cluster = read("{redis: {addrs: ['a:1'], db: 1}}");
    assert!(cluster.open().err().unwrap().contains("no other database"));
}

#[cfg(feature = "token-store-sql")]
#[tokio::test]
async fn a_database_is_chosen() {
    let store = read("{sql: {url: 'postgres://u:hush@h/d', prefix: x_, connections: 2, timeout: 1s}}");
    assert!(!format!("{store:?}").contains("hush"), "{store:?}");
    store.open().unwrap();
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("url");
    std::fs::write(&file, "mariadb://u:p@h/d\n").unwrap();
    read(&format!("{{sql: {{url_file: {}}}}}", file.display())).open().unwrap();
    std::fs::write(&file, "\n").unwrap();
    let problem = read(&format!("{{sql: {{url_file: {}}}}}", file.display())).open().err().unwrap();
    assert!(problem.contains("holds no secret"), "{problem}");
    assert_eq!(errors("{sql: {}}"), ["tokens.store.sql.url: is required, or `url_file`"]);
    for bad in ["oracle://x", "'postgres://['"] {
        assert!(read(&format!("{{sql: {{url: {bad}}}}}")).open().is_err(), "{bad}");
    }
}

#[cfg(feature = "token-store-object")]
#[test]
fn object_storage_is_chosen() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("secret");
    std::fs::write(&file, "hush\n").unwrap();
    let file = file.display();
    for store in [
        "s3: {bucket: b, region: eu-central-1, access_key_id: k, secret_access_key: hush, prefix: a/b}"
            .to_owned(),
        format!(
            "s3: {{bucket: b, endpoint: 'https://s3.example.com', path_style: true, access_key_id: k, secret_access_key_file: {file}}}"
        ),
        format!("azure: {{account: a, container: c, access_key_file: {file}, timeout: 1s}}"),
        "azure: {account: a, container: c, access_key: aHVzaA==}".to_owned(),
        "gcs: {bucket: b, endpoint: 'https://storage.example.com'}".to_owned(),
        "gcs_token_db: {bucket: b, token_hash_cost: 5}".to_owned(),
    ] {
        let store = read(&format!("{{{store}}}"));
        assert!(!format!("{store:?}").contains("hush"), "{store:?}");
        assert!(store.file().is_none());
        store.examine().unwrap();
        store.open().unwrap();
    }
    for (store, error) in [
        ("{s3: {}}", "tokens.store.s3.bucket: is required"),
        (
            "{s3: {bucket: b, access_key_id: k}}",
            "tokens.store.s3.secret_access_key_file: is required beside `access_key_id`",
        ),
        (
            "{s3: {bucket: b, secret_access_key: k}}",
            "tokens.store.s3.access_key_id: is required beside the secret",
        ),
        (
            "{s3: {bucket: b, access_key_id: k, secret_access_key: x, secret_access_key_file: y}}",
            "tokens.store.s3.secret_access_key: stands beside a file for the same: keep one of them",
        ),
        ("{s3: {bucket: b, timeout: 0s}}", "tokens.store.s3.timeout: must be longer than 0"),
        (
            "{gcs: {bucket: b, endpoint: 'http://127.0.0.1:1'}}",
            "tokens.store.gcs.endpoint: must begin with https://, unless `allow_http` is set",
        ),
        ("{azure: {account: a}}", "tokens.store.azure.container: is required"),
        (
            "{azure: {account: a, container: c, acces_key: x}}",
            "tokens.store.azure.acces_key: unknown key: did you mean `access_key`?",
        ),
        ("{gcs_token_db: {}}", "tokens.store.gcs_token_db.bucket: is required"),
    ] {
        assert_eq!(errors(store), [error], "{store}");
    }
    for (store, problem) in [
        ("{s3: {bucket: b, access_key_id: k, secret_access_key_file: /no/such}}", "/no/such"),
        ("{s3: {bucket: b, ca_certificate: /no/such}}", "/no/such"),
        ("{gcs_token_db: {bucket: b, client_secret_file: /no/such}}", "/no/such"),
        ("{azure: {account: a, container: c, access_key: '?'}}", "invalid access key"),
        ("{gcs: {bucket: b, prefix: a//b}}", "prefix"),
    ] {
        let found = read(store).examine().and_then(|()| read(store).open().map(drop)).unwrap_err();
        assert!(found.to_lowercase().contains(problem), "{store}: {found}");
    }
}
