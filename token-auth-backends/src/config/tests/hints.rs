//! Mistakes of real files, and what is said of them.

use super::findings;
use crate::config::{Config, ConfigOptions};

const BASE: &str =
    "server: {addr: \":5001\"}\ntoken: {issuer: x, expiration: 900, certificate: c, key: k}\nusers: {}\n";

fn said(text: &str) -> Result<Vec<String>, Vec<String>> {
    findings(text, &ConfigOptions::default())
}

fn assert_errors(cases: &[(&str, &[&str])]) {
    for (text, expected) in cases {
        assert_eq!(said(text).unwrap_err(), *expected, "{text}");
    }
}

#[test]
fn keys() {
    let and = |more: &str| format!("{BASE}acl: []\n{more}");
    let rule = |rule: &str| format!("{BASE}acl: [{rule}]\n");
    assert_errors(&[
        (
            &rule("{match: {account:\"admin\"}, actions: []}"),
            &["4: acl[1].match.account: unknown key: write a blank after the colon of `account:`"],
        ),
        (
            &rule("{match: {team: dev}, actions: []}"),
            &["4: acl[1].match.team: unknown key: teams are a label: `labels: {teams: NAME}`"],
        ),
        (
            &and("ldap_auth:\naddr: 'ldap.example.com:636'\nfilter: (uid=${account})\n"),
            &[
                "6: addr: unknown key: it belongs under `ldap_auth` above, indented, or under `server`",
                "7: filter: unknown key: it belongs under `ldap_auth` above: indent it",
            ],
        ),
        (
            &and("google_auth: {domain: x, client_id: x, client_secret: x, token_db: /db}"),
            &[
                "5: google_auth.level_token_db: is required, or `tokens.store`: it says where tokens are kept",
                "5: google_auth.token_db: unknown key: older versions of docker_auth had it: write `level_token_db: \
                 {path: …}`",
            ],
        ),
        (
            &format!("{}acl: []\n", BASE.replace("expiration", "cert: x, expiration")),
            &["2: token.cert: unknown key: did you mean `certificate`?"],
        ),
    ]);
}

/// What follows the colon may be a secret.
#[test]
fn a_value_without_a_blank_before_it_is_not_shown() {
    let text =
        format!("{}users: {{alice: {{password:hunter2}}}}\nacl: []\n", BASE.replace("users: {}\n", ""));
    let expected = "3: users.alice.password: unknown key: write a blank after the colon of `password:`";
    assert_eq!(said(&text).unwrap_err(), [expected]);
}

#[test]
fn yaml() {
    let text = |rest: &str| format!("{BASE}{rest}");
    for (rest, expected) in [
        ("acl:\n- match: {}\n  actions: [*]\n", "`*` without quotes is an alias: write \"*\""),
        ("acl:\n- match: {}\n  actions: *\n", "`*` without quotes is an alias: write \"*\""),
        ("acl: {{ .Values.acl }}\n", "a template that was not rendered"),
        ("{% if ldap %}\nacl: []\n", "a template that was not rendered"),
    ] {
        let said = said(&text(rest)).unwrap_err();
        assert!(said.iter().any(|finding| finding.contains(expected)), "{rest}: {said:#?}");
    }
    let text = format!("{}acl: []\n", BASE.replace(":5001", "{{ .Values.addr }}"));
    assert!(said(&text).unwrap_err()[0].ends_with(": a template that was not rendered"));
}

#[test]
fn anchors_have_a_place() {
    let text = "x-defaults: &all {labels: {group: [dev]}}\nusers: {alice: {<<: *all}}\n";
    let base = BASE.replace("users: {}\n", "");
    let expected = vec!["4: users.alice: has no password: any password opens this account".to_owned()];
    assert_eq!(said(&format!("{base}{text}acl: []\n")), Ok(expected));
    let below = format!("{}acl: []\n", BASE.replace("addr:", "x-y: 1, addr:"));
    assert_eq!(said(&below).unwrap_err(), ["1: server.x-y: unknown key"]);
}

#[test]
fn numbers_as_templates_print_them() {
    for (number, seconds) in [("2.592e+06", 2_592_000), ("900.0", 900), ("9e2", 900), ("1_000", 1000)] {
        let text = format!("{}acl: []\n", BASE.replace("900", number));
        let (config, _) = Config::from_yaml(&text, "f", &ConfigOptions::default()).unwrap();
        assert_eq!(config.token.expiration.as_secs(), seconds, "{number}");
        assert!(said(&text).is_ok());
    }
    for number in ["900.5", "1e-3", "0900.0", "1e400", "9007199254740993.0", ".5", "e3", "1e", "inf", ".inf"]
    {
        let text = format!("{}acl: []\n", BASE.replace("900", number));
        let expected = "2: token.expiration: must be a whole number, without quotes, unit or leading zeros";
        assert_eq!(said(&text).unwrap_err(), [expected], "{number}");
    }
}

