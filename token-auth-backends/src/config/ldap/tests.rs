use std::path::Path;
use std::time::Duration;

use super::super::tests::findings;
use super::super::{Config, ConfigOptions};
use crate::ldap::{LdapOptions, Security};

const DOCKER_AUTH: &str = include_str!("../../../testdata/ldap-docker-auth.yml");
const EVERYTHING: &str = include_str!("../../../testdata/ldap.yml");

const HEAD: &str = "server: {addr: ':1'}
token: {issuer: x, expiration: 900, certificate: c, key: k}
acl: []
ldap_auth:
";

/// A block of these lines.
fn block(lines: &str) -> String {
    lines.lines().fold(HEAD.to_owned(), |text, line| text + "  " + line + "\n")
}

fn read(text: &str) -> (LdapOptions, Vec<String>) {
    let (config, warnings) = Config::from_yaml(text, "f", &ConfigOptions::default()).unwrap();
    let shown = warnings.iter().map(|warning| warning.to_string().replacen("f:", "", 1)).collect();
    (config.ldap().next().unwrap().clone(), shown)
}

#[test]
fn the_block_of_docker_auth() {
    let (options, warnings) = read(DOCKER_AUTH);
    assert_eq!(warnings, Vec::<String>::new());
    assert_eq!(options.servers[0].to_string(), "ldaps://ldap.example.com:636");
    assert_eq!(options.tls.ca_file.as_deref(), Some(Path::new("/etc/auth/ca.pem")));
    let service = options.service.as_ref().unwrap();
    assert_eq!(
        (&*service.name, &*service.password_file),
        ("cn=reader,dc=example,dc=com", Path::new("/etc/auth/p"))
    );
    assert_eq!(options.users[0].base, "o=example.com");
    assert_eq!(options.users[0].filter.to_string(), "(&(uid=${account})(objectClass=person))");
    let labels: Vec<_> = options
        .labels
        .iter()
        .map(|label| (label.rule.label(), &*label.attribute, label.parse_cn, label.rule.value("Ä")))
        .collect();
    assert_eq!(
        labels,
        [("title", "title", false, Some("Ä".to_owned())), ("groups", "memberOf", true, Some("ä".to_owned()))]
    );
    assert!(options.groups.is_empty() && options.bind_as_user.is_none());
}

#[test]
fn everything() {
    let (options, warnings) = read(EVERYTHING);
    assert_eq!(warnings, Vec::<String>::new());
    let servers: Vec<_> = options.servers.iter().map(ToString::to_string).collect();
    assert_eq!(
        servers,
        ["ldap://dc1.example.com:389 with StartTLS", "ldap://dc2.example.com:3890 with StartTLS"]
    );
    assert_eq!(options.bind_as_user.as_ref().unwrap().to_string(), "${account}@example.com");
    assert_eq!(options.service.as_ref().unwrap().name, "registry@example.com");
    assert_eq!(options.tls.client.as_ref().unwrap().1, Path::new("/etc/auth/client.key"));
    assert_eq!(options.users.len(), 2);
    assert_eq!(
        (options.account.attribute.as_deref(), options.account.lower_case),
        (Some("sAMAccountName"), true)
    );
    assert_eq!(options.labels[0].rule.value("cn=Team-A,ou=x").as_deref(), Some("a"));
    let group = &options.groups[0];
    assert!(group.primary_group && group.nested.is_none(), "the server follows groups of groups");
    assert_eq!(group.labels.iter().map(|rule| rule.label()).collect::<Vec<_>>(), ["groups", "team", "role"]);
    assert_eq!(group.labels[0].value("X").as_deref(), Some("x"));
    assert_eq!(group.labels[2].value("registry-a-rw").as_deref(), Some("a:rw"));
    let [by_dn, by_uid] = [1, 2].map(|index| options.groups[index].nested.as_ref().unwrap().to_string());
    assert_eq!((&*by_dn, &*by_uid), ("(uniqueMember=${dn})", "(member=${dn})"));
    assert_eq!(options.groups[1].name_attribute, "dn");
    assert!(!options.check_status && !options.hide_unknown);
    let seconds = Duration::from_secs;
    let times = &options.timeouts;
    assert_eq!([times.connect, times.bind, times.search], [1, 2, 3].map(seconds));
    assert_eq!([times.total, times.retry, times.max_retry], [4, 5, 6].map(seconds));
    let pool = &options.pool;
    assert_eq!((pool.connections, pool.queue, pool.idle, pool.lifetime), (3, 4, seconds(30), seconds(300)));
    let limits = &options.limits;
    assert_eq!(
        (limits.account_bytes, limits.password_bytes, limits.groups, limits.nesting),
        (64, 128, 50, 2)
    );
    assert_eq!((limits.message_bytes, limits.answer_bytes), (65536, 131072));
    let memory = &options.memory;
    assert_eq!(
        (memory.cache, memory.grace, memory.owned, memory.entries),
        (seconds(30), seconds(600), seconds(20), 99)
    );
}

