use super::findings;
use crate::config::ConfigOptions;

const SERVER: &str = "server: {addr: \":5001\"}";
const TOKEN: &str = "token: {issuer: x, expiration: 900, certificate: c, key: k}";
const USERS: &str = "users: {}";
const ACL: &str = "acl: []";

/// The lines of a file that is right, one of them replaced.
fn with(line: &str, replacement: &str) -> String {
    [SERVER, TOKEN, USERS, ACL].map(|known| if known == line { replacement } else { known }).join("\n")
}

/// A file that is right, and more.
fn and(more: &str) -> String {
    format!("{}\n{more}", with("", ""))
}

fn check(cases: &[(&str, String, &[&str])]) {
    assert_eq!(findings(with("", ""), &ConfigOptions::default()), Ok(vec![]));
    let mut wrong = Vec::new();
    for (name, text, expected) in cases {
        let found = findings(text, &ConfigOptions::default()).unwrap_err();
        if found != *expected {
            wrong.push(format!("{name}\n   is {found:#?}\n   should be {expected:#?}"));
        }
        for secret in ["hunter2", "LO.vzwp"] {
            assert!(!found.join("\n").contains(secret), "{name}: {found:?}");
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn the_text_itself() {
    let level = |name: &str, of: &str| format!("{name}: &{name} [{}]\n", [of; 10].join(","));
    let levels = [("a", "x"), ("b", "*a"), ("c", "*b"), ("d", "*c"), ("e", "*d"), ("f", "*e"), ("g", "*f")];
    let bomb = levels.map(|(name, of)| level(name, of)).concat();
    let deep = format!("users: {}{}", "{a: ".repeat(40), "}".repeat(40));
    check(&[
        ("empty", String::new(), &["1: says nothing"]),
        ("comments only", "# nothing\n".to_owned(), &["1: says nothing"]),
        ("null", "~".to_owned(), &["1: must be a mapping: lines of `key: value`, indented below it"]),
        ("text", "hunter2".to_owned(), &["1: must be a mapping: lines of `key: value`, indented below it"]),
        (
            "tab",
            "server:\n\taddr: x".to_owned(),
            &["2: not YAML: tabs disallowed within this context (block indentation)"],
        ),
        ("bomb", bomb, &["7: more than 4000000 values, aliases counted"]),
        ("deep", deep, &["1: nested more than 32 levels deep"]),
        ("duplicate", and(USERS), &["5: the key \"users\" is already on line 3: remove one"]),
        ("second document", and("---"), &["5: a second document: everything belongs into one"]),
    ]);
    let found = findings(b"server:\n  addr: \xff\n", &ConfigOptions::default());
    assert_eq!(found, Err(vec!["2: is not UTF-8".to_owned()]));
}

#[test]
fn what_is_missing() {
    check(&[
        (
            "everything",
            "{}".to_owned(),
            &[
                "1: server: is required",
                "1: token: is required",
                "1: users: no way to authenticate is configured: write `users: {}` to deny everyone",
                "1: acl: no way to authorize is configured: write `acl: []` to deny everything",
            ],
        ),
        ("addr", with(SERVER, "server: {}"), &["1: server.addr: is required"]),
        ("addr is null", with(SERVER, "server: {addr: }"), &["1: server.addr: is required"]),
        (
            "issuer and expiration",
            with(TOKEN, "token: {certificate: c, key: k}"),
            &["2: token.issuer: is required", "2: token.expiration: is required"],
        ),
        (
            "key",
            with(TOKEN, "token: {issuer: x, expiration: 9, certificate: c}"),
            &["2: token.certificate: needs `key` beside it"],
        ),
        (
            "certificate",
            with(SERVER, "server: {addr: ':1', key: k}"),
            &["1: server.key: needs `certificate` beside it"],
        ),
        (
            "both pairs",
            with(TOKEN, "token: {issuer: x, expiration: 9}"),
            &["2: token: needs `certificate` and `key`, here or under `server`, to sign tokens with"],
        ),
        (
            "users",
            with(USERS, ""),
            &["1: users: no way to authenticate is configured: write `users: {}` to deny everyone"],
        ),
        (
            "users are null",
            with(USERS, "users:"),
            &["1: users: no way to authenticate is configured: write `users: {}` to deny everyone"],
        ),
        (
            "acl",
            with(ACL, ""),
            &["1: acl: no way to authorize is configured: write `acl: []` to deny everything"],
        ),
        ("file of htpasswd", and("htpasswd_auth: {}"), &["5: htpasswd_auth.file: is required"]),
    ]);
}

#[test]
fn unknown_keys() {
    check(&[
        ("at the top", and("letsencrypt: {}"), &["5: letsencrypt: unknown key: it belongs under `server`"]),
        ("mistyped", and("user: {}"), &["5: user: unknown key: did you mean `users`?"]),
        (
            "swapped letters",
            with(SERVER, "server: {addr: ':1', adrd: x}"),
            &["1: server.adrd: unknown key: did you mean `addr`?"],
        ),
        (
            "other case",
            with(SERVER, "server: {addr: ':1', HSTS: yes}"),
            &["1: server.HSTS: unknown key: did you mean `hsts`?"],
        ),
        (
            "elsewhere",
            with(TOKEN, "token: {issuer: x, expiration: 9, certificate: c, key: k, addr: x}"),
            &["2: token.addr: unknown key: it belongs under `server`"],
        ),
        ("no idea", and("frobnicate: 1"), &["5: frobnicate: unknown key"]),
        ("odd name", and("'a b': 1"), &["5: [\"a b\"]: unknown key"]),
        (
            "timeouts",
            with(SERVER, "server: {addr: ':1', timeouts: {read: 1s}}"),
            &["1: server.timeouts.read: unknown key"],
        ),
        (
            "limits",
            and("limits: {scopes: 1}"),
            &["5: limits.scopes: unknown key: did you mean `scopes_per_request`?"],
        ),
        ("htpasswd", and("htpasswd_auth: {file: f, groups: g}"), &["5: htpasswd_auth.groups: unknown key"]),
    ]);
    for (name, text, expected) in [
        (
            "a condition, leniently",
            with(ACL, "acl: [{match: {acount: x}, actions: []}]"),
            "4: acl[1].match.acount: unknown key: did you mean `account`?",
        ),
        (
            "a password, leniently",
            with(USERS, "users: {eve: {pasword: hunter2}}"),
            "3: users.eve.pasword: unknown key: did you mean `password`?",
        ),
    ] {
        assert_eq!(findings(&text, &ConfigOptions::lenient()), Err(vec![expected.to_owned()]), "{name}");
    }
}

#[test]
fn the_server() {
    let server = |rest: &str| with(SERVER, &format!("server: {{addr: ':1', {rest}}}"));
    let tls = |rest: &str| server(&format!("certificate: c, key: k, {rest}"));
    let addr = |addr: &str| with(SERVER, &format!("server:\n  addr: {addr}"));
    let obsolete = "TLS 1.0 and 1.1 are obsolete (RFC 8996)";
    let insecure = "CBC, RC4, 3DES and key exchange by RSA are not secure";
    check(&[
        ("no port", addr("localhost"), &["2: server.addr: must be HOST:PORT or :PORT, and is \"localhost\""]),
        ("port only", addr("5001"), &["2: server.addr: must be HOST:PORT or :PORT, and is \"5001\""]),
        (
            "port too large",
            addr("':65536'"),
            &["2: server.addr: must be HOST:PORT or :PORT, and is \":65536\""],
        ),
        (
            "IPv6 without brackets",
            addr("'::1:80'"),
            &["2: server.addr: must be HOST:PORT or :PORT, and is \"::1:80\": put an IPv6 address into []"],
        ),
        ("list", addr("[a]"), &["2: server.addr: must be a text"]),
        ("net", server("net: udp"), &["1: server.net: must be tcp or unix, and is \"udp\""]),
        (
            "prefix",
            server("path_prefix: auth"),
            &["1: server.path_prefix: must begin with `/`, and is \"auth\""],
        ),
        (
            "prefix with a query",
            server("path_prefix: /a?b"),
            &["1: server.path_prefix: must be a path without `?`, `#` and spaces"],
        ),
        ("hsts", server("hsts: 'yes'"), &["1: server.hsts: must be true or false, without quotes"]),
        ("hsts as a list", server("hsts: []"), &["1: server.hsts: must be true or false, without quotes"]),
        (
            "TLS 1.1",
            tls("tls_min_version: TLS11"),
            &[&format!("1: server.tls_min_version: must be TLS12 or TLS13, and is \"TLS11\": {obsolete}")],
        ),
        (
            "TLS 1.0 by number",
            tls("tls_min_version: 0x0301"),
            &[&format!("1: server.tls_min_version: must be TLS12 or TLS13, and is \"0x0301\": {obsolete}")],
        ),
        (
            "curve",
            tls("tls_curve_preferences: [P256, P521]"),
            &[
                "1: server.tls_curve_preferences[2]: must be X25519, P256 or P384, and is \"P521\": P521 is not available",
            ],
        ),
        (
            "curves",
            tls("tls_curve_preferences: P256"),
            &["1: server.tls_curve_preferences: must be a list: [..], or lines that begin with `-`"],
        ),
        (
            "suite",
            tls("tls_cipher_suites: [0xc014]"),
            &[&format!(
                "1: server.tls_cipher_suites[1]: must be a suite of ECDHE with AES-GCM or ChaCha20-Poly1305, and is \"0xc014\": {insecure}"
            )],
        ),
        (
            "suites and TLS 1.3",
            tls("tls_min_version: 0x0304, tls_cipher_suites: []"),
            &[
                "1: server.tls_cipher_suites: cannot be combined with `tls_min_version: TLS13`: the suites of TLS 1.3 are always on",
            ],
        ),
        (
            "header",
            server("trusted_proxies: [], real_ip_header: 'X Y'"),
            &["1: server.real_ip_header: must be the name of a header, and is \"X Y\""],
        ),
        (
            "position",
            server("trusted_proxies: [], real_ip_header: X, real_ip_pos: last"),
            &["1: server.real_ip_pos: must be a whole number, without quotes, unit or leading zeros"],
        ),
        (
            "proxy",
            server("real_ip_header: X, trusted_proxies: [::1, 10.0.0.0/33]"),
            &[
                "1: server.trusted_proxies[2]: must be an address or a network such as 10.0.0.0/8, and is \"10.0.0.0/33\"",
            ],
        ),
        (
            "timeout without a unit",
            server("timeouts: {request: 10}"),
            &["1: server.timeouts.request: needs a unit: 10s, 5m or 1h30m"],
        ),
        ("no time", server("timeouts: {request: 0}"), &["1: server.timeouts.request: must be longer than 0"]),
        (
            "letsencrypt",
            server("letsencrypt: {email: a@b, cache_dir: /x, hots: y}"),
            &[
                "1: server.letsencrypt: is not supported yet by this build",
                "1: server.letsencrypt.hots: unknown key: did you mean `host`?",
            ],
        ),
    ]);
}

#[test]
fn the_token() {
    let token = |rest: &str| with(TOKEN, &format!("token:\n  certificate: c\n  key: k\n{rest}"));
    check(&[
        (
            "no time",
            token("  issuer: x\n  expiration: 0"),
            &["6: token.expiration: must be from 1 to 4294967295, and is 0"],
        ),
        (
            "a duration",
            token("  issuer: x\n  expiration: 15m"),
            &["6: token.expiration: must be a whole number, without quotes, unit or leading zeros"],
        ),
        (
            "quoted",
            token("  issuer: x\n  expiration: '900'"),
            &["6: token.expiration: must be a whole number, without quotes, unit or leading zeros"],
        ),
        ("empty issuer", token("  issuer: ''\n  expiration: 9"), &["5: token.issuer: must not be empty"]),
        (
            "no service",
            token("  issuer: x\n  expiration: 9\n  services: []"),
            &[
                "7: token.services: must name at least one service; without the key, tokens are issued for any",
            ],
        ),
        (
            "empty service",
            token("  issuer: x\n  expiration: 9\n  services: ['']"),
            &["7: token.services[1]: must not be empty"],
        ),
        (
            "service as a text",
            token("  issuer: x\n  expiration: 9\n  services: a"),
            &["7: token.services: must be a list: [..], or lines that begin with `-`"],
        ),
        (
            "published keys",
            token(
                "  issuer: x\n  expiration: 9\n  published_keys:\n  - a.pem\n  - {}\n  - {file: ''}\n  \
                 - {file: a, key: b}\n  - {file: a, until: tomorrow}\n  - {file: a, until: 2030-01-01}",
            ),
            &[
                "8: token.published_keys[1]: must be a mapping: lines of `key: value`, indented below it",
                "9: token.published_keys[2].file: is required",
                "10: token.published_keys[3].file: must not be empty",
                "11: token.published_keys[4].key: unknown key",
                "12: token.published_keys[5].until: must be a time such as 2030-01-31T12:00:00Z (RFC 3339), and is \
                 \"tomorrow\"",
                "13: token.published_keys[6].until: must be a time such as 2030-01-31T12:00:00Z (RFC 3339), and is \
                 \"2030-01-01\"",
            ],
        ),
    ]);
}

#[test]
fn users() {
    let alice = |rest: &str| with(USERS, &format!("users:\n  alice:\n    {rest}"));
    check(&[
        (
            "users as a list",
            with(USERS, "users: [hunter2]"),
            &["3: users: must be a mapping: lines of `key: value`, indented below it"],
        ),
        (
            "user as a text",
            with(USERS, "users: {alice: hunter2}"),
            &["3: users.alice: must be a mapping: lines of `key: value`, indented below it"],
        ),
        (
            "plain password",
            alice("password: hunter2"),
            &[
                "5: users.alice.password: this is not a password hash that is known here: make one with `htpasswd -nB NAME`",
            ],
        ),
        (
            "number",
            alice("password: 12345"),
            &[
                "5: users.alice.password: this is not a password hash that is known here: make one with `htpasswd -nB NAME`",
            ],
        ),
        (
            "empty password",
            alice("password: ''"),
            &["5: users.alice.password: the password hash is empty: make one with `htpasswd -nB NAME`"],
        ),
        (
            "null password",
            alice("password:"),
            &[
                "5: users.alice.password: is empty: write a bcrypt hash, or remove the key to accept any password",
            ],
        ),
        ("password as a list", alice("password: [hunter2]"), &["5: users.alice.password: must be a text"]),
        (
            "cut off",
            alice("password: $2y$05$LO.vzwp"),
            &[
                "5: users.alice.password: malformed bcrypt hash: it must be 60 characters long; was it cut off, or does a space follow it?",
            ],
        ),
        (
            "expensive",
            format!(
                "{}\nlimits: {{bcrypt_cost: 4}}",
                alice("password: $2y$05$LO.vzwpWC5LZGqThvEfznu8qhb5SGqvBSWY1J3yZ4AxtMRZ3kN5jC")
            ),
            &[
                "5: users.alice.password: bcrypt cost 5 is above the limit of 4: make a cheaper hash or raise the limit, `limits.bcrypt_cost`",
            ],
        ),
        (
            "label as a text",
            alice("labels: {group: dev}"),
            &["5: users.alice.labels.group: must be a list: [..], or lines that begin with `-`"],
        ),
        (
            "label in a label",
            alice("labels: {group: [[dev]]}"),
            &["5: users.alice.labels.group[1]: must be a text"],
        ),
        (
            "anonymous",
            with(USERS, "users: {'': {pass: hunter2}}"),
            &["3: users[\"\"].pass: unknown key: did you mean `password`?"],
        ),
    ]);
}

#[test]
fn rules() {
    let rules = |rules: &str| with(ACL, &format!("acl:\n- {{match: {{}}, actions: []}}\n- {rules}"));
    let missing_match = "6: acl[2].match: is required: write `match: {}` for a rule that is for everyone";
    let missing_actions = "6: acl[2].actions: is required: write `actions: []` for a rule that denies";
    let no_value = "has no value: write \"\" for the empty one, or remove the condition";
    check(&[
        ("a mapping", with(ACL, "acl: {}"), &["4: acl: must be a list: [..], or lines that begin with `-`"]),
        (
            "a rule as a text",
            rules("x"),
            &["6: acl[2]: must be a mapping: lines of `key: value`, indented below it"],
        ),
        ("no match", rules("{actions: []}"), &[missing_match]),
        ("null match", rules("{match: , actions: []}"), &[missing_match]),
        ("no actions", rules("{match: {}}"), &[missing_actions]),
        ("null actions", rules("{match: {}, actions: }"), &[missing_actions]),
        (
            "actions as a text",
            rules("{match: {}, actions: '*'}"),
            &["6: acl[2].actions: must be a list: [..], or lines that begin with `-`"],
        ),
        (
            "condition",
            rules("{match: {acount: x}, actions: []}"),
            &["6: acl[2].match.acount: unknown key: did you mean `account`?"],
        ),
        (
            "misplaced",
            rules("{match: {}, account: x, actions: []}"),
            &["6: acl[2].account: unknown key: it belongs under `match`"],
        ),
        (
            "null condition",
            rules("{match: {account: ~}, actions: []}"),
            &[&format!("6: acl[2].match.account: {no_value}")],
        ),
        (
            "null label",
            rules("{match: {labels: {team: }}, actions: []}"),
            &[&format!("6: acl[2].match.labels.team: {no_value}")],
        ),
        ("list", rules("{match: {name: [a, b]}, actions: []}"), &["6: acl[2].match.name: must be a text"]),
        (
            "labels",
            rules("{match: {labels: [x]}, actions: []}"),
            &["6: acl[2].match.labels: must be a mapping: lines of `key: value`, indented below it"],
        ),
        (
            "ip",
            rules("{match: {ip: localhost}, actions: []}"),
            &["6: acl[2].match.ip: \"localhost\": neither an address (10.0.0.1) nor a network (10.0.0.0/8)"],
        ),
    ]);
}

#[test]
fn limits() {
    let limits = |limits: &str| and(&format!("limits: {{{limits}}}"));
    check(&[
        (
            "nothing",
            limits("scopes_per_request: 0"),
            &["5: limits.scopes_per_request: must be from 1 to 4294967295, and is 0"],
        ),
        (
            "negative",
            limits("password_queue: -1"),
            &["5: limits.password_queue: must be from 0 to 4294967295, and is -1"],
        ),
        ("cost", limits("bcrypt_cost: 32"), &["5: limits.bcrypt_cost: must be from 4 to 31, and is 32"]),
        (
            "time",
            limits("password_cache_ttl: 300"),
            &["5: limits.password_cache_ttl: needs a unit: 10s, 5m or 1h30m"],
        ),
        (
            "text",
            limits("body_bytes: 64k"),
            &["5: limits.body_bytes: must be a whole number, without quotes, unit or leading zeros"],
        ),
    ]);
}

#[test]
fn backends_that_are_not_there() {
    let not_yet = "is not supported yet by this build";
    let blocks = [
        "mongo_auth: {dial_info: {addrs: [x], timeout: 10s, database: x, username: x, password_file: x, enable_tls: true}, collection: x}",
        "acl_mongo: {dial_info: {addrs: [x]}, collection: x, cache_ttl: 1m}",
    ];
    for block in blocks {
        let (key, _) = block.split_once(':').unwrap();
        check(&[(key, and(block), &[&format!("5: {key}: {not_yet}")])]);
        assert_eq!(
            findings(and(&format!("{key}:")), &ConfigOptions::default()),
            Ok(vec![format!("5: {key}: has no value, and so is not configured")])
        );
    }
    let no_plugins = "cannot be supported: Go plugins load into Go programs only; use `webhook_auth`, `webhook_authz`, \
                      `ext_auth` or `ext_authz`, or embed the library and implement its trait";
    check(&[
        ("plugin_authn", and("plugin_authn: {plugin_path: x}"), &[&format!("5: plugin_authn: {no_plugins}")]),
        ("plugin_authz", and("plugin_authz: {plugin_path: x}"), &[&format!("5: plugin_authz: {no_plugins}")]),
        (
            "nested keys",
            and("mongo_auth:\n  dial_inf: x\n  collection: []\n  dial_info: {addr: x}"),
            &[
                &format!("5: mongo_auth: {not_yet}"),
                "6: mongo_auth.dial_inf: unknown key: did you mean `dial_info`?",
                "7: mongo_auth.collection: must be a text",
                "8: mongo_auth.dial_info.addr: unknown key: did you mean `addrs`?",
            ],
        ),
        (
            "a secret of the wrong kind",
            and("ext_auth: {command: [hunter2]}"),
            &[&format!("5: ext_auth: {not_yet}"), "5: ext_auth.command: must be a text"],
        ),
        ("instead of users", with(USERS, "mongo_auth: {}"), &[&format!("3: mongo_auth: {not_yet}")]),
    ]);
}

#[cfg(not(feature = "ldap"))]
#[test]
fn a_directory_without_its_feature() {
    let needs = "5: ldap_auth: needs a build with the feature `ldap`";
    check(&[
        (
            "docker_auth's keys",
            and(
                "ldap_auth: {addr: x, tls: always, insecure_tls_skip_verify: no, ca_certificate: , bind_dn: , bind_password_file: x, base: x, filter: x, initial_bind_as_user: true, labels: {groups: {attribute: x, parse_cn: true, lower_case: false}}}",
            ),
            &[needs],
        ),
        (
            "a wrong one",
            and("ldap_auth: {labels: {groups: {attribut: x}}}"),
            &[needs, "5: ldap_auth.labels.groups.attribut: unknown key: did you mean `attribute`?"],
        ),
    ]);
}

#[test]
fn everything_at_once_in_the_order_of_lines() {
    let text = "acl:\n- match: {acount: x}\nserver: {adr: x}\ntoken: {expiration: 0}\nusers: {alice: {password: x}}\n";
    check(&[(
        "many",
        text.to_owned(),
        &[
            "2: acl[1].actions: is required: write `actions: []` for a rule that denies",
            "2: acl[1].match.acount: unknown key: did you mean `account`?",
            "3: server.addr: is required",
            "3: server.adr: unknown key: did you mean `addr`?",
            "4: token: needs `certificate` and `key`, here or under `server`, to sign tokens with",
            "4: token.issuer: is required",
            "4: token.expiration: must be from 1 to 4294967295, and is 0",
            "5: users.alice.password: this is not a password hash that is known here: make one with `htpasswd -nB NAME`",
        ],
    )]);
}
