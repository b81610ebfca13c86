use std::path::{Path, PathBuf};
use std::time::Duration;

use token_auth_core::{AccessRequest, ActionSet, LabelValue, Labels, RequestLimits, ScopeLimits};

use super::{ARTICLE, DIRECTORY, findings};
use crate::config::{
    CipherSuite, Config, ConfigOptions, Curve, KeyPair, ListenAddress, RealIp, ServerConfig, Timeouts,
    TlsConfig, TlsVersion, TokenConfig,
};

fn read(text: &str) -> Config {
    let (config, warnings) = Config::from_yaml(text, "f", &ConfigOptions::default()).unwrap();
    assert_eq!(warnings, []);
    config
}

fn pair(certificate: &str, key: &str) -> KeyPair {
    KeyPair { certificate: PathBuf::from(certificate), key: PathBuf::from(key) }
}

#[test]
fn the_article() {
    for text in [ARTICLE.to_owned(), ARTICLE.replace('\n', "\r\n"), format!("\u{feff}{ARTICLE}")] {
        let config = read(&text);
        assert_eq!(config.server.address, ListenAddress::Tcp { host: String::new(), port: 5001 });
        assert_eq!(
            config.server,
            ServerConfig {
                address: ListenAddress::Tcp { host: String::new(), port: 5001 },
                path_prefix: String::new(),
                tls: None,
                hsts: false,
                real_ip: None,
                timeouts: Timeouts::default(),
            }
        );
        assert_eq!(
            config.token,
            TokenConfig {
                issuer: "Acme auth server".to_owned(),
                expiration: Duration::from_secs(900),
                key_pair: Some(pair("/config/auth.pem", "/config/auth.key")),
                disable_legacy_key_id: false,
                x5c: true,
                services: Vec::new(),
            }
        );
        let users = config.users.as_ref().unwrap();
        assert_eq!(users.iter().map(|(name, _)| &**name).collect::<Vec<_>>(), ["admin", ""]);
        assert!(config.htpasswd().is_none() && config.acl.is_some());
        assert_eq!(config.limits, super::super::Limits::default());
    }
}

#[test]
fn everything() {
    let config = read(DIRECTORY);
    assert_eq!(
        config.server,
        ServerConfig {
            address: ListenAddress::Tcp { host: "::1".to_owned(), port: 5001 },
            path_prefix: "/registry-auth".to_owned(),
            tls: Some(TlsConfig {
                key_pair: pair("/etc/auth/server.pem", "/etc/auth/server.key"),
                minimum: TlsVersion::Tls12,
                curves: vec![Curve::X25519, Curve::P256, Curve::P384],
                cipher_suites: vec![
                    CipherSuite::EcdheRsaAes256GcmSha384,
                    CipherSuite::EcdheRsaAes128GcmSha256,
                    CipherSuite::EcdheEcdsaChacha20Poly1305,
                ],
            }),
            hsts: true,
            real_ip: Some(RealIp {
                header: http::HeaderName::from_static("x-forwarded-for"),
                position: Some(-2),
                trusted_proxies: Some(
                    ["10.0.0.0/8", "192.0.2.7/32", "2001:db8::/32"]
                        .map(|network| network.parse().unwrap())
                        .to_vec(),
                ),
            }),
            timeouts: Timeouts {
                header: Duration::from_secs(5),
                request: Duration::from_secs(90),
                ..Timeouts::default()
            },
        }
    );
    assert_eq!(config.token.key_pair, None);
    assert_eq!(config.token.services, ["registry.example.com", "127.0.0.1:5000"]);
    assert!(config.token.disable_legacy_key_id && !config.token.x5c);

    let users = config.users.as_ref().unwrap();
    assert_eq!(
        users.iter().map(|(name, _)| &**name).collect::<Vec<_>>(),
        ["admin", "backup", "operator", "123", ""]
    );
    let shown = format!("{:?}", users[2].1);
    assert!(
        shown.contains("\"test/*\"") && shown.contains("\"2024\"") && shown.contains("Administrator"),
        "{shown}"
    );
    assert!(!shown.contains("LO.vzwp"), "{shown}");

    let htpasswd = config.htpasswd().unwrap();
    assert_eq!(htpasswd.file, Path::new("/etc/auth/htpasswd"));
    assert_eq!(htpasswd.group_file.as_deref(), Some(Path::new("/etc/auth/groups")));
    assert_eq!(htpasswd.hash_limits.max_bcrypt_cost, 12);

    let mut requests = RequestLimits::default();
    requests.scopes = ScopeLimits { scopes: 20, actions: 8 };
    (requests.query_bytes, requests.body_bytes, requests.authorization_bytes) = (4096, 8192, 2048);
    assert_eq!(config.limits.request, requests);
    assert_eq!((config.limits.connections, config.limits.header_bytes), (100, 16384));
    let passwords = config.limits.passwords;
    assert_eq!((passwords.concurrency, passwords.queue, passwords.cache_entries), (1, 0, 0));
    assert_eq!(passwords.cache_time, Duration::from_secs(3600));
}