#[test]
fn the_guide() {
    let guide = include_str!("../../../guides/ldap.md");
    let blocks: Vec<_> =
        guide.split("```yaml\n").skip(1).filter_map(|block| block.split("```").next()).collect();
    assert_eq!(blocks.len(), 6);
    for block in blocks {
        let text = HEAD.replace("ldap_auth:\n", block);
        let warnings =
            findings(&text, &ConfigOptions::default()).unwrap_or_else(|errors| panic!("{errors:#?}"));
        let as_user = block.contains("initial_bind_as_user");
        assert_eq!(warnings.len(), usize::from(as_user), "{warnings:#?}");
    }
}

#[test]
fn addresses() {
    for (lines, expected, security) in [
        ("addr: 'a:389'", "ldap://a:389", Security::None),
        ("addr: 'a:636'", "ldaps://a:636", Security::Tls),
        ("addr: a\ntls: ''", "ldap://a:389", Security::None),
        ("addr: a\ntls: always", "ldaps://a:636", Security::Tls),
        ("addr: 'a:3269'\ntls: always", "ldaps://a:3269", Security::Tls),
        ("addr: 'a:636'\ntls: none", "ldap://a:636", Security::None),
        ("addr: 'a:389'\ntls: starttls", "ldap://a:389 with StartTLS", Security::StartTls),
        ("servers: ['ldaps://a']\ntls: always", "ldaps://a:636", Security::Tls),
    ] {
        let (options, _) = read(&block(&format!("{lines}\nbase: ''\nfilter: (uid=${{account}})")));
        assert_eq!(
            (options.servers[0].to_string(), options.servers[0].security()),
            (expected.to_owned(), security)
        );
    }
}

#[test]
fn warns() {
    for (lines, expected) in [
        (
            "addr: 'ldap.example.com:389'\nbase: x\nfilter: (uid=${account})",
            "4: ldap_auth: passwords travel to ldap://ldap.example.com:389 unprotected: set `tls: starttls`, or use port 636",
        ),
        (
            "addr: 'a:636'\ninsecure_tls_skip_verify: true\nbase: x\nfilter: (uid=${account})",
            "6: ldap_auth.insecure_tls_skip_verify: lets anyone between here and the directory read every password: set \
             `ca_certificate` instead",
        ),
        (
            "addr: 'a:636'\nbase: x\nfilter: (|(uid=${account})(mail=${account}))",
            "4: ldap_auth: an account is called by its uid, whichever of uid, mail its user logs in with, and so the rules must \
             name it: say so with `account: {attribute: uid}`, or name another attribute",
        ),
        (
            "addr: 'a:636'\ninitial_bind_as_user: true\nbind_dn: uid=${account},dc=x\nbase: x\nfilter: (uid=${account})",
            "6: ldap_auth.initial_bind_as_user: leaves nobody to ask for an account whose password is not at hand: its \
             refresh tokens are refused, unless `search_bind_dn` and `search_bind_password_file` name one who may search",
        ),
    ] {
        assert_eq!(
            findings(block(lines), &ConfigOptions::default()),
            Ok(vec![expected.to_owned()]),
            "{lines}"
        );
    }
}

