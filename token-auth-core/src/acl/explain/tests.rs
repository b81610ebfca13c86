use crate::acl::{Acl, AclLimits, Match, Rule, UnmetCondition};
use crate::{AccessRequest, ActionSet, LabelValue, Labels};

fn rules() -> [Rule; 7] {
    let rule = |conditions, actions: &[&str]| Rule::new(conditions, actions.iter().copied());
    [
        rule(Match::any().account("admin"), &["*"]).comment("Admins do everything").line(20),
        rule(Match::any().account("/.+/").name("${account}/*"), &["*"]).line(23),
        rule(Match::any().name("${labels:team}/${labels:none}/*").ip("10.1.2.3/8"), &["*"]).comment(""),
        rule(Match::any().label("team", "ops-*").label("role", "x"), &["*"]),
        rule(Match::any().account(r"/^(\w+)-ci$/").name(r"/^${account:1}\//").service(r"hub\*"), &["*"]),
        rule(Match::any().resource_type("repository").ip("10.0.0.0/8"), &["pull"]).comment("Inside").line(40),
        rule(Match::any(), &[]),
    ]
}

#[test]
fn people_read_which_rule_decided_and_what_the_others_lacked() {
    let acl = Acl::new(rules()).unwrap();
    let labels = Labels::new()
        .with("team", LabelValue::literal("dev"))
        .with("team", LabelValue::dangerous_pattern("o*s"));
    let asked: ActionSet = ["pull", "push"].into_iter().collect();
    let request = AccessRequest::new("bob", "repository", "team/app", &asked)
        .with_labels(&labels)
        .with_service("registry")
        .with_address(Some("10.0.0.7".parse().unwrap()));
    assert_eq!(
        acl.explain(&request).to_string(),
        r#"account "bob" (team: dev, o*s) at 10.0.0.7 asks registry "registry" for pull,push on repository "team/app"
rule 1 (line 20, Admins do everything): account: "admin" does not match "bob"
rule 2 (line 23): name: "${account}/*" ("bob/*") does not match "team/app"
rule 3: name: "${labels:team}/${labels:none}/*" ("dev/${labels:none}/*", "o*s/${labels:none}/*") does not match "team/app"
rule 4: label "role": "x" has nothing to match: the request has no such value; label "team": "ops-*" does not match "dev", "o*s"
rule 5: account: "/^(\\w+)-ci$/" does not match "bob"; name: "/^${account:1}\\//" ("/^${account:1}\\//") does not match "team/app"; service: "hub\\*" does not match "registry"
rule 6 (line 40, Inside): decides: grants pull, denies push
"#
    );
    let nowhere = AccessRequest::new("", "registry", "catalog", &asked);
    let explanation = acl.explain(&nowhere);
    assert_eq!(explanation.passed.len(), 6);
    let text = explanation.to_string();
    assert!(
        text.contains(
            "type: \"repository\" does not match \"registry\"; ip: \"10.0.0.0/8\" has nothing to match"
        ),
        "{text}"
    );
    assert!(text.ends_with("rule 7: decides: denies pull,push\n"), "{text}");
}

#[test]
fn programs_read_the_same() {
    let acl = Acl::new(rules()).unwrap();
    let asked = ["pull"].into_iter().collect();
    let labels = Labels::new().with("team", LabelValue::literal("dev"));
    let request = AccessRequest::new("bob", "repository", "bob/app", &asked).with_labels(&labels);
    assert_eq!(
        serde_json::to_value(acl.explain(&request)).unwrap(),
        serde_json::json!({
            "request": {
                "account": "bob", "labels": {"team": ["dev"]}, "service": "", "address": null,
                "type": "repository", "name": "bob/app", "actions": ["pull"],
            },
            "decision": {"rule": 2, "line": 23, "comment": null, "granted": ["pull"], "denied": []},
            "passed": [{
                "rule": 1, "line": 20, "comment": "Admins do everything",
                "conditions": [{
                    "condition": "account", "pattern": "admin", "expanded": [], "values": ["bob"], "undecided": null,
                }],
            }],
        })
    );
}

#[test]
fn a_list_that_abstains_says_so() {
    let explanation =
        Acl::new([]).unwrap().explain(&AccessRequest::new("", "repository", "x", &ActionSet::new()));
    assert_eq!(
        explanation.to_string(),
        "account \"\" asks for nothing on repository \"x\"\n\
         no rule decides: nothing is granted, unless by another authorizer\n"
    );
}

#[test]
fn what_a_limit_keeps_undecided_is_told_and_decides_as_it_does() {
    let limits = AclLimits { pattern: 24, ..AclLimits::default() };
    let rules = [Rule::new(Match::any().name("${account}/*"), [""; 0]), Rule::new(Match::any(), ["*"])];
    let acl = Acl::builder().limits(limits).build(rules).unwrap();
    let asked = ["pull"].into_iter().collect();
    let request = AccessRequest::new("an-account-of-some-length", "repository", "x", &asked);
    let text = acl.explain(&request).to_string();
    assert!(text.contains("rule 1: name: \"${account}/*\" could not be decided: pattern too long"), "{text}");
    assert!(text.ends_with("rule 2: decides: denies pull\n"), "{text}");
}

#[test]
fn expansions_are_bounded() {
    let acl = Acl::new([Rule::new(Match::any().name("${labels:a}/${labels:b}"), ["*"])]).unwrap();
    let mut labels = Labels::new();
    for at in 0..16 {
        labels.insert("a", LabelValue::literal(format!("a{at}")));
        labels.insert("b", LabelValue::literal(format!("b{at}")));
    }
    let asked = ActionSet::new();
    let explanation = acl.explain(&AccessRequest::new("", "repository", "x", &asked).with_labels(&labels));
    let expanded = &explanation.passed[0].conditions[0].expanded;
    assert_eq!((expanded.len(), &*expanded[0]), (UnmetCondition::MOST_SHOWN, "a0/b0"));
}