#[test]
fn rules_decide_as_they_are_written() {
    let acl = read(DIRECTORY).acl.unwrap();
    let none = Labels::new;
    let group = |group| Labels::new().with("group", LabelValue::literal(group));
    let both = || group("dev").with("team", LabelValue::literal("core"));
    let full = || Labels::new().with("full-access", LabelValue::dangerous_pattern("test/*"));
    for (name, account, labels, resource, expected) in [
        ("own repository", "eve", none(), ("repository", "eve/app"), Some(("pull push", 52))),
        ("administrator", "admin", none(), ("repository", "x"), Some(("pull push", 50))),
        ("catalog for 123", "123", none(), ("registry", "catalog"), Some(("pull", 55))),
        ("only one label", "eve", group("dev"), ("repository", "x"), Some(("pull", 67))),
        ("both labels", "eve", both(), ("repository", "x"), Some(("pull push", 57))),
        ("label as pattern", "eve", full(), ("repository", "test/x"), Some(("pull push", 63))),
        ("anonymous", "", none(), ("repository", "x"), Some(("", 65))),
        ("anyone else", "eve", none(), ("repository", "x"), Some(("pull", 67))),
    ] {
        let actions: ActionSet = ["pull", "push"].into_iter().collect();
        let request = AccessRequest::new(account, resource.0, resource.1, &actions)
            .with_labels(&labels)
            .with_service("registry.example.com");
        let decision = acl.decide(&request).unwrap();
        let granted = decision.actions.iter().map(|action| action.to_string()).collect::<Vec<_>>().join(" ");
        assert_eq!(Some((&*granted, decision.line.unwrap())), expected, "{name}");
    }
    let actions: ActionSet = ["push"].into_iter().collect();
    let local = AccessRequest::new("", "repository", "x", &actions).with_address(Some([127, 0, 0, 1].into()));
    let decision = acl.decide(&local).unwrap();
    assert_eq!(&**decision.decided_by, "acl rule 1 (line 47): Everything from this machine");
    assert_eq!(decision.actions, actions);
}

#[test]
fn unix_socket() {
    let config = read(
        "server: {addr: /run/auth.sock, net: unix}\ntoken: {issuer: x, expiration: 60, certificate: c, key: k}\nusers: {}\nacl: []",
    );
    assert_eq!(config.server.address, ListenAddress::Unix(PathBuf::from("/run/auth.sock")));
    assert_eq!((config.users.unwrap().len(), config.acl.unwrap().len()), (0, 0));
}

#[test]
fn warnings() {
    let base = "server: {addr: \":1\"}\ntoken: {issuer: x, expiration: 60, certificate: c, key: k}\n";
    let methods = "users: {}\nacl: []\n";
    let lenient = ConfigOptions::lenient();
    for (name, text, expected) in [
        (
            "user without a password",
            format!("{base}users: {{eve: {{}}, '': {{}}}}\nacl: []"),
            vec!["3: users.eve: has no password: any password opens this account"],
        ),
        (
            "user without anything",
            format!("{base}users:\n  eve:\nacl: []"),
            vec![
                "4: users.eve: says nothing, and so there is no such user: write {} for one without a password",
            ],
        ),
        (
            "method without a value",
            format!("{base}users:\nhtpasswd_auth: {{file: f}}\nacl: []"),
            vec!["3: users: has no value, and so is not configured"],
        ),
        (
            "header believed from anyone",
            format!("{}{methods}", base.replace(":1\"", ":1\", real_ip_header: X-Real-IP")),
            vec![
                "1: server.real_ip_header: is believed from anyone, so that rules with `ip` can be deceived: name the \
                 proxies in `server.trusted_proxies`",
                "1: server.real_ip_header: is read at its first address, since there is no `real_ip_pos`, and where a proxy \
                 appends to the header that is what a client writes itself: write `real_ip_pos: -1` for what the nearest \
                 proxy writes",
            ],
        ),
        (
            "position that is said, of a header believed from anyone",
            format!("{}{methods}", base.replace(":1\"", ":1\", real_ip_header: X-Real-IP, real_ip_pos: 0")),
            vec![
                "1: server.real_ip_header: is believed from anyone, so that rules with `ip` can be deceived: name the \
                 proxies in `server.trusted_proxies`",
            ],
        ),
        (
            "proxies, and the client's end of the list",
            format!(
                "{}{methods}",
                base.replace(
                    ":1\"",
                    ":1\", real_ip_header: Forwarded, real_ip_pos: 0, trusted_proxies: [::1]"
                )
            ),
            vec![
                "1: server.real_ip_pos: counts from the end that a client can write itself: remove it, and the address is the \
                 last one that is none of `trusted_proxies`",
            ],
        ),
        (
            "proxies, and a header that they replace",
            format!(
                "{}{methods}",
                base.replace(
                    ":1\"",
                    ":1\", real_ip_header: X-Real-IP, real_ip_pos: 0, trusted_proxies: [::1]"
                )
            ),
            vec![],
        ),
        (
            "position without a header",
            format!("{}{methods}", base.replace(":1\"", ":1\", real_ip_pos: 0")),
            vec!["1: server.real_ip_pos: has no effect without `real_ip_header`"],
        ),
        (
            "proxies without a header",
            format!("{}{methods}", base.replace(":1\"", ":1\", trusted_proxies: [::1]")),
            vec!["1: server.trusted_proxies: has no effect without `real_ip_header`"],
        ),
        (
            "TLS without a certificate",
            format!("{}{methods}", base.replace(":1\"", ":1\", tls_min_version: TLS13")),
            vec![
                "1: server.tls_min_version: has no effect without `certificate` and `key`: the server speaks plain HTTP",
            ],
        ),
        (
            "suite of TLS 1.3",
            format!(
                "{}{methods}",
                base.replace(
                    ":1\"",
                    ":1\", certificate: c, key: k, tls_cipher_suites: [TLS_AES_128_GCM_SHA256]"
                )
            ),
            vec!["1: server.tls_cipher_suites[1]: is a suite of TLS 1.3, and always on"],
        ),
        (
            "unknown key, leniently",
            format!("{base}{methods}letsencrypt: {{}}\nhosts: 1"),
            vec!["5: letsencrypt: unknown key: it belongs under `server`", "6: hosts: unknown key"],
        ),
    ] {
        let expected: Vec<_> = expected.into_iter().map(str::to_owned).collect();
        assert_eq!(findings(&text, &lenient), Ok(expected), "{name}");
    }
}