#[test]
fn a_line_break_behind_a_hash() {
    let hash = "$2y$05$LO.vzwpWC5LZGqThvEfznu8qhb5SGqvBSWY1J3yZ4AxtMRZ3kN5jC";
    let base = BASE.replace("users: {}\n", "");
    let text = format!("{base}acl: []\nusers:\n  alice:\n    password: |\n      {hash}\n");
    let expected =
        "6: users.alice.password: has a line break behind it, which does not count: write it on one line";
    assert_eq!(said(&text), Ok(vec![expected.to_owned()]));
    let costly = format!("{base}acl: []\nusers: {{alice: {{password: {}}}}}\n", hash.replace("$05$", "$17$"));
    let expected = "4: users.alice.password: bcrypt cost 17 is above the limit of 16: make a cheaper hash or raise the limit, \
                    `limits.bcrypt_cost`";
    assert_eq!(said(&costly).unwrap_err(), [expected]);
    let plain = format!("{base}acl: []\nusers: {{alice: {{password: correcthorses}}}}\n");
    assert!(said(&plain).unwrap_err()[0].contains("this is not a password hash that is known here"));
}

#[test]
fn addresses_and_paths() {
    let with = |more: &str| format!("{}acl: []\n", BASE.replace("addr: \":5001\"", more));
    assert_eq!(
        said(&with("addr: 'http://0.0.0.0:5001/'")).unwrap_err(),
        [
            "1: server.addr: must be HOST:PORT or :PORT, and is \"http://0.0.0.0:5001/\": write it without a scheme, \
          \"0.0.0.0:5001\""
        ]
    );
    let text = with("addr: ':1', path_prefix: '/café/'");
    let (config, _) = Config::from_yaml(&text, "f", &ConfigOptions::default()).unwrap();
    assert_eq!(config.server.path_prefix, "/caf%C3%A9");
}

/// docker_auth takes the last of two; so does what is said of the rest of the file.
#[test]
fn a_key_that_stands_twice_is_one_finding() {
    let text = format!(
        "{BASE}acl: []\nldap_auth:\n  addr: 'ldap.example.com:636'\n  base: x\n  filter: (uid=${{account}})\n  bind_dn: \
         'uid=${{account}},x'\n  bind_dn: cn=reader\n  bind_password_file: p\n"
    );
    assert_eq!(said(&text).unwrap_err(), ["10: the key \"bind_dn\" is already on line 9: remove one"]);
}

#[test]
fn leniently_read_keys_are_told_beside_errors() {
    let text = format!("{}acl: []\nfrobnicate: 1\n", BASE.replace("900", "0"));
    let errors = Config::from_yaml(&text, "f", &ConfigOptions::lenient()).unwrap_err();
    assert_eq!(
        errors.to_string(),
        "f:2: token.expiration: must be from 1 to 4294967295, and is 0\nwarning: f:5: frobnicate: unknown key"
    );
    assert_eq!(errors.warnings().len(), 1);
}

#[test]
fn labels_of_every_source_are_known() {
    let lint = |block: &str, label: &str| {
        let rule = format!("acl: [{{match: {{name: '${{labels:{label}}}/x'}}, actions: [pull]}}]\n");
        let (config, _) =
            Config::from_yaml(format!("{BASE}{rule}{block}"), "f", &ConfigOptions::default()).unwrap();
        config.lint().iter().any(|finding| finding.message().contains("unknown-label"))
    };
    let provider = "client_id: x, client_secret: x, level_token_db: {path: x}";
    for (block, label) in [
        (format!("google_auth: {{domain: x, {provider}, label_claims: [team, roles=a.b]}}"), "team"),
        (format!("google_auth: {{domain: x, {provider}}}"), "groups"),
        (format!("github_auth: {{organization: x, {provider}}}"), "teams"),
        (
            "workload_auth: {issuers: [{issuer: 'https://i', audience: a, require: {}, labels: {ref: '${claim.ref}'}}]}"
                .to_owned(),
            "ref",
        ),
    ] {
        assert!(!lint(&block, label), "{block} {label}");
        assert!(lint(&block, "nothing"), "{block}");
    }
}