#[test]
fn warns_of_rules_that_the_name_of_an_account_makes_void() {
    let directory = "addr: 'a:636'\nbase: x\nfilter: (uid=${account})";
    let never = "is never the name of the directory's account, which is in lower case: write it so, or set \
                 `ldap_auth.account.lower_case: false`";
    let letters = "is held letter by letter against the name as the directory writes it, and not as the client does: if they \
                   differ in case, the rule does not apply, also where it denies; remove \
                   `ldap_auth.account.lower_case: false`";
    for (account, lower_case, expected) in [
        ("alice", true, None),
        ("Alice", true, Some(never)),
        ("/^Team-.+$/", true, Some(never)),
        ("/^(?i)Team-.+$/", true, None),
        ("/^[A-Za-z]+$/", true, None),
        ("*", true, None),
        ("Robot", true, None),
        ("alice", false, Some(letters)),
        ("/^team-.+$/", false, Some(letters)),
        ("*", false, None),
        ("Robot", false, None),
    ] {
        let rule = format!("acl: [{{match: {{account: '{account}', name: 'prod/*'}}, actions: []}}]");
        let text = block(&format!("{directory}\naccount: {{lower_case: {lower_case}}}"))
            .replace("acl: []", &format!("users: {{Robot: {{password: $2y$05$LO.vzwpWC5LZGqThvEfznu8qhb5SGqvBSWY1J3yZ4AxtMRZ3kN5jC}}}}\n{rule}"));
        let expected: Vec<_> =
            expected.iter().map(|warning| format!("4: acl[1].match.account: {warning}")).collect();
        assert_eq!(findings(&text, &ConfigOptions::default()), Ok(expected), "{account} {lower_case}");
    }
}

#[test]
fn rules_are_asked_with_the_name_that_a_login_would_have() {
    let text = block("addr: 'a:636'\nbase: x\nfilter: (uid=${account})").replace(
        "acl: []",
        "users: {Robot: {password: $2y$05$LO.vzwpWC5LZGqThvEfznu8qhb5SGqvBSWY1J3yZ4AxtMRZ3kN5jC}}\n\
         acl: [{match: {account: alice, name: 'prod/*'}, actions: []}, {match: {name: '${account}/*'}, actions: [pull]}]\n\
         tests:\n- {account: Alice, scope: 'repository:prod/x:pull', expect: []}\n\
         - {account: Alice, scope: 'repository:alice/x:pull', expect: [pull]}\n\
         - {account: Robot, scope: 'repository:robot/x:pull', expect: []}",
    );
    let (config, _) = Config::from_yaml(&text, "f", &ConfigOptions::default()).unwrap();
    for result in config.run_policy_tests() {
        assert!(result.failure.is_none(), "{result:?}");
    }
    for (name, expected) in [("Alice", "alice"), ("alice", "alice"), ("Robot", "Robot"), ("", "")] {
        assert_eq!(config.account_of_login(name), expected, "{name}");
    }
}

