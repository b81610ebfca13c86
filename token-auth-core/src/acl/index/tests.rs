//! The index against asking every rule.

use std::sync::{Arc, Mutex};

use proptest::collection::{btree_map, vec};
use proptest::option;
use proptest::prelude::*;

use crate::acl::compiled::RuleVerdict;
use crate::acl::matching::Context;
use crate::acl::{Acl, AclLimits, GoRegexLimits, Match, Rule};
use crate::{AccessRequest, ActionSet, LabelValue, Labels};

/// Pieces that rules and requests share, so that they meet.
const WORDS: [&str; 14] =
    ["a", "b", "ab", "team", "team-1", "/", "-", "é", "", "x", ".", "*", "${labels:g}", "repository"];

fn word() -> impl Strategy<Value = String> {
    prop::sample::select(WORDS.to_vec()).prop_map(str::to_owned)
}

fn text() -> impl Strategy<Value = String> {
    vec(word(), 0..4).prop_map(|words| words.concat())
}

fn piece() -> impl Strategy<Value = String> {
    let special = [
        "*",
        "?",
        "[a-b]",
        "[^a]",
        r"\*",
        r"\$",
        r"\",
        ".",
        ".+",
        ".*",
        "(a|b)",
        "(team|x)-",
        "|",
        "^",
        "$",
        "?",
        "+",
        "{2}",
        "(?i)",
        r"\d",
        r"\.",
        r"\/",
        "(",
        ")",
        r"\Q",
        r"\E",
        "${",
        "}",
    ];
    let placeholder = [
        "${account}",
        "${name}",
        "${type}",
        "${service}",
        "${labels:g}",
        "${labels:h}",
        "${labels:none}",
        "${account:1}",
        "${name:1}",
        "${labels:a|b}",
        "${labels:${account}}",
    ];
    prop_oneof![
        4 => word(),
        2 => prop::sample::select(special.to_vec()).prop_map(str::to_owned),
        2 => prop::sample::select(placeholder.to_vec()).prop_map(str::to_owned),
    ]
}

fn pattern() -> impl Strategy<Value = String> {
    let pieces = vec(piece(), 0..6).prop_map(|pieces| pieces.concat());
    (pieces, 0..6).prop_map(|(pattern, form)| match form {
        0 | 1 => format!("/^{pattern}/"),
        2 => format!("/{pattern}/"),
        3 => format!("/^(.*)-{pattern}$/"),
        _ => pattern,
    })
}

fn network() -> impl Strategy<Value = String> {
    let networks = [
        "10.0.0.1",
        "10.0.0.0/8",
        "10.0.0.7/31",
        "0.0.0.0/0",
        "::/0",
        "2001:db8::/32",
        "::ffff:10.0.0.0/100",
        "::ffff:10.0.0.1",
    ];
    prop::sample::select(networks.to_vec()).prop_map(str::to_owned)
}

fn rule() -> impl Strategy<Value = Rule> {
    let field = || option::weighted(0.4, pattern());
    let actions = prop::sample::select(std::vec![&["*"][..], &["pull"], &[], &["pull", "push"]]);
    let labels =
        btree_map(prop::sample::select(["g", "h"].to_vec()).prop_map(str::to_owned), pattern(), 0..2);
    let (account, name) = (field(), option::weighted(0.8, pattern()));
    (account, name, field(), field(), option::weighted(0.2, network()), labels, actions).prop_map(
        |(account, name, resource_type, service, ip, labels, actions)| {
            let conditions = Match { account, resource_type, name, service, ip, labels };
            Rule::new(conditions, actions.iter().copied())
        },
    )
}

#[derive(Clone, Debug)]
struct Asked {
    fields: [String; 4],
    address: Option<&'static str>,
    labels: Labels,
}

fn asked() -> impl Strategy<Value = Asked> {
    let value = prop_oneof![
        text().prop_map(LabelValue::literal),
        text().prop_map(LabelValue::dangerous_pattern),
        pattern().prop_map(LabelValue::dangerous_pattern),
    ];
    let labels = vec((prop::sample::select(["g", "h"].to_vec()), vec(value, 0..4)), 0..3).prop_map(|all| {
        let mut labels = Labels::new();
        for (label, values) in all {
            labels.declare(label);
            values.into_iter().for_each(|value| labels.insert(label, value));
        }
        labels
    });
    let addresses = [
        None,
        Some("10.0.0.1"),
        Some("10.0.0.6"),
        Some("11.0.0.1"),
        Some("2001:db8::1"),
        Some("::ffff:10.0.0.1"),
    ];
    let fields = [text(), text(), text(), text()];
    (fields, prop::sample::select(addresses.to_vec()), labels).prop_map(|(fields, address, labels)| Asked {
        fields,
        address,
        labels,
    })
}

