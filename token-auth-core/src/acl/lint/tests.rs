use super::{LintCode, LintContext, LintFinding};
use crate::acl::{Acl, Match, Rule};

fn lint(rules: impl IntoIterator<Item = Rule>) -> Vec<LintFinding> {
    let acl = Acl::builder().malformed_globs_never_match().build(rules).unwrap();
    let labels = Some(["group".to_owned(), "project".to_owned()].into());
    acl.lint(&LintContext { anonymous: Some(true), labels, ..LintContext::default() })
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
        ("^a|b$", "not-a-glob"),
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
        ("/team/", "unanchored-regex"),
        ("/-team/", ""),
        ("/^team$|^ops/", ""),
        ("/team$|ops$/", ""),
        ("/^team$|ops/", "unanchored-regex"),
        (r"/(?i)^TEAM\/.*$/", ""),
        (r"/(?i)team\/.*/", "unanchored-regex"),
        (r"/(?i:^team\/.*$)/", ""),
        (r"/(?:^team\/.*$)/", ""),
        (r"/\Ateam\/.*\z/", ""),
        ("/.+", "missing-slash"),
        ("/^team/i", "missing-slash"),
        ("/^team$", "missing-slash"),
        (r"/^team\/.+$", "missing-slash"),
        ("^team$/", "missing-slash"),
        (".*", "not-a-glob"),
        ("^team/.*$", "not-a-glob"),
        ("(team|ops)/.*", "not-a-glob"),
        ("{a,b}/*", "not-a-glob"),
        ("!x", "not-a-glob"),
        ("[!a]/*", "shell-negation"),
        ("[^a]/*", ""),
        (r"[\!a]/*", ""),
        ("v1.2/*", ""),
        ("team.*", ""),
        ("${label:group}/*", "unknown-placeholder"),
        ("${Account}/*", "unknown-placeholder"),
        ("${ account }/*", "unknown-placeholder"),
        ("${account:1}/*", "unknown-placeholder"),
        ("{account}/*", "unknown-placeholder"),
        ("$account/*", "unknown-placeholder"),
        ("\u{201c}team\u{201d}", "typographic-quote"),
        ("team:latest", "not-a-repository"),
        ("team@sha256", "not-a-repository"),
        ("localhost:5000/team", "not-a-repository"),
        ("localhost/team", "not-a-repository"),
        ("Team/*", "not-a-repository"),
        ("team app", "not-a-repository"),
        ("docker.io/library/*", ""),
        ("", "not-a-repository"),
        ("x//y", "not-a-repository"),
        ("a..b", "not-a-repository"),
        ("team/_a", "not-a-repository"),
        ("a___b", "not-a-repository"),
        ("a.b/c__d/e---f_9", ""),
        (r"/^Team\/.*$/", "not-a-repository"),
        ("/^(Team|OPS)$/", "not-a-repository"),
        ("/^team:latest$/", "not-a-repository"),
        ("/^[A-Z]+$/", "not-a-repository"),
        ("/^[A-Z]*$/", ""),
        ("/^(Team|ops)$/", ""),
        ("/^(?i)TEAM$/", ""),
        (r"/^[^a]+\/x?:?$/", ""),
        ("/.+/", ""),
        ("/.*/", ""),
        ("/.*x.*/", ""),
        (r"/x\.+/", ""),
    ] {
        let expected = if code.is_empty() { vec![] } else { vec![code] };
        assert_eq!(codes([pull(Match::any().name(pattern))]), expected, "{pattern}");
    }
    assert_eq!(codes([pull(Match::any().account("/admin/"))]), ["unanchored-regex"]);
    for (name, code) in [
        ("${account:2}/*", ""),
        ("${account:3}/*", "unknown-placeholder"),
        ("${account:18446744073709551616}/*", "unknown-placeholder"),
    ] {
        let expected = if code.is_empty() { vec![] } else { vec![code] };
        let conditions = Match::any().account("/^(a)-(b)$/").name(name);
        assert_eq!(codes([pull(conditions)]), expected, "{name}");
    }
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
        assert!(!push(conditions.clone()).contains(&"anonymous-push"), "{conditions:?}");
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
             write \"/^(?:team\\\\/.*|x)$/\", for whole texts",
        ),
        (
            Rule::new(Match::any().account("x"), ["PUSH"]),
            "rule 1 (line 7): no registry asks for the action \"PUSH\" (unknown-action); write \"push\"",
        ),
    ] {
        assert_eq!(said(rule), text);
    }
}

