//! Access control lists.

use std::collections::BTreeMap;
use std::net::IpAddr;

use serde::Deserialize;
use token_auth_core::acl::{Acl, AclBuilder, AclErrors, Rule, RuleErrorKind};
use token_auth_core::{AccessRequest, ActionSet, LabelValue, Labels};
use token_auth_tests::specification::{Defects, first_match};

use crate::reader::{Verdict, lines, own_directory, run};

/// Keys that are not these say nothing that a decision depends on.
#[derive(Deserialize)]
struct Vector {
    acl: Vec<Rule>,
    request: Request,
    result: Outcome,
}

#[derive(Deserialize)]
struct Request {
    account: String,
    #[serde(rename = "type")]
    resource_type: String,
    name: String,
    service: String,
    #[serde(default, deserialize_with = "address")]
    ip: Option<IpAddr>,
    #[serde(default)]
    actions: Option<Vec<String>>,
    #[serde(default)]
    labels: Option<BTreeMap<String, Option<Vec<String>>>>,
}

#[derive(Debug, Deserialize, PartialEq)]
struct Outcome {
    matched: bool,
    rule: Option<usize>,
    #[serde(default, deserialize_with = "actions")]
    actions: ActionSet,
}

/// Absent, null and empty say alike that no address is known.
fn address<'de, D: serde::Deserializer<'de>>(deserializer: D) -> Result<Option<IpAddr>, D::Error> {
    let text = Option::<String>::deserialize(deserializer)?.filter(|text| !text.is_empty());
    text.map(|text| text.parse().map_err(serde::de::Error::custom)).transpose()
}

fn actions<'de, D: serde::Deserializer<'de>>(deserializer: D) -> Result<ActionSet, D::Error> {
    Ok(Option::<Vec<String>>::deserialize(deserializer)?.unwrap_or_default().iter().collect())
}

impl Request {
    fn asked(&self) -> ActionSet {
        self.actions.iter().flatten().collect()
    }

    fn to_access<'r>(&'r self, asked: &'r ActionSet, labels: &'r Labels) -> AccessRequest<'r> {
        AccessRequest::new(&self.account, &self.resource_type, &self.name, asked)
            .with_labels(labels)
            .with_service(&self.service)
            .with_address(self.ip)
    }

    /// The labels, as an administrator writes them.
    fn labels(&self) -> Labels {
        let mut labels = Labels::new();
        for (label, values) in self.labels.iter().flatten() {
            labels.declare(label.as_str());
            for value in values.iter().flatten() {
                labels.insert(label.as_str(), LabelValue::dangerous_pattern(value.as_str()));
            }
        }
        labels
    }
}

impl Vector {
    fn decide(&self, settings: AclBuilder) -> Result<Outcome, AclErrors> {
        let acl = settings.build(self.acl.iter().cloned())?;
        let (asked, labels) = (self.request.asked(), self.request.labels());
        Ok(match acl.decide(&self.request.to_access(&asked, &labels)) {
            Some(decision) => Outcome { matched: true, rule: Some(decision.rule), actions: decision.actions },
            None => Outcome { matched: false, rule: None, actions: ActionSet::new() },
        })
    }

    /// What docker_auth decides if it has these defects.
    fn emulate(&self, defects: Defects) -> Outcome {
        let (asked, labels) = (self.request.asked(), self.request.labels());
        let rule = first_match(&self.acl, &self.request.to_access(&asked, &labels), defects);
        let actions = match rule.and_then(|rule| self.acl.get(rule)) {
            None => ActionSet::new(),
            Some(rule) if rule.actions == ["*"] => asked,
            Some(rule) => asked.intersection(&rule.actions.iter().collect()),
        };
        Outcome { matched: rule.is_some(), rule, actions }
    }

    fn judge(&self) -> Verdict {
        let ours = match self.decide(Acl::builder().malformed_globs_never_match()) {
            Ok(ours) => ours,
            Err(errors) => return Verdict::Differed(errors.to_string()),
        };
        if ours == self.result {
            return Verdict::Agreed;
        }
        // On purpose only if the defects explain what docker_auth decided, and their absence what we decide.
        if ours == self.emulate(Defects::default()) {
            for (defects, reason) in REASONS {
                if self.emulate(defects) == self.result {
                    return Verdict::OnPurpose(reason);
                }
            }
        }
        Verdict::Differed(format!("docker_auth: {:?}, ours: {ours:?}", self.result))
    }
}

/// Defects of docker_auth that we do not have, the fewest first.
const REASONS: [(Defects, &str); 3] = [
    (Defects { groups_are_patterns: true, values_have_slashes: false }, "captured groups are quoted"),
    (
        Defects { groups_are_patterns: false, values_have_slashes: true },
        "a literal value does not make a regular expression of a glob",
    ),
    (
        Defects { groups_are_patterns: true, values_have_slashes: true },
        "captured groups are quoted, and make no regular expression of a glob",
    ),
];

#[test]
fn acl() {
    run("acl", |vector: Vector| vector.judge());
}

fn own_vectors() -> impl Iterator<Item = (usize, Vector)> {
    let lines = lines(&own_directory().join("acl.jsonl"));
    lines.into_iter().map(|(number, line)| (number, serde_json::from_str(&line).unwrap()))
}

/// The evaluator that explains differences decides every vector as docker_auth did if it has the defects, and as we do if
/// it has not.
#[test]
fn the_emulation_agrees_with_both() {
    for (number, vector) in own_vectors() {
        let all = Defects { groups_are_patterns: true, values_have_slashes: true };
        assert_eq!(vector.emulate(all), vector.result, "line {number}");
        let ours = vector.decide(Acl::builder().malformed_globs_never_match()).unwrap();
        assert_eq!(vector.emulate(Defects::default()), ours, "line {number}");
    }
}

/// By default a list with a malformed glob is refused, for that reason only; every other decides the same.
#[test]
fn the_default_refuses_malformed_globs_and_nothing_else() {
    let mut refused = 0;
    for (number, vector) in own_vectors() {
        match vector.decide(Acl::builder()) {
            Ok(outcome) => {
                let lenient = vector.decide(Acl::builder().malformed_globs_never_match()).unwrap();
                assert_eq!(outcome, lenient, "line {number}");
            }
            Err(errors) => {
                refused += 1;
                for error in errors.errors() {
                    assert!(matches!(error.kind(), RuleErrorKind::Glob(_)), "line {number}: {error}");
                }
            }
        }
    }
    assert!(refused > 0);
}