/// The rules that can be used, twice: compiled with limits that are met now and then.
fn compiled(rules: &[Rule], limits: AclLimits) -> (Acl, Arc<Mutex<Vec<String>>>) {
    let reports = Arc::new(Mutex::new(Vec::new()));
    let write = Arc::clone(&reports);
    let builder = || Acl::builder().limits(limits).malformed_globs_never_match();
    let usable = rules.iter().filter(|rule| builder().build([(*rule).clone()]).is_ok()).cloned();
    let report = move |what: &crate::acl::Undecided| write.lock().unwrap().push(what.to_string());
    (builder().on_undecided(report).build(usable.collect::<Vec<_>>()).unwrap(), reports)
}

fn agree(rules: &[Rule], all: &[Asked], limits: AclLimits) {
    let (acl, reports) = compiled(rules, limits);
    let reported = || std::mem::take(&mut *reports.lock().unwrap());
    let actions: ActionSet = ["pull", "push"].into_iter().collect();
    for asked in all {
        let [account, resource_type, name, service] = &asked.fields;
        let request = AccessRequest::new(account, resource_type, name, &actions)
            .with_service(service)
            .with_labels(&asked.labels)
            .with_address(asked.address.map(|address| address.parse().unwrap()));
        let indexed = (acl.decide(&request), reported());
        let linear = (acl.decide_among(acl.rules.iter().enumerate(), &request), reported());
        assert_eq!(indexed, linear, "{asked:?}\n{rules:#?}");
        let explained = acl.explain(&request);
        reported();
        let (decided, explained) = (indexed.0, (explained.decision, explained.passed.len()));
        assert_eq!(decided.as_ref().map(|it| it.rule + 1), explained.0.as_ref().map(|it| it.rule.number));
        assert_eq!(decided.map(|it| it.actions), explained.0.map(|it| it.granted));
        // Each rule before the first that applies lacks something.
        let applies = |rule: &Rule| {
            let alone = compiled(std::slice::from_ref(rule), limits).0;
            let [rule] = &*alone.rules else { return None };
            let context = Context {
                request: &request,
                groups: &rule.groups,
                limits: &alone.limits,
                cache: &alone.cache,
            };
            Some(matches!(rule.evaluate(&context), RuleVerdict::Applies))
        };
        let first = rules.iter().filter_map(applies).position(|applies| applies);
        assert_eq!(explained.1, first.unwrap_or(acl.len()), "{asked:?}\n{rules:#?}");
    }
}

fn cases(cases: u32) -> ProptestConfig {
    ProptestConfig { cases, failure_persistence: None, max_shrink_iters: 4000, ..ProptestConfig::default() }
}

proptest! {
    #![proptest_config(cases(120))]

    #[test]
    fn the_index_decides_as_every_rule_in_turn(rules in vec(rule(), 0..12), asked in vec(asked(), 1..6)) {
        agree(&rules, &asked, AclLimits::default());
    }

    #[test]
    fn also_where_limits_keep_rules_undecided(
        rules in vec(rule(), 0..6),
        asked in vec(asked(), 1..6),
        pattern in 4_usize..40,
        combinations in 1_usize..5,
        size in 1_usize..20,
    ) {
        let regex = GoRegexLimits { size: size << 9, ..GoRegexLimits::default() };
        agree(&rules, &asked, AclLimits { pattern, combinations, regex, ..AclLimits::default() });
    }

    #[test]
    fn also_for_rules_that_share_their_keys(
        shared in vec(rule(), 1..3),
        names in vec(pattern(), 0..40),
        asked in vec(asked(), 1..6),
    ) {
        let rules: Vec<_> = names.into_iter().zip(shared.iter().cycle()).map(|(name, rule)| {
            let mut rule = rule.clone();
            rule.conditions.name = Some(name);
            rule
        }).collect();
        agree(&rules, &asked, AclLimits::default());
    }
}

/// More lists than are merged at once.
#[test]
fn a_request_may_find_any_number_of_lists() {
    let nested = (1..200)
        .rev()
        .map(|length| Rule::new(Match::any().name(format!("{}*x", "a".repeat(length))), ["pull"]));
    let last = Rule::new(Match::any().name("aaaa*"), ["push"]);
    let acl = Acl::new(nested.chain([last])).unwrap();
    let actions = ["push"].into_iter().collect();
    let name = "a".repeat(300);
    let decision = acl.decide(&AccessRequest::new("", "repository", &name, &actions)).unwrap();
    assert_eq!((decision.rule, decision.actions), (199, actions.clone()));
}

