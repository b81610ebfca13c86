use token_auth_core::acl::{Acl, Match, Rule};
use token_auth_core::{AccessRequest, ActionSet, LabelValue, Labels};

use super::bytes::Bytes;
use crate::specification::{Defects, first_match};

/// What accounts, names, labels and patterns are made of, so that they meet.
const TEXT: [&str; 16] =
    ["a", "b", "ab", "team", "-1", "/", "-", "é", ".", "x", "*", "\\", "${labels:g}", "|", "[", "a\nb"];

const PATTERN: [&str; 48] = [
    "a",
    "b",
    "ab",
    "team",
    "-1",
    "/",
    "-",
    "é",
    r"\.",
    "x",
    "*",
    r"\\",
    "?",
    "[a-b]",
    "[^a]",
    r"\*",
    r"\$",
    "\\",
    ".",
    ".+",
    ".*",
    "(a|b)",
    "(team|x)-",
    "|",
    "^",
    "$",
    "+",
    "{2}",
    "(?i)",
    r"\d",
    r"\/",
    "(",
    ")",
    r"\Q",
    r"\E",
    "${",
    "}",
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

const NETWORKS: [&str; 6] =
    ["10.0.0.1", "10.0.0.0/8", "0.0.0.0/0", "::/0", "2001:db8::/32", "::ffff:10.0.0.0/100"];

const ADDRESSES: [Option<&str>; 5] =
    [None, Some("10.0.0.1"), Some("11.0.0.1"), Some("2001:db8::1"), Some("::ffff:10.0.0.1")];

/// Rules and requests made of the bytes: the compiled list decides as the plain evaluator does.
pub fn index(data: &[u8]) {
    let mut bytes = Bytes::new(data);
    let rules: Vec<Rule> = (0..bytes.below(24)).map(|_| rule(&mut bytes)).collect();
    let build = |rules: &[Rule]| Acl::builder().malformed_globs_never_match().build(rules.iter().cloned());
    let (rules, acl) = match build(&rules) {
        Ok(acl) => (rules, acl),
        Err(errors) => {
            let refused = |at| errors.errors().iter().any(|error| error.rule() == at);
            let numbered = rules.into_iter().enumerate();
            let usable: Vec<_> = numbered.filter(|(at, _)| !refused(*at)).map(|(_, rule)| rule).collect();
            let acl = build(&usable).unwrap();
            (usable, acl)
        }
    };
    let actions: ActionSet = ["delete", "pull"].into_iter().collect();
    for _ in 0..8 {
        let [account, resource_type, name, service] = [(); 4].map(|()| bytes.join(4, &TEXT));
        let labels = labels(&mut bytes);
        let address = bytes.choose(&ADDRESSES).map(|address| address.parse().unwrap());
        let request = AccessRequest::new(&account, &resource_type, &name, &actions)
            .with_service(&service)
            .with_labels(&labels)
            .with_address(address);
        let expected = first_match(&rules, &request, Defects::default());
        let decision = acl.decide(&request);
        assert_eq!(decision.as_ref().map(|decision| decision.rule), expected, "{request:?}\n{rules:#?}");
        if let Some(decision) = decision {
            let rule = &rules[decision.rule].actions;
            let granted =
                if *rule == ["*"] { actions.clone() } else { actions.intersection(&rule.iter().collect()) };
            assert_eq!(decision.actions, granted);
        }
        if bytes.is_empty() {
            return;
        }
    }
}

fn rule(bytes: &mut Bytes<'_>) -> Rule {
    let which = bytes.below(256);
    let mut field = |bit: usize| (which & bit != 0).then(|| pattern(bytes));
    let [account, name, resource_type, service] = [1, 2 | 4, 8, 16].map(&mut field);
    let labels = field(32).map(|pattern| ("g".to_owned(), pattern)).into_iter().collect();
    let ip = (which & 64 != 0).then(|| bytes.choose(&NETWORKS).to_owned());
    let conditions = Match { account, resource_type, name, service, ip, labels };
    let actions: &[&str] = bytes.choose(&[&["*"], &["pull"], &[], &["pull", "push"]]);
    Rule::new(conditions, actions.iter().copied())
}

fn pattern(bytes: &mut Bytes<'_>) -> String {
    let form = bytes.below(6);
    let pieces = bytes.join(6, &PATTERN);
    match form {
        0 => format!("/^{pieces}/"),
        1 => format!("/{pieces}/"),
        2 => format!("/^(.*)-{pieces}$/"),
        _ => pieces,
    }
}

fn labels(bytes: &mut Bytes<'_>) -> Labels {
    let mut labels = Labels::new();
    for label in ["g", "h"] {
        for _ in 0..bytes.below(4) {
            labels.declare(label);
            match bytes.below(4) {
                0 => {}
                1 => labels.insert(label, LabelValue::literal(bytes.join(3, &TEXT))),
                2 => labels.insert(label, LabelValue::dangerous_pattern(bytes.join(3, &TEXT))),
                _ => labels.insert(label, LabelValue::dangerous_pattern(pattern(bytes))),
            }
        }
    }
    labels
}
