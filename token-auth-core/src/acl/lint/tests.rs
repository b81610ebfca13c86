use super::{LintCode, LintContext, LintFinding};
use crate::acl::{Acl, Match, Rule};

fn lint(rules: impl IntoIterator<Item = Rule>) -> Vec<LintFinding> {
    let acl = Acl::builder().malformed_globs_never_match().build(rules).unwrap();
    let labels = Some(["group".to_owned(), "project".to_owned()].into());
    acl.lint(&LintContext { anonymous: Some(true), labels })
}

fn pull(conditions: Match) -> Rule {
    Rule::new(conditions, ["pull"])
}

fn codes(rules: impl IntoIterator<Item = Rule>) -> Vec<&'static str> {
    lint(rules).into_iter().map(|finding| finding.code.as_str()).collect()
}

/// What docker_auth's documentation shows, and the way in which its users write.
#[test]
fn usual_lists_are_not_complained_of() {
    let all = |conditions| Rule::new(conditions, ["*"]);
    let named = || Match::any().account("/.+/");
    let rules = [
        all(Match::any().ip("127.0.0.0/8")),
        all(Match::any().ip("::1")),
        all(Match::any().ip("172.17.0.1")),
        all(Match::any().account("admin")),
        all(Match::any().account("test").name("test-*")),
        Rule::new(Match::any().account("test"), [""; 0]),
        all(named().name("${account}/*")),
        all(named().name("${account}-*")),
        all(named().resource_type("registry").name("catalog")),
        all(named().resource_type("registry").name("*")),
        all(Match::any().account("/^(.+)@example.com$/").name("${account:1}/*")),
        Rule::new(Match::any().account("/^(.*)-ci$/").name(r"/^${account:1}\/.+$/"), ["pull", "push"]),
        pull(Match::any().label("group", "/trainee|dev/")),
        all(Match::any().label("group", "VIP")),
        all(Match::any().name("${labels:project}/*")),
        all(Match::any().name("${labels:project}-${labels:group}/*").label("group", "*")),
        all(Match::any().name("${labels:group}")),
        Rule::new(Match::any().name(r"/^team-042-(dev|ops)\/.+$/").service("hub"), ["pull"]),
        all(Match::any().account("/^ops-/").name("/-cache$/")),
        pull(Match::any().name("/^(alpine|debian)$/")),
        pull(Match::any().account("").name("hello-world")),
        pull(Match::any().account("").name("/(foo|bar)/")),
        pull(Match::any().name("library/[a-z]*")),
        Rule::new(Match::any().account(""), [""; 0]),
        pull(named()),
        Rule::new(Match::any(), [""; 0]),
    ];
    assert_eq!(lint(rules), []);
    let article = [all(Match::any().account("admin")), pull(Match::any().account("").name("hello-world"))];
    assert_eq!(lint(article), []);
}

#[test]
fn patterns_that_mean_something_else_than_they_seem_to() {
    for (pattern, code) in [
        ("team/**", "double-star"),
        ("**", "double-star"),
        ("${account}/**/x", "double-star"),
        (r"team/\**", ""),
        ("team/[*]*", ""),
        ("a[", "malformed-glob"),
        ("*", "prefix-ends-at-slash"),
        ("team*", "prefix-ends-at-slash"),
        ("${account}*", "prefix-ends-at-slash"),
        ("team/", "prefix-ends-at-slash"),
        ("/team/*", "prefix-ends-at-slash"),
        ("team/*", ""),
        ("team-*", ""),
        ("*/team", ""),
        ("^a|b$", ""),
        ("/^a|b$/", "unanchored-regex"),
        ("/^a|^b/", ""),
        ("/^a$|^b$/", ""),
        ("/a|b/", ""),
        ("/(^a|b$)/", ""),
        (r"/team\/.*/", "unanchored-regex"),
        (r"/team\/.+$/", "unanchored-regex"),
        (r"/.*\/team/", "unanchored-regex"),
        (r"/${account}\/.+/", "unanchored-regex"),
        (r"/^team\/.*/", ""),
        (r"/.*\/team$/", ""),
        ("/team/", ""),
        ("/.+/", ""),
        ("/.*/", ""),
        ("/.*x.*/", ""),
        (r"/x\.+/", ""),
    ] {
        let expected = if code.is_empty() { vec![] } else { vec![code] };
        assert_eq!(codes([pull(Match::any().name(pattern))]), expected, "{pattern}");
    }
    assert_eq!(codes([pull(Match::any().account("/admin/"))]), ["unanchored-regex"]);
    assert_eq!(codes([pull(Match::any().name("${labels:team}/x"))]), ["unknown-label"]);
}

