use std::sync::{Arc, Mutex};

use super::*;
use crate::{AccessRequest, ActionSet, Authorizer, Authz, Grant, LabelValue, Labels};

/// A request of which only some things matter.
#[derive(Clone, Default)]
struct Ask {
    account: &'static str,
    name: &'static str,
    service: &'static str,
    labels: Labels,
}

impl Ask {
    fn decide<T>(&self, acl: &Acl, look: impl FnOnce(Option<Decision<'_>>) -> T) -> T {
        let actions = ["pull", "push"].into_iter().collect();
        let request = AccessRequest::new(self.account, "repository", self.name, &actions);
        look(acl.decide(&request.with_labels(&self.labels).with_service(self.service)))
    }

    fn rule(&self, acl: &Acl) -> Option<usize> {
        self.decide(acl, |decision| decision.map(|decision| decision.rule))
    }

    fn granted(&self, acl: &Acl) -> Option<String> {
        self.decide(acl, |decision| decision.map(|decision| decision.actions.to_string()))
    }
}

fn ask(account: &'static str, name: &'static str) -> Ask {
    Ask { account, name, ..Ask::default() }
}

fn labels(make: fn(&'static str) -> LabelValue, labels: &[(&'static str, &[&'static str])]) -> Labels {
    let mut made = Labels::new();
    for (label, values) in labels {
        made.declare(*label);
        values.iter().for_each(|value| made.insert(*label, make(value)));
    }
    made
}

fn acl(conditions: Match) -> Acl {
    Acl::new([Rule::new(conditions, ["*"])]).unwrap()
}

#[test]
fn the_first_rule_that_matches_decides() {
    let acl = Acl::new([
        Rule::new(Match::any().account("alice").name("secret/*"), [""; 0]),
        Rule::new(Match::any().account("alice"), ["*"]),
        Rule::new(Match::any().name("*"), ["pull", "pull", "mount"]),
        Rule::new(Match::any().name("star/*"), ["*", "mount"]),
    ])
    .unwrap();
    for (account, name, rule, granted) in [
        ("alice", "secret/x", Some(0), Some("")),
        ("alice", "x/y", Some(1), Some("pull,push")),
        ("bob", "x", Some(2), Some("pull")),
        ("bob", "star/x", Some(3), Some("")),
        ("bob", "x/y", None, None),
    ] {
        let ask = ask(account, name);
        assert_eq!((ask.rule(&acl), ask.granted(&acl).as_deref()), (rule, granted), "{account} {name}");
    }
}

#[test]
fn quoted_values_stand_for_themselves() {
    let same = acl(Match::any().name("${account}"));
    let within = acl(Match::any().name("/^${account}$/"));
    for value in [".*", "*", "a*b", "[a-z]", "^a$", r"\", "(", "a|b", "{1}", "${name}", "用户", "a\nb", r"\E"]
    {
        assert_eq!(ask(value, value).rule(&same), Some(0), "{value}");
        assert_eq!(ask(value, value).rule(&within), Some(0), "{value}");
        assert_eq!(ask(value, "x").rule(&same), None, "{value}");
        assert_eq!(ask(value, "x").rule(&within), None, "{value}");
    }
    // The slashes of a value make no regular expression of a glob.
    assert_eq!(ask("/x/", "/x/").rule(&same), Some(0));
    assert_eq!(ask("/x/", "axb").rule(&same), None);
    // Without a value, only `//` is left, which is a glob.
    let any = acl(Match::any().name("/${account}/"));
    assert_eq!(ask("", "//").rule(&any), Some(0));
    assert_eq!(ask("", "x").rule(&any), None);
}

#[test]
fn captured_groups_are_quoted() {
    let own = acl(Match::any().account("/^(.*)-ci$/").name(r"/^${account:1}\/.+$/"));
    assert_eq!(ask("team-ci", "team/x").rule(&own), Some(0));
    assert_eq!(ask(".*-ci", "secret/y").rule(&own), None);
    assert_eq!(ask(".*-ci", ".*/y").rule(&own), Some(0));
}

#[test]
fn placeholders_for_groups_are_found_as_docker_auth_finds_them() {
    let account = "/^(a+)(b)?$/";
    for (name, matching) in [
        ("${account:1}", "aa"),
        ("${account:2}", ""),
        ("${account:01}", "aa"),
        ("${Account:1}", "aa"),
        ("${account:1}${account:1}", "aaaa"),
        // Out of range, or of no field: text.
        ("${account:0}", "${account:0}"),
        ("${account:3}", "${account:3}"),
        ("${account:99999999999999999999}", "${account:99999999999999999999}"),
        ("${ACCOUNT:1}", "${ACCOUNT:1}"),
        ("${ip:1}", "${ip:1}"),
        ("${Account}", "${Account}"),
        ("${account:-1}", "${account:-1}"),
        ("${}", "${}"),
        // Not a regular expression, or none at all: nothing is captured.
        ("${name:1}", "${name:1}"),
        ("${service:1}", "${service:1}"),
        // The search begins at the first `${` of the line.
        ("${account}/${account:1}", "aa/${account:1}"),
        ("${${account:1}", "${${account:1}"),
        ("${x\n${account:1}", "${x\naa"),
        ("${account:1}/${account}", "aa/aa"),
    ] {
        let acl = acl(Match::any().account(account).name(name));
        assert_eq!(ask("aa", matching).rule(&acl), Some(0), "{name}");
        assert_eq!(ask("aa", "other").rule(&acl), None, "{name}");
    }
    // What one condition finds is filled in everywhere, also where it would not have been found.
    let everywhere = acl(Match::any()
        .account(account)
        .service("${account:1}")
        .name("${account}/${account:1}")
        .label("x", "${account:1}"));
    let asked = Ask {
        service: "aa",
        labels: labels(LabelValue::literal, &[("x", &["b", "aa"])]),
        ..ask("aa", "aa/aa")
    };
    assert_eq!(asked.rule(&everywhere), Some(0));
    let only_in_label = acl(Match::any().account(account).label("x", "${account:1}"));
    assert_eq!(asked.rule(&only_in_label), None);
}

#[test]
fn every_combination_of_label_values_is_tried() {
    let both = acl(Match::any().name("${labels:team}/${labels:project}/${labels:team}"));
    let labels =
        labels(LabelValue::literal, &[("team", &["a", "b"]), ("project", &["x", "y"]), ("a:b.c", &["z"])]);
    for (name, holds) in [("a/x/a", true), ("b/y/b", true), ("a/y/b", false), ("c/x/c", false)] {
        assert_eq!(Ask { labels: labels.clone(), ..ask("", name) }.rule(&both).is_some(), holds, "{name}");
    }
    for (pattern, name) in [
        ("${labels:a:b.c}", "z"),
        // A label that the account does not have stays text, as do all in the pattern of a label.
        ("${labels:nope}/${labels:team}", "${labels:nope}/b"),
        ("${labels: team}", "${labels: team}"),
    ] {
        let acl = acl(Match::any().name(pattern));
        assert_eq!(Ask { labels: labels.clone(), ..ask("", name) }.rule(&acl), Some(0), "{pattern}");
    }
    let in_label = acl(Match::any().label("team", "${labels:project}"));
    assert_eq!(Ask { labels, ..ask("", "") }.rule(&in_label), None);
}

#[test]
fn a_label_without_values_leaves_nothing_to_try() {
    let acl = acl(Match::any().name("/^(${labels:team}|${labels:none})$/"));
    let team = ("team", &["a"][..]);
    let without = labels(LabelValue::literal, &[team]);
    let empty = labels(LabelValue::literal, &[team, ("none", &[])]);
    assert_eq!(Ask { labels: without, ..ask("", "a") }.rule(&acl), Some(0));
    assert_eq!(Ask { labels: empty, ..ask("", "a") }.rule(&acl), None);
}

#[test]
fn the_origin_of_a_label_tells_whether_its_value_is_a_pattern() {
    let own = acl(Match::any().name("${labels:access}"));
    let below = acl(Match::any().name("/^${labels:access}/"));
    for (value, name) in [("test/*", "test/x"), ("/^t/", "test/x"), ("[a-z]", "q"), (".", "q"), ("*", "q")] {
        let written = labels(LabelValue::dangerous_pattern, &[("access", &[value])]);
        let edited = labels(LabelValue::literal, &[("access", &[value])]);
        let by_pattern = Ask { labels: written, ..ask("", name) };
        assert!(by_pattern.rule(&own).is_some() || by_pattern.rule(&below).is_some(), "{value}");
        let by_name = Ask { labels: edited, ..ask("", name) };
        assert_eq!((by_name.rule(&own), by_name.rule(&below)), (None, None), "{value}");
    }
    // What makes no pattern matches nothing.
    let broken = labels(LabelValue::dangerous_pattern, &[("access", &["[", "(", "q"])]);
    assert_eq!(Ask { labels: broken.clone(), ..ask("", "[") }.rule(&own), None);
    assert_eq!(Ask { labels: broken, ..ask("", "q") }.rule(&below), Some(0));
}

#[test]
fn values_are_not_searched_for_placeholders() {
    let acl = acl(Match::any().name("${labels:x}/${account}"));
    let labels = labels(LabelValue::dangerous_pattern, &[("x", &["${account}", "${labels:x}"])]);
    assert_eq!(Ask { labels: labels.clone(), ..ask("bob", "bob/bob") }.rule(&acl), None);
    assert_eq!(Ask { labels: labels.clone(), ..ask("bob", "${account}/bob") }.rule(&acl), Some(0));
    assert_eq!(Ask { labels, ..ask("${labels:x}", "${labels:x}/${labels:x}") }.rule(&acl), Some(0));
}

#[test]
fn every_bad_condition_is_reported() {
    let errors = Acl::new([
        Rule::new(Match::any().account("a[").label("team", "/(/"), ["*"]).line(7),
        Rule::new(Match::any(), ["*"]),
        Rule::new(Match::any().ip("10.0.0.0/33").name("/a**/${account}/").service("[${labels:x}"), ["*"]),
    ])
    .unwrap_err();
    assert_eq!(
        errors.to_string(),
        "rule 1 (line 7): account \"a[\": malformed glob: the class that `[` begins is not closed; write a literal \
         bracket as `\\[`\n\
         rule 1 (line 7): label \"team\" \"/(/\": invalid regular expression: group without its `)` at byte 1\n\
         rule 3: name \"/a**/${account}/\": invalid regular expression: repetition of a repetition; put the inner one \
         in a group at byte 3\n\
         rule 3: ip \"10.0.0.0/33\": neither an address (10.0.0.1) nor a network (10.0.0.0/8)"
    );
    let rules: Vec<_> = errors.errors().iter().map(|error| (error.rule(), error.line())).collect();
    assert_eq!(rules, [(0, Some(7)), (0, Some(7)), (2, None), (2, None)]);
}

#[test]
fn a_malformed_glob_can_be_read_as_one_that_never_matches() {
    let rules = ["a[", "a[${account}", "${account}\\"].map(|glob| Rule::new(Match::any().name(glob), ["*"]));
    assert_eq!(Acl::new(rules.clone()).unwrap_err().errors().len(), 3);
    let acl = Acl::builder().malformed_globs_never_match().build(rules).unwrap();
    for name in ["a[", "a", "", "\\", "a[a]"] {
        assert_eq!(ask("a]", name).rule(&acl), None, "{name}");
    }
}

#[test]
fn sizes_are_bounded() {
    let limits = AclLimits { pattern: 10, ..AclLimits::default() };
    let long = Rule::new(Match::any().name("x".repeat(11)), ["*"]);
    let errors = Acl::builder().limits(limits).build([long]).unwrap_err();
    assert_eq!(errors.errors()[0].kind(), &RuleErrorKind::Length { limit: 10 });
}

/// An ACL with the smallest limits, and where it reports.
fn narrow(rules: impl IntoIterator<Item = Rule>) -> (Acl, Arc<Mutex<Vec<String>>>) {
    let reports = Arc::new(Mutex::new(Vec::new()));
    let limits = AclLimits {
        pattern: 30,
        combinations: 3,
        regex: GoRegexLimits { nesting: 1, size: 10 << 10 },
        ..AclLimits::default()
    };
    let write = Arc::clone(&reports);
    let acl =
        Acl::builder().limits(limits).on_undecided(move |what| write.lock().unwrap().push(what.to_string()));
    (acl.build(rules).unwrap(), reports)
}

#[test]
fn beyond_a_limit_nothing_is_granted_in_the_doubt() {
    const LONG: &str = "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa";
    let home = Match::any().name("${account}/*");
    for (rules, granted) in [
        // A rule that could only have granted more is passed over.
        (vec![Rule::new(home.clone(), ["*"])], None),
        (vec![Rule::new(home.clone(), ["*"]), Rule::new(Match::any(), ["pull"])], Some("pull")),
        // One that might have denied something limits what follows.
        (vec![Rule::new(home.clone(), ["pull"]), Rule::new(Match::any(), ["*"])], Some("pull")),
        (vec![Rule::new(home.clone(), [""; 0]), Rule::new(Match::any(), ["*"])], Some("")),
        (vec![Rule::new(home.clone(), ["pull"]), Rule::new(home.clone(), ["push"])], Some("")),
        (vec![Rule::new(home.clone(), [""; 0])], Some("")),
        // What does not hold in any case is not in doubt.
        (vec![Rule::new(home.account("bob"), [""; 0]), Rule::new(Match::any(), ["*"])], Some("pull,push")),
    ] {
        let (acl, _) = narrow(rules.clone());
        assert_eq!(ask(LONG, "x").granted(&acl).as_deref(), granted, "{rules:?}");
    }
}

#[test]
fn what_a_limit_keeps_undecided_is_reported() {
    let rules = ["${labels:a}${labels:b}", "/^${labels:nested}$/", "${account}${account}${account}"];
    let (acl, reports) = narrow(rules.map(|name| Rule::new(Match::any().name(name), ["*"])));
    let labels = labels(
        LabelValue::dangerous_pattern,
        &[("a", &["1", "2"]), ("b", &["1", "2"]), ("nested", &["((a))", r"\pL{99}"])],
    );
    // Combinations within the limit count.
    assert_eq!(Ask { labels: labels.clone(), ..ask("", "11") }.rule(&acl), Some(0));
    assert!(reports.lock().unwrap().is_empty());
    assert_eq!(Ask { labels, ..ask("aaaaaaaaaaaaaaa", "22") }.rule(&acl), None);
    assert_eq!(
        *reports.lock().unwrap(),
        [
            "rule 1: name could not be decided: too many combinations of label values",
            "rule 2: name could not be decided: regular expression too large with its placeholders filled in",
            "rule 3: name could not be decided: pattern too long with its placeholders filled in",
        ]
    );
}

/// Polls a future that never waits.
fn now<T>(future: impl Future<Output = T>) -> T {
    let mut context = std::task::Context::from_waker(std::task::Waker::noop());
    match std::pin::pin!(future).poll(&mut context) {
        std::task::Poll::Ready(value) => value,
        std::task::Poll::Pending => panic!("waits"),
    }
}

#[test]
fn an_authorizer_names_the_rule_that_decided() {
    let rules = [
        Rule::new(Match::any().account("admin"), ["*"]).comment("Admin has full access").line(12),
        Rule::new(Match::any().account("bob"), ["pull"]).comment(""),
    ];
    let actions: ActionSet = ["pull", "push"].into_iter().collect();
    let (plain, named) =
        (Acl::new(rules.clone()).unwrap(), Acl::builder().name("acl_sql").build(rules).unwrap());
    for (acl, account, decided) in [
        (&plain, "admin", Some((actions.clone(), "acl rule 1 (line 12): Admin has full access"))),
        (&named, "bob", Some((["pull"].into_iter().collect(), "acl_sql rule 2"))),
        (&plain, "eve", None),
    ] {
        let request = AccessRequest::new(account, "repository", "x", &actions);
        let expected =
            decided.map_or(Authz::Abstain, |(actions, by)| Authz::Grant(Grant::new(actions).decided_by(by)));
        assert_eq!(now(acl.authorize(&request)).unwrap(), expected);
    }
    assert_eq!((plain.name(), named.name()), ("acl".into(), "acl_sql".into()));
}

#[test]
fn a_list_can_be_shared_between_threads() {
    fn shared<T: Send + Sync>() {}
    shared::<Acl>();
    shared::<AclBuilder>();
}

/// Names that others choose, in rules that a program makes.
#[test]
fn a_literal_is_nobody_elses_name() {
    let names = [
        "",
        "a",
        "*",
        "**",
        "?",
        "[a]",
        "[^a]",
        "/./",
        "//",
        "/",
        "/a",
        "a/",
        "/.*/",
        "${account}",
        "${labels:team}",
        "${account:1}",
        "$",
        "$$",
        "${",
        "\\",
        "\\*",
        "a\\",
        "x$",
        "{account}",
        "\u{e4}/*",
        "[",
        "]",
        "[!a]",
        "-",
        "^",
        "$/",
    ];
    let team = labels(LabelValue::dangerous_pattern, &[("team", &["*", "a", "/./"])]);
    for owner in names {
        let literal = literal(owner);
        for (conditions, what) in [
            (Match::any().account_is(owner), "account"),
            (Match::any().name_is(owner), "name"),
            (Match::any().name(format!("{literal}/*")), "below"),
            (Match::any().account("/(.*)/").service_is(owner), "service"),
            (Match::any().label_is("owner", owner), "label"),
        ] {
            let acl = Acl::new([Rule::new(conditions, ["*"])]).unwrap();
            for name in names {
                let mut own = team.clone();
                own.insert("owner", LabelValue::literal(name));
                let below = format!("{name}/x");
                let actions = ["pull"].into_iter().collect();
                let (account, resource, service) = match what {
                    "account" => (name, "x", "x"),
                    "name" => ("x", name, "x"),
                    "below" => ("x", &*below, "x"),
                    "service" => ("x", "x", name),
                    _ => ("x", "x", "x"),
                };
                let request = AccessRequest::new(account, "repository", resource, &actions);
                let request = request.with_labels(&own).with_service(service);
                assert_eq!(
                    acl.decide(&request).is_some(),
                    name == owner,
                    "{what}: {owner:?} {name:?} ({literal})"
                );
            }
        }
    }
}

proptest::proptest! {
    #[test]
    fn a_literal_matches_its_text_alone(
        text in r"[a\*\?\[\]\\/\$\{\}:!^.-]{0,8}|(?s).{0,12}",
        other in r"[a\*\?\[\]\\/\$\{\}:!^.-]{0,8}",
    ) {
        for (name, matches) in [(&text, true), (&other, text == other)] {
            let acl = Acl::new([Rule::new(Match::any().account_is(&text), ["*"])]).unwrap();
            let actions = ["pull"].into_iter().collect();
            let request = AccessRequest::new(name, "repository", "x", &actions);
            proptest::prop_assert_eq!(acl.decide(&request).is_some(), matches);
        }
    }
}