#[test]
fn accounts_that_a_regular_expression_finds_anywhere() {
    for (pattern, instead) in [
        ("/admin/", r#"write "admin" for that account alone"#),
        ("/(?:admin)/", r#"write "admin" for that account alone"#),
        ("/admin1|admin2/", r#"write "/^(?:admin1|admin2)$/" for these accounts alone"#),
        ("/(admin|root)/", r#"write "/^(?:(admin|root))$/" for these accounts alone"#),
        ("/(?i)root/", r#"write "/^(?:(?i)root)$/" for these accounts alone"#),
        (r"/a\*b/", r#"write "a\\*b" for that account alone"#),
        ("/^admin$/", ""),
        ("/^ops-/", ""),
        ("/.+/", ""),
        ("/a?/", ""),
        ("/[a-z]+-ci/", ""),
    ] {
        let found = lint([pull(Match::any().account(pattern))]);
        let found: Vec<&str> = found.iter().map(|finding| finding.instead.as_str()).collect();
        let expected = if instead.is_empty() { vec![] } else { vec![instead] };
        assert_eq!(found, expected, "{pattern}");
    }
}

fn surrounded(rule: Rule) -> Vec<LintFinding> {
    let set = |names: &[&str]| names.iter().map(|name| (*name).to_owned()).collect();
    let context = LintContext {
        anonymous: Some(false),
        labels: Some(set(&["group", "memberOf"])),
        dn_labels: set(&["memberOf"]),
        accounts: Some(set(&["alice", "bob", "a*b"])),
        services: Some(set(&["registry.example.com"])),
    };
    Acl::new([rule]).unwrap().lint(&context)
}

#[test]
fn what_nothing_is_called() {
    let any = Match::any;
    for (conditions, code, instead) in [
        (any().account("Bob"), "unknown-account", r#"write "bob""#),
        (any().account("bbo"), "unknown-account", r#"write "bob""#),
        (any().account("alicee"), "unknown-account", r#"write "alice""#),
        (any().account("A*B"), "unknown-account", ""),
        (any().account("carol"), "unknown-account", r#"the accounts are "a*b", "alice", "bob""#),
        (any().account("/^ops-/"), "unknown-account", "the accounts are"),
        (any().account("bob"), "", ""),
        (any().account("b*"), "", ""),
        (any().account("/.+/"), "", ""),
        (any().account("${labels:group}"), "", ""),
        (any().resource_type("image"), "unknown-type", "write \"repository\""),
        (any().resource_type("Repository"), "unknown-type", ""),
        (any().resource_type("repo"), "unknown-type", ""),
        (any().resource_type("repo*"), "", ""),
        (any().resource_type("registry").name("catalog"), "", ""),
        (any().resource_type("repository(plugin)"), "", ""),
        (any().name("registry.example.com/team"), "not-a-repository", r#"write "team""#),
        (any().name("team:1.0"), "not-a-repository", r#"write "team""#),
        (any().name("Team/App"), "not-a-repository", r#"write "team/app""#),
        (any().name("${labels:memberOf}/*"), "label-never-fits", "parse_cn: true"),
        (any().name("${labels:group}/*"), "", ""),
        (any().label("grp", "x"), "unknown-label", "give users the label \"grp\""),
        (any().label("group", "${labels:group}"), "unknown-placeholder", "write the value"),
    ] {
        let found = surrounded(Rule::new(conditions.clone(), ["*"]));
        let codes: Vec<&str> = found.iter().map(|finding| finding.code.as_str()).collect();
        let expected = if code.is_empty() { vec![] } else { vec![code] };
        assert_eq!(codes, expected, "{conditions:?}: {found:?}");
        assert!(found.iter().all(|finding| finding.instead.contains(instead)), "{found:?}");
    }
}

#[test]
fn a_denial_that_never_applies_is_an_error() {
    let any = || Match::any().name("secret/*");
    for conditions in [
        any().name("${label:group}/*"),
        any().name("${Account}/*"),
        any().name("{account}/*"),
        any().name("$account/*"),
        any().name("\u{201c}secret\u{201d}"),
        any().name("secret:latest"),
        any().name("/secret/*"),
        any().name("secret/"),
        any().name(r"/^Secret\/.+$/"),
        any().name(""),
        any().name("/^secret"),
        any().name("${labels:nobody}/*"),
        any().name("${labels:memberOf}/*"),
        any().name("(secret|hidden)/.*"),
        any().resource_type("Repository"),
        any().account("Bob"),
        any().label("grp", "x"),
    ] {
        let found = surrounded(Rule::new(conditions.clone(), [""; 0]));
        let errors: Vec<_> = found.iter().filter(|finding| finding.code.is_error()).collect();
        assert_eq!(errors.len(), 1, "{conditions:?}: {found:?}");
        assert_eq!(errors[0].code, LintCode::DenialNeverApplies);
        // A rule that grants is not complained of as much.
        let found = surrounded(Rule::new(conditions, ["pull"]));
        assert!(!found.is_empty() && found.iter().all(|finding| !finding.code.is_error()), "{found:?}");
    }
    assert_eq!(surrounded(Rule::new(any().account("bob").label("group", "x"), [""; 0])), []);
}

#[test]
fn grants_that_no_registry_accepts() {
    let with = |conditions: Match, actions: &[&str]| codes([Rule::new(conditions, actions.iter().copied())]);
    let (team, catalog) =
        (Match::any().account("x").name("team/*"), Match::any().account("x").resource_type("registry"));
    assert_eq!(with(team.clone(), &["push"]), ["insufficient-actions"]);
    assert_eq!(with(team.clone(), &["push", "delete"]), ["insufficient-actions"]);
    assert_eq!(with(catalog.clone(), &["pull"]), ["insufficient-actions"]);
    for (conditions, actions) in [
        (&team, &["pull"][..]),
        (&team, &["pull", "push"]),
        (&team, &["delete"]),
        (&team, &[]),
        (&catalog, &["*"]),
        (&catalog, &[]),
    ] {
        assert!(with(conditions.clone(), actions).is_empty(), "{conditions:?} {actions:?}");
    }
}

/// The patterns that a piece of advice has between quotation marks.
fn proposals(instead: &str) -> Vec<String> {
    let mut proposals = Vec::new();
    let mut chars = instead.chars();
    while chars.by_ref().any(|char| char == '"') {
        let mut text = String::new();
        while let Some(char) = chars.next() {
            match char {
                '"' => break,
                '\\' => text.extend(chars.next()),
                char => text.push(char),
            }
        }
        proposals.push(text);
    }
    proposals
}

fn applies(conditions: Match, account: &str, name: &str) -> Option<bool> {
    let acl = Acl::new([Rule::new(conditions, ["*"])]).ok()?;
    let actions = ["pull"].into_iter().collect();
    Some(acl.decide(&crate::AccessRequest::new(account, "repository", name, &actions)).is_some())
}

/// Whatever a pattern matches as a whole is matched by what is proposed for it, and that is not complained of any more.
fn advice_keeps_what_is_matched(pattern: &str, texts: &[String]) {
    let whole = match pattern.strip_prefix('/').and_then(|rest| rest.strip_suffix('/')) {
        Some(expression) if !expression.is_empty() => format!("/^(?:{expression})$/"),
        _ => pattern.to_owned(),
    };
    let of_account: fn(&str) -> Match = |pattern| Match::any().account(pattern);
    let of_name: fn(&str) -> Match = |pattern| Match::any().name(pattern);
    for of in [of_account, of_name] {
        let Ok(acl) = Acl::new([pull(of(pattern))]) else { return };
        for finding in acl.lint(&LintContext::default()) {
            let keeps = [LintCode::UnanchoredRegex, LintCode::DoubleStar, LintCode::PrefixEndsAtSlash];
            if !keeps.contains(&finding.code) {
                continue;
            }
            let proposals = proposals(&finding.instead);
            for proposal in &proposals {
                let again = Acl::new([pull(of(proposal))]);
                let again =
                    again.unwrap_or_else(|error| panic!("{pattern}: {error}")).lint(&LintContext::default());
                let same = again.iter().any(|again| again.code == finding.code);
                assert!(
                    !same || finding.code == LintCode::PrefixEndsAtSlash,
                    "{pattern}: {proposal} is no better"
                );
            }
            // No repository is called so, and that is what the finding says.
            for text in texts.iter().filter(|text| !text.starts_with('/') && !text.ends_with('/')) {
                let [matched, kept] = [vec![whole.clone()], proposals.clone()].map(|patterns| {
                    patterns.iter().any(|pattern| applies(of(pattern), text, text).unwrap_or(false))
                });
                assert!(
                    !matched || kept || proposals.is_empty(),
                    "{pattern} matches {text}: {}",
                    finding.instead
                );
            }
        }
    }
}

proptest::proptest! {
    #[test]
    fn advice_keeps_what_a_pattern_matched(
        expression in proptest::collection::vec(proptest::sample::select(vec![
            "^", "$", "a", "b", "ab", "|", "(a|b)", "(?:ab)", ".*", ".+", r"\/", "[ab]", "(?i)", "a?", "a|b", r"\.", "b+",
        ]), 1..7),
        glob in proptest::collection::vec(proptest::sample::select(vec![
            "a", "b", "/", "*", "**", "?", "[ab]", "-", r"\*", ".",
        ]), 1..7),
        // Nothing is called by an empty name.
        texts in proptest::collection::vec("[abA/.*-]{1,5}", 12),
    ) {
        advice_keeps_what_is_matched(&format!("/{}/", expression.concat()), &texts);
        advice_keeps_what_is_matched(&glob.concat(), &texts);
    }
}