#[test]
fn rules_that_never_decide() {
    let any = Match::any;
    for (earlier, later, shadowed) in [
        (any(), any().account("x"), true),
        (any().account("x"), any().account("x").name("y"), true),
        (any().account("x").name("y"), any().account("x"), false),
        (any().account("/.+/"), any().account("x"), true),
        (any().account("/.+/"), any().account("/^(.+)@test$/").name("${account:1}/*"), true),
        (any().account("/.+/"), any().account(""), false),
        (any().account("/.+/"), any().account("*"), false),
        (any().account("/.*/"), any().name("x/*"), true),
        (any().account("/^.*$/"), any().name("x/*"), false),
        (any().name("team-*"), any().name("team-a-*"), true),
        (any().name("team-*"), any().name("team-a/*"), false),
        (any().name("team-*"), any().name("team-a"), true),
        (any().name("/a/"), any().name("xay/*"), true),
        (any().name("/^a/"), any().name("xay/*"), false),
        (any().name("${account}/*"), any().name("${account}/*").account("x"), true),
        (any().name("${account}/*"), any().name("${account}/x"), false),
        (any().account("/^(a)/").name("${account:1}"), any().account("/^(ab)/").name("${account:1}"), false),
        (any().ip("10.0.0.0/8"), any().ip("10.1.0.0/16"), true),
        (any().ip("10.1.0.0/16"), any().ip("10.0.0.0/8"), false),
        (any().ip("10.1.0.0/16"), any(), false),
        (any().ip("::/0"), any().ip("10.0.0.1"), false),
        (any().label("group", "dev"), any().label("group", "dev").name("x"), true),
        (any().label("group", "/./"), any().label("group", "dev"), true),
        (any().label("group", "dev"), any().label("group", "ops"), false),
        (any().label("group", "/.*/"), any(), false),
        (any().name("${labels:group}/*"), any().name("${labels:group}/*").account("x"), true),
        (any().resource_type("repository"), any().name("x"), false),
    ] {
        let rules = [Rule::new(earlier.clone(), [""; 0]).line(3), Rule::new(later.clone(), [""; 0]).line(5)];
        let findings: Vec<_> =
            lint(rules).into_iter().filter(|finding| finding.code == LintCode::ShadowedRule).collect();
        assert_eq!(findings.len(), usize::from(shadowed), "{earlier:?} before {later:?}");
        assert!(findings.iter().all(|finding| finding.rule == 1 && finding.line == Some(5)));
    }
}

#[test]
fn actions_that_do_not_do_what_they_seem_to() {
    let with = |actions: &[&str]| codes([Rule::new(Match::any().account("x"), actions.iter().copied())]);
    assert_eq!(with(&["*", "pull"]), ["star-among-actions"]);
    assert_eq!(with(&["*", "*"]), ["star-among-actions"]);
    assert_eq!(with(&["Pull"]), ["unknown-action"]);
    assert_eq!(with(&["read", "write"]), ["unknown-action", "unknown-action"]);
    assert!(with(&["pull", "push", "delete"]).is_empty() && with(&["*"]).is_empty());
}

#[test]
fn what_anonymous_users_may_do() {
    let push = |conditions| codes([Rule::new(conditions, ["pull", "push"])]);
    for conditions in [
        Match::any().account(""),
        Match::any(),
        Match::any().name("public/*"),
        Match::any().account("/.*/").resource_type("repository"),
    ] {
        assert_eq!(push(conditions.clone()), ["anonymous-push"], "{conditions:?}");
    }
    for conditions in [
        Match::any().account("/.+/"),
        Match::any().ip("10.0.0.0/8"),
        Match::any().label("group", "dev"),
        Match::any().name("${labels:group}/*"),
        Match::any().resource_type("registry"),
    ] {
        assert!(push(conditions.clone()).is_empty(), "{conditions:?}");
    }
    // An earlier rule decides for them.
    let denied = [Rule::new(Match::any().account(""), [""; 0]), Rule::new(Match::any().name("x/*"), ["*"])];
    assert!(codes(denied).is_empty());
    let acl = Acl::new([pull(Match::any().account("")), Rule::new(Match::any(), ["*"])]).unwrap();
    let without = LintContext { anonymous: Some(false), ..LintContext::default() };
    let found: Vec<_> = acl.lint(&without).into_iter().map(|finding| finding.code).collect();
    assert_eq!(found, [LintCode::NoAnonymousUser]);
}

#[test]
fn a_finding_says_where_why_and_what_to_write() {
    let said = |rule: Rule| lint([rule.line(7)]).first().map(ToString::to_string).unwrap();
    for (rule, text) in [
        (
            pull(Match::any().name("team.a*")),
            "rule 1 (line 7): name: in \"team.a*\", `*` ends at a `/`: nothing below it is matched (prefix-ends-at-slash); \
             write \"team.a/*\" for what is below it, \"team.a-*\" for what is called so; \"/^team\\\\.a/\" for every name \
             that begins so",
        ),
        (
            pull(Match::any().name(r"/team\/.*|x$/")),
            "rule 1 (line 7): name: in \"/team\\\\/.*|x$/\", an anchor belongs to its alternative only (unanchored-regex); \
             write \"/^(team\\\\/.*|x)$/\"",
        ),
        (
            Rule::new(Match::any().account("x"), ["PUSH"]),
            "rule 1 (line 7): no registry asks for the action \"PUSH\" (unknown-action); write \"push\"",
        ),
    ] {
        assert_eq!(said(rule), text);
    }
}