#[test]
fn says_what_is_wrong() {
    let right = "addr: 'a:636'\nbase: x\nfilter: (uid=${account})\n";
    let and = |more: &str| format!("{right}{more}");
    let group = |more: &str| and(&format!("groups: [{{base: x, filter: '(member=${{dn}})', {more}}}]"));
    for (lines, expected) in [
        (
            "adr: x".to_owned(),
            vec![
                "4: ldap_auth.addr: is required, or `servers`",
                "4: ldap_auth.base: is required",
                "4: ldap_auth.filter: is required",
                "5: ldap_auth.adr: unknown key: did you mean `addr`?",
            ],
        ),
        (
            and("servers: ['ldap://a']"),
            vec!["8: ldap_auth.servers: cannot stand beside `addr`: name all servers here"],
        ),
        (and("tls: yes"), vec!["8: ldap_auth.tls: must be none, always or starttls, and is \"yes\""]),
        (
            right.replace("a:636", "ldaps://a"),
            vec!["5: ldap_auth.addr: must be HOST:PORT; URLs stand in a list under `servers`"],
        ),
        (
            right.replace("a:636", "a b"),
            vec!["5: ldap_auth.addr: \"a b\" is neither a host's name nor an address"],
        ),
        (
            right.replace("addr: 'a:636'", "servers: [ldap://a, a, ldaps://b]\ntls: starttls"),
            vec![
                "5: ldap_auth.servers[2]: must be ldap://HOST:PORT or ldaps://HOST:PORT, and is \"a\"",
                "5: ldap_auth.servers[3]: is ldaps://, which `tls` contradicts",
            ],
        ),
        (
            right.replace("addr: 'a:636'", "servers: []"),
            vec!["5: ldap_auth.servers: needs one server at least"],
        ),
        (and("bind_dn: cn=x"), vec!["4: ldap_auth.bind_password_file: is required to bind with a name"]),
        (
            and("bind_dn: cn=${account}\nbind_password_file: p"),
            vec![
                "8: ldap_auth.bind_dn: has a place for the account, which only `initial_bind_as_user: true` fills",
            ],
        ),
        (
            and("initial_bind_as_user: true\nbind_dn: cn=x\nsearch_bind_dn: y\nsearch_bind_password_file: p"),
            vec!["9: ldap_auth.bind_dn: must contain `${account}`"],
        ),
        (and("client_key: x"), vec!["4: ldap_auth.client_certificate: is required beside `client_key`"]),
        (
            right.replace("(uid=${account})", "(uid=${acount})"),
            vec![
                "7: ldap_auth.filter: column 6: there is no placeholder `${acount}`: there are `${account}`, `${dn}`, \
                 `${user:ATTRIBUTE}`",
            ],
        ),
        (
            right.replace("(uid=${account})", "(uid=alice)"),
            vec!["7: ldap_auth.filter: finds the same for everyone: it needs ${account}"],
        ),
        (
            right.replace("(uid=${account})", "(uid=${dn})"),
            vec!["7: ldap_auth.filter: cannot have ${dn}: there is ${account} only"],
        ),
        (
            right.replace("(uid=${account})", "(uid=*${account})"),
            vec![
                "4: ldap_auth.account: the filter (uid=*${account}) does not tell what an account is called: name its \
                 `attribute`",
            ],
        ),
        (and("labels: {a: {}}"), vec!["8: ldap_auth.labels.a.attribute: is required"]),
        (
            and("labels: {a: {attribute: x y}}"),
            vec!["8: ldap_auth.labels.a.attribute: \"x y\" is not the name of an attribute"],
        ),
        (
            and("labels: {a: {attribute: x, value: y}}"),
            vec!["8: ldap_auth.labels.a.value: needs `pattern` beside it"],
        ),
        (
            group("x: 1"),
            vec![
                "8: ldap_auth.groups[1]: says nothing of the groups: name a `label` for them, or several `labels`",
                "8: ldap_auth.groups[1].x: unknown key",
            ],
        ),
        (
            group("label: x, nested: false, nested_filter: '(member=${dn})'"),
            vec!["8: ldap_auth.groups[1].nested_filter: has no effect with `nested: false`"],
        ),
        (
            group("label: x, nested: true").replace("member=${dn}", "memberUid=${account}"),
            vec![
                "8: ldap_auth.groups[1].nested_filter: is required where `filter` has more than ${dn}: `(member=${dn})`",
            ],
        ),
        (and("timeouts: {total: 0s}"), vec!["8: ldap_auth.timeouts.total: must be longer than 0"]),
        (and("grace: 5"), vec!["8: ldap_auth.grace: needs a unit: 10s, 5m or 1h30m"]),
        (
            and("pool: {connections: 0}"),
            vec!["8: ldap_auth.pool.connections: must be from 1 to 4294967295, and is 0"],
        ),
    ] {
        let found = findings(block(&lines), &ConfigOptions::default());
        assert_eq!(found, Err(expected.into_iter().map(str::to_owned).collect()), "{lines}");
    }
}