/// How many rules a request is held against.
fn found(acl: &Acl, account: &str, name: &str, labels: &Labels) -> usize {
    let actions = ActionSet::new();
    let request = AccessRequest::new(account, "repository", name, &actions).with_labels(labels);
    super::Candidates::new(&acl.index, &acl.bounds, &acl.limits, &request).count()
}

#[test]
fn a_request_finds_few_of_many_rules() {
    let group = Labels::new().with("group", LabelValue::dangerous_pattern("dev"));
    type Kind = (&'static str, fn(usize) -> Match);
    let kinds: [Kind; 11] = [
        ("globs", |at| Match::any().name(format!("team-{at:04}/*"))),
        ("anchored", |at| Match::any().name(format!(r"/^team-{at:04}-(dev|ops)\/.+$/"))),
        ("anchored to classes", |at| Match::any().name(format!(r"/^[a-z]+-{at:04}\/.+$/"))),
        ("anywhere", |at| Match::any().name(format!("/-{at:04}-/"))),
        ("ends", |at| Match::any().name(format!("*/app-{at:04}"))),
        ("folded", |at| Match::any().name(format!("/(?i)^t-{at:04}$/"))),
        ("own", |at| Match::any().name(format!("${{account}}/app-{at:04}/*"))),
        ("own expressions", |at| Match::any().name(format!(r"/^${{account}}\/app-{at:04}\/.+$/"))),
        ("groups", |at| Match::any().name(format!("${{labels:group}}-{at:04}/*"))),
        ("two conditions", |at| {
            Match::any().account(format!("u{}", at / 40)).name(format!("team-{}/*", at % 40))
        }),
        ("labels", |at| Match::any().label("group", format!("dev-{at:04}"))),
    ];
    for (kind, rule) in kinds {
        let acl = Acl::new((0..1600).map(|at| Rule::new(rule(at), ["pull"]))).unwrap();
        for name in [
            "team-0042/app",
            "team-0042-dev/app",
            "alice/app-0042/x",
            "dev-0042/x",
            "t-0042",
            "x/app-0042",
            "none",
        ] {
            for account in ["alice", "u3", ""] {
                let found = found(&acl, account, name, &group);
                assert!(found <= 2, "{kind}: {account} {name} finds {found}");
            }
        }
    }
}

/// Patterns in which a literal stands that what they match need not have.
#[test]
fn nothing_is_filed_under_what_need_not_be_there() {
    let pattern = LabelValue::dangerous_pattern;
    for (name, account, label, matching) in [
        ("/^ab*${account}$/", "x", None, "ax"),
        ("/^ab?${account}$/", "x", None, "ax"),
        ("/^a{0}${account}$/", "x", None, "x"),
        ("/^a${account}*b$/", "", None, "b"),
        ("/^a${account}?b$/", "xy", None, "axb"),
        ("/^a${account:1}?b$/", "", None, "b"),
        ("/^a|b${account}$/", "x", None, "zbx"),
        ("/^(a|b)${account}$/", "x", None, "bx"),
        ("/^(a${account}){2}$/", "x", None, "axax"),
        (r"/^\Qa|b\E|${account}$/", "x", None, "zx"),
        ("/^[a${account}]z/", "x", None, "xz"),
        ("/(?i)^a${account}$/", "x", None, "AX"),
        ("${account}/x/", "", None, "wxw"),
        ("/x/${account}", "", None, "wxw"),
        (r"\${account}", "*b", None, r"\zb"),
        ("[${account}]z", "x", None, "xz"),
        ("/x${labels:g}", "", Some(pattern("/")), "wxw"),
        ("/x/${labels:g}", "", Some(pattern("")), "wxw"),
        ("${labels:g}", "", Some(pattern("/^t/")), "test"),
        ("${labels:g}/x", "", Some(pattern("a*")), "ab/x"),
        ("/^team-${labels:g}$/", "", Some(pattern("a|b")), "zb"),
        ("/^team-${labels:g}$/", "", Some(pattern("a*")), "team-"),
        ("${labels:g}/x", "", Some(LabelValue::literal("a*")), "a*/x"),
        ("${labels:g}/x", "", None, "${labels:g}/x"),
    ] {
        let rule = Rule::new(Match::any().account("/^(q?)/").name(name), ["pull"]);
        let acl = Acl::new([rule]).unwrap();
        let labels = label.map_or_else(Labels::new, |label| Labels::new().with("g", label));
        let actions = ActionSet::new();
        let request = AccessRequest::new(account, "repository", matching, &actions).with_labels(&labels);
        assert!(acl.decide(&request).is_some(), "{name} for {account:?} on {matching:?}");
    }
}
