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
    let expected = store.contains("redis_token_db") && !store.contains("docker_passwords: false");
    assert_eq!(warnings.len(), usize::from(expected), "{warnings:?}");
    config.tokens().unwrap().store.clone()
}

#[test]
fn one_store_is_chosen() {
    assert_eq!(errors("{}"), ["tokens.store.path: is required, or `redis` or `sql`"]);
    assert_eq!(
        errors("{path: a.redb, level_token_db: {path: b}}"),
        ["tokens.store.path: stands beside another store: keep one of them"]
    );
    assert!(errors("{gcs_token_db: {bucket: x}}")[0].contains("gcs_token_db: is not supported yet"));
    let file = read("{level_token_db: {path: /var/lib/tokens, token_hash_cost: 5}}");
    assert_eq!(file, TokenStoreConfig::File("/var/lib/tokens".into()));
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
        ("{redis: {addr: 'a:1', timeout: 0s}}", "tokens.store.redis.timeout: must be longer than nothing"),
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
