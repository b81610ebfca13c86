//! What the rules have to grant: the block `tests`.

use std::net::IpAddr;

use token_auth_core::acl::{Acl, Explanation};
use token_auth_core::{AccessRequest, ActionSet, LabelValue, Labels, ResourceScope};

use super::field::Field;
use super::finding::{Finding, Spot};
use super::parts::Parts;
use super::{Config, labels};

/// A request and what the rules are to grant for it: an entry of the block `tests`.
///
/// ```yaml
/// tests:
///   - name: Developers push to their team  # optional
///     account: alice                       # without it, the anonymous user
///     labels: {group: [dev]}               # without it, those under `users`
///     ip: 10.0.0.7                         # optional
///     service: registry.example.com        # optional
///     scope: "repository:dev/app:pull,push"
///     expect: [pull, push]                 # exactly; [] if everything is to be denied
/// ```
///
/// `labels` are text, as a directory supplies it; `pattern_labels` act as patterns in `${labels:…}`, as those under
/// `users` do. docker_auth ignores the block.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct PolicyTest {
    /// What it shows; made of the request unless it is given.
    pub name: String,
    /// Who asks, by the name that they log in with; empty for the anonymous user.
    pub account: String,
    /// The labels of the account, unless they are those under `users`.
    pub labels: Option<Labels>,
    /// The registry that the token is for.
    pub service: String,
    /// The client's address, if it is given.
    pub address: Option<IpAddr>,
    /// What is asked for.
    pub scope: ResourceScope,
    /// What is to be granted of it.
    pub expected: ActionSet,
    spot: Spot,
}

/// What came of a [`PolicyTest`].
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct PolicyResult<'c> {
    /// The test.
    pub test: &'c PolicyTest,
    /// What is wrong, if it failed.
    pub failure: Option<PolicyFailure>,
}

/// How a [`PolicyTest`] failed.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct PolicyFailure {
    /// What was expected, and what was granted, with the place of the test.
    pub finding: Finding,
    /// Why the rules decide so; nothing if they are not asked.
    pub explanation: Option<Explanation>,
}

impl Config {
    /// Runs the tests of the block `tests`, in their order, against the rules of the block `acl`. Other authorizers are not
    /// asked.
    pub fn run_policy_tests(&self) -> impl Iterator<Item = PolicyResult<'_>> {
        let acl = self.acl.as_ref();
        let tests = || self.part::<PolicyTests>().into_iter().flat_map(|tests| &tests.0);
        acl.into_iter().flat_map(move |acl| tests().map(move |test| self.run(test, acl)))
    }

    fn run<'c>(&'c self, test: &'c PolicyTest, acl: &Acl) -> PolicyResult<'c> {
        let asked = test.scope.actions();
        let user = self.user(&test.account);
        let labels =
            test.labels.clone().or_else(|| user.map(|user| user.labels().clone())).unwrap_or_default();
        let account = self.account_of_login(&test.account);
        let request = AccessRequest::new(&account, test.scope.resource_type(), test.scope.name(), asked)
            .with_labels(&labels)
            .with_service(&test.service)
            .with_address(test.address);
        let refused = test.account.is_empty() && user.is_none();
        let granted = match acl.decide(&request) {
            Some(decision) if !refused => asked.intersection(&decision.actions),
            _ => ActionSet::new(),
        };
        let failure = (granted != test.expected).then(|| {
            let reason = if refused { ": there is no anonymous user (`\"\": {}` under `users`)" } else { "" };
            let message = format!("expected {}, granted {}{reason}", shown(&test.expected), shown(&granted));
            PolicyFailure {
                finding: test.spot.finding(message),
                explanation: (!refused).then(|| acl.explain(&request)),
            }
        });
        PolicyResult { test, failure }
    }
}

fn shown(actions: &ActionSet) -> String {
    if actions.is_empty() { "nothing".to_owned() } else { actions.to_string() }
}

/// All of them.
#[derive(Debug)]
pub(super) struct PolicyTests(Vec<PolicyTest>);

/// The block `tests`.
pub(super) fn read(tests: &Field<'_>, parts: &mut Parts) {
    if !parts.is_configured("acl") {
        tests.error("needs `acl`, whose rules it is about");
    }
    parts.insert(PolicyTests(tests.list(test)));
}

fn test(field: &Field<'_>) -> Option<PolicyTest> {
    let section = field.section()?;
    let text = |key| section.get(key).and_then(|field| field.text());
    let account = text("account").unwrap_or_default();
    let service = text("service").unwrap_or_default();
    let name = section.get("name").and_then(|field| field.filled());
    let address = section.get("ip").and_then(|field| {
        field.parsed(|text| text.parse().map_err(|_| "must be an address, such as 10.0.0.1".to_owned()))
    });
    let literal = section.get("labels").map(|field| labels::read(&field, LabelValue::literal));
    let patterns =
        section.get("pattern_labels").map(|field| labels::read(&field, LabelValue::dangerous_pattern));
    let scope = section.require("scope").and_then(|field| {
        field.parsed(|text| text.parse::<ResourceScope>().map_err(|error| error.to_string()))
    });
    let expect = section.require("expect");
    let expected: Option<ActionSet> = expect.as_ref().map(|field| field.texts().iter().collect());
    section.finish_strictly();
    let (scope, expect, expected) = (scope?, expect?, expected?);
    if let Some(action) = expected.iter().find(|action| !scope.actions().contains(action)) {
        expect.error(format!("expects {action:?}, which the scope does not ask for"));
    }
    let name = name.map_or_else(|| format!("{account:?} asks for {scope}"), str::to_owned);
    let (account, service) = (account.to_owned(), service.to_owned());
    let labels = match (literal, patterns) {
        (Some(mut labels), Some(patterns)) => {
            for (label, values) in patterns.iter() {
                values.iter().for_each(|value| labels.insert(label, value.clone()));
            }
            Some(labels)
        }
        (literal, patterns) => literal.or(patterns),
    };
    Some(PolicyTest { name, account, labels, service, address, scope, expected, spot: field.spot() })
}
