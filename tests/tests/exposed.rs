//! Secrets that other users of the machine can read or change: `check` and the server say so.

#![allow(clippy::unwrap_used, reason = "test code fails by panicking")]

use std::fs::{self, Permissions};
use std::os::unix::fs::PermissionsExt as _;

use token_auth_tests::{KeyPair, Place, Server, docker_auth, run};

/// A configuration with every file that holds a secret, each mode of which is one `chmod` away.
const CONFIG: &str = r#"
server: {addr: "127.0.0.1:0", certificate: tls.pem, key: tls.key}
token: {issuer: Acme, expiration: 900, certificate: token.pem, key: token.key}
htpasswd_auth: {file: htpasswd}
ldap_auth:
  addr: directory.example.com:636
  tls: always
  base: dc=example,dc=com
  filter: (uid=${account})
  bind_dn: cn=reader
  bind_password_file: ldap.secret
github_auth: {organization: acme, client_id: acme, client_secret_file: github.secret}
sign_in: {key_file: sealing.key, public_url: "https://auth.example.com"}
tokens: {store: {redis: {addr: "127.0.0.1:1", password_file: redis.secret}}}
acl: []
"#;

const FILES: [(&str, &str); 7] = [
    ("tls.key", "config.yml:2: server.key"),
    ("token.key", "config.yml:3: token.key"),
    ("htpasswd", "config.yml:4: htpasswd_auth.file"),
    ("ldap.secret", "config.yml:11: ldap_auth.bind_password_file"),
    ("github.secret", "config.yml:12: github_auth.client_secret_file"),
    ("sealing.key", "config.yml:13: sign_in.key_file"),
    ("redis.secret", "config.yml:14: tokens.store.redis.password_file"),
];

fn set(place: &Place, name: &str, mode: u32) {
    fs::set_permissions(place.at(name), Permissions::from_mode(mode)).unwrap();
}

fn check(place: &Place) -> Vec<String> {
    let said = run(docker_auth().current_dir(place.path()).args(["check", "config.yml"]), "").ok().stdout;
    let warnings = said.lines().filter_map(|line| line.strip_prefix("warning: "));
    warnings.filter(|line| line.contains("chmod")).map(ToOwned::to_owned).collect()
}

#[test]
fn check_names_each_secret_file_its_mode_and_what_mends_it() {
    let place = Place::new();
    for name in ["tls", "token"] {
        KeyPair::generate(&place, name, "p256");
    }
    for name in ["htpasswd", "ldap.secret", "github.secret", "redis.secret"] {
        place.write(name, "alice:$2y$05$LCzJWnlK7g8XwWuMBxDNKuTcAY6m6KVjWgfRcEMnyvfbqxV2WmsPy\n");
    }
    place.write("sealing.key", &"A".repeat(43));
    place.write("config.yml", CONFIG);
    assert_eq!(check(&place), [] as [&str; 0]);
    for (name, at) in FILES {
        // What Kubernetes makes of a secret with `defaultMode: 0440` and an `fsGroup`.
        set(&place, name, 0o440);
        assert_eq!(check(&place), [] as [&str; 0]);
        set(&place, name, 0o644);
        let open = format!("{at}: {name} can be read by everyone (mode 0644): chmod o-r {name}");
        assert_eq!(check(&place), [open]);
        set(&place, name, 0o620);
        let open = format!("{at}: {name} can be changed by its group (mode 0620): chmod g-w {name}");
        assert_eq!(check(&place), [open]);
        set(&place, name, 0o600);
    }
    // The one that nothing names.
    let beside = CONFIG.replace("key_file: sealing.key, ", "");
    let redis = "{redis: {addr: \"127.0.0.1:1\", password_file: redis.secret}}";
    place.write("config.yml", &beside.replace(redis, "{path: tokens.redb}"));
    fs::rename(place.at("sealing.key"), place.at("tokens.redb.key")).unwrap();
    assert_eq!(check(&place), [] as [&str; 0]);
    set(&place, "tokens.redb.key", 0o644);
    let open = "config.yml:12: github_auth: tokens.redb.key can be read by everyone (mode 0644): chmod o-r tokens.redb.key";
    assert_eq!(check(&place), [open]);
    fs::rename(place.at("tokens.redb.key"), place.at("sealing.key")).unwrap();
    set(&place, "sealing.key", 0o600);
    place.write("config.yml", CONFIG);
    // No secret stands in it: it may be read, and not changed.
    set(&place, "config.yml", 0o664);
    assert_eq!(check(&place), [] as [&str; 0]);
    set(&place, "config.yml", 0o646);
    assert_eq!(check(&place), ["config.yml:2: can be changed by everyone (mode 0646): chmod o-w config.yml"]);
    place.write("config.yml", &CONFIG.replace("client_secret_file: github.secret", "client_secret: hush"));
    set(&place, "config.yml", 0o644);
    assert_eq!(
        check(&place),
        [
            "config.yml:12: github_auth.client_secret: is a secret, or its hash, in a file that can be read by everyone \
          (mode 0644): chmod o-r config.yml"
        ]
    );
}

#[test]
fn the_server_says_it_when_it_starts_and_when_it_reads_again() {
    let place = Place::new();
    KeyPair::generate(&place, "token", "p256");
    set(&place, "token.key", 0o604);
    let server = Server::with(&place, Server::USUAL);
    server.wait_for_log("token.key can be read by everyone (mode 0604): chmod o-r token.key");
    set(&place, "token.key", 0o600);
    set(&place, "config.yml", 0o606);
    server.signal("HUP");
    server.wait_for_log(
        "in a file that can be read and changed by everyone (mode 0606): chmod o-rw config.yml",
    );
    drop(server);
    let start = ["config.yml", "--listen", "127.0.0.1:0", "--deny-warnings"];
    run(docker_auth().current_dir(place.path()).args(start), "").fails_with("1 warnings");
}
