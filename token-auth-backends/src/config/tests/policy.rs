use super::{ARTICLE, DIRECTORY, findings};
use crate::config::{Config, ConfigOptions, PolicyResult};

const BEFORE: &str = "\
server: {addr: ':5001'}
token: {issuer: Acme, expiration: 900, certificate: a.pem, key: a.key}
users:
  alice: {password: $2y$05$LO.vzwpWC5LZGqThvEfznu8qhb5SGqvBSWY1J3yZ4AxtMRZ3kN5jC, labels: {group: [dev], own: ['x/*']}}
acl:
  - match: {account: '/.+/', name: '${labels:group}/*', ip: 10.0.0.0/8}
    actions: [pull, push]
  - match: {name: '${labels:own}'}
    actions: ['*']
  - match: {service: hub}
    actions: [pull]
";

fn config(more: &str) -> Config {
    Config::from_yaml(format!("{BEFORE}{more}"), "f", &ConfigOptions::default()).unwrap().0
}

fn failure(result: &PolicyResult<'_>) -> Option<String> {
    result.failure.as_ref().map(|failure| failure.finding.to_string())
}

#[test]
fn a_test_passes_if_exactly_what_it_expects_is_granted() {
    let config = config(
        "tests:
  - {name: own team, account: alice, ip: 10.0.0.7, scope: 'repository:dev/app:pull,push,delete', expect: [push, pull]}
  - {account: alice, scope: 'repository:dev/app:pull', expect: []}
  - {account: alice, scope: 'repository:x/y:delete', expect: [delete]}
  - {account: bob, labels: {own: ['x/*']}, scope: 'repository:x/y:delete', expect: []}
  - {account: bob, pattern_labels: {own: ['x/*']}, scope: 'repository:x/y:delete', expect: [delete]}
  - account: bob
    labels: {group: [ops]}
    pattern_labels: {group: [qa]}
    ip: 10.1.1.1
    scope: repository:qa/x:pull
    expect: [pull]
  - {account: bob, service: hub, scope: 'repository:x:pull,push', expect: [pull]}
  - {service: hub, scope: 'repository:x:pull', expect: []}
",
    );
    let results: Vec<_> = config.run_policy_tests().collect();
    assert_eq!(results.iter().filter_map(failure).collect::<Vec<_>>(), Vec::<String>::new());
    let names: Vec<_> = results.iter().map(|result| &*result.test.name).take(2).collect();
    assert_eq!(names, ["own team", "\"alice\" asks for repository:dev/app:pull"]);
}

#[test]
fn a_test_that_fails_says_where_and_why() {
    let config = config(
        "tests:
  - {account: alice, scope: 'repository:dev/app:pull,push', expect: [pull, push]}
  - {account: alice, scope: 'repository:x/y:pull', expect: []}
  - {scope: 'repository:x:pull', service: hub, expect: [pull]}
",
    );
    let results: Vec<_> = config.run_policy_tests().collect();
    assert_eq!(
        results.iter().filter_map(failure).collect::<Vec<_>>(),
        [
            "f:13: tests[1]: expected pull,push, granted nothing",
            "f:14: tests[2]: expected nothing, granted pull",
            "f:15: tests[3]: expected pull, granted nothing: there is no anonymous user (`\"\": {}` under `users`)",
        ]
    );
    let explained = |at: usize| results[at].failure.as_ref().unwrap().explanation.clone();
    assert!(explained(0).unwrap().to_string().contains("ip: \"10.0.0.0/8\" has nothing to match"));
    assert!(explained(1).unwrap().to_string().contains("rule 2 (line 8): decides: grants pull"));
    assert_eq!(explained(2), None);
}

#[test]
fn a_test_that_cannot_be_read_is_an_error() {
    for (test, message) in [
        ("{account: a, expect: []}", "13: tests[1].scope: is required"),
        ("{scope: 'repository:x:pull'}", "13: tests[1].expect: is required"),
        (
            "{scope: 'oops', expect: []}",
            "13: tests[1].scope: malformed scope \"oops\": expected type:name:actions",
        ),
        (
            "{scope: 'repository:x:pull', expect: [push]}",
            "13: tests[1].expect: expects \"push\", which the scope does not ask for",
        ),
        (
            "{scope: 'repository:x:pull', expect: [], ip: here}",
            "13: tests[1].ip: must be an address, such as 10.0.0.1",
        ),
        (
            "{scope: 'repository:x:pull', expect: [], acount: a}",
            "13: tests[1].acount: unknown key: did you mean `account`?",
        ),
    ] {
        for options in [ConfigOptions::default(), ConfigOptions::lenient()] {
            let said = findings(format!("{BEFORE}tests:\n  - {test}\n"), &options).unwrap_err();
            assert_eq!(said, [message], "{test}");
        }
    }
}

fn lint(text: &str) -> Vec<String> {
    let (config, _) = Config::from_yaml(text, "f", &ConfigOptions::default()).unwrap();
    config.lint().iter().map(ToString::to_string).collect()
}

#[test]
fn lint_names_line_and_key() {
    let rules = "  - match: {account: '', labels: {group: 'a**'}}
    actions: [pull]
  - match: {account: bob, name: '${labels:team}/*'}
    actions: [Pull]
";
    let said = lint(&format!("{BEFORE}{rules}"));
    assert_eq!(
        said,
        [
            "f:12: acl[4].match.labels.group: in \"a**\", `**` is the same as `*` and does not match `/` (double-star); \
             write \"a*\" for one level, \"/^a.+$/\" for all below",
            "f:12: acl[4].match.account: this is for the anonymous user, and there is none: requests without a password \
             are refused (no-anonymous-user); write `\"\": {}` under `users`, or remove the rule",
            "f:14: acl[5].match.account: in \"bob\", no source of identities has such an account (unknown-account); the \
             accounts are \"alice\"",
            "f:14: acl[5].match.name: in \"${labels:team}/*\", `${labels:team}` is never filled in: the sources of \
             identities supply \"group\", \"own\" (unknown-label); give users the label \"team\", or write one that there is",
            "f:14: acl[5]: no registry asks for the action \"Pull\" (unknown-action); write \"pull\"",
        ]
    );
}

#[test]
fn lint_finds_nothing_false_in_usual_files() {
    assert_eq!(lint(ARTICLE), Vec::<String>::new());
    let said = lint(DIRECTORY);
    // Both are right.
    assert!(
        said.len() == 2 && said[0].contains("(insufficient-actions)") && said[1].contains("(unknown-label)"),
        "{said:?}"
    );
    assert_eq!(lint(BEFORE), Vec::<String>::new());
}
