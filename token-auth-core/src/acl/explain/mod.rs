//! Why a request is granted or denied what it is, rule by rule.

mod condition;
mod display;
#[cfg(test)]
mod tests;

use std::net::IpAddr;

use serde::Serialize;

use super::compiled::CompiledRule;
use super::matching::{Context, Truth};
use super::{Acl, Condition};
use crate::{AccessRequest, ActionSet, Labels};

/// Why an ACL decides as it does: made by [`Acl::explain`].
///
/// Its `Display` is for people, some lines of text; it serializes for programs. Rules are counted from 1 in both.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct Explanation {
    /// Who asks for what.
    pub request: Asked,
    /// What the list decides; nothing if it abstains.
    pub decision: Option<ExplainedDecision>,
    /// The rules before the one that decided, in their order; if none did, all.
    pub passed: Vec<PassedRule>,
}

/// The request that an [`Explanation`] is about.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct Asked {
    /// The account; empty for the anonymous one.
    pub account: String,
    /// Its labels.
    pub labels: Labels,
    /// The registry.
    pub service: String,
    /// The client's address, if it is known.
    pub address: Option<IpAddr>,
    /// The type of the resource.
    #[serde(rename = "type")]
    pub resource_type: String,
    /// The name of the resource.
    pub name: String,
    /// What is to be done with it.
    pub actions: ActionSet,
}

/// The rule that decided, and what.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct ExplainedDecision {
    /// Which rule.
    #[serde(flatten)]
    pub rule: NumberedRule,
    /// What is granted of what was asked for.
    pub granted: ActionSet,
    /// What is not.
    pub denied: ActionSet,
}

/// A rule, as a person finds it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct NumberedRule {
    /// Its number; the first is 1.
    #[serde(rename = "rule")]
    pub number: usize,
    /// Where it is written, if that is known.
    pub line: Option<u32>,
    /// What it is for.
    pub comment: Option<String>,
}

/// A rule that did not decide.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct PassedRule {
    /// Which rule.
    #[serde(flatten)]
    pub rule: NumberedRule,
    /// The conditions that did not hold, in the order of the documentation; at least one. If one of them failed, those
    /// that a limit kept undecided do not matter and are left out.
    pub conditions: Vec<UnmetCondition>,
}

/// A condition that did not hold.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct UnmetCondition {
    /// Which condition: `name`, `label "team"`.
    #[serde(serialize_with = "as_text")]
    pub condition: Condition,
    /// The pattern, as it is written.
    pub pattern: String,
    /// The pattern with its placeholders filled in: once for each combination of label values that was tried, up to
    /// [`MOST_SHOWN`](Self::MOST_SHOWN). Empty if there is nothing to fill in.
    pub expanded: Vec<String>,
    /// What it was held against: the value of the request, each value of the label, none if there is none.
    pub values: Vec<String>,
    /// Why it is not known whether it holds, if it is not.
    pub undecided: Option<String>,
}

impl UnmetCondition {
    /// How many expansions of one pattern are kept.
    pub const MOST_SHOWN: usize = 16;
}

impl Acl {
    /// Says what the list decides and why: which rule, and what each rule before it lacked.
    ///
    /// Looks at every rule, and is meant for people and tests, not for serving.
    ///
    /// ```
    /// use token_auth_core::AccessRequest;
    /// use token_auth_core::acl::{Acl, Match, Rule};
    ///
    /// let acl = Acl::new([
    ///     Rule::new(Match::any().account("admin"), ["*"]).comment("Admin has full access"),
    ///     Rule::new(Match::any().account("/.+/").name("${account}/*"), ["*"]),
    ///     Rule::new(Match::any().account("/.+/"), ["pull"]).comment("Everyone pulls"),
    /// ])?;
    /// let asked = ["pull", "push"].into_iter().collect();
    /// let explanation = acl.explain(&AccessRequest::new("bob", "repository", "team/app", &asked));
    /// assert_eq!(
    ///     explanation.to_string(),
    ///     "account \"bob\" asks for pull,push on repository \"team/app\"\n\
    ///      rule 1 (Admin has full access): account: \"admin\" does not match \"bob\"\n\
    ///      rule 2: name: \"${account}/*\" (\"bob/*\") does not match \"team/app\"\n\
    ///      rule 3 (Everyone pulls): decides: grants pull, denies push\n"
    /// );
    /// # Ok::<(), token_auth_core::acl::AclErrors>(())
    /// ```
    pub fn explain(&self, request: &AccessRequest<'_>) -> Explanation {
        let decision = self.decide(request);
        let context = Context { request, groups: &[], limits: &self.limits, cache: &self.cache };
        let mut passed = Vec::new();
        for (index, rule) in self.rules.iter().enumerate() {
            let conditions = rule.unmet(&Context { groups: &rule.groups, ..context });
            if conditions.is_empty() {
                break;
            }
            passed.push(PassedRule { rule: rule.numbered(index), conditions });
        }
        let decision = decision.and_then(|decision| {
            let granted = request.actions.intersection(&decision.actions);
            let denied = request.actions.iter().filter(|action| !granted.contains(action)).collect();
            let rule = self.rules.get(decision.rule)?.numbered(decision.rule);
            Some(ExplainedDecision { rule, granted, denied })
        });
        Explanation { request: Asked::new(request), decision, passed }
    }
}

impl CompiledRule {
    fn numbered(&self, index: usize) -> NumberedRule {
        let comment = self.comment.as_deref().filter(|comment| !comment.is_empty()).map(str::to_owned);
        NumberedRule { number: index.saturating_add(1), line: self.line, comment }
    }

    fn unmet(&self, context: &Context<'_>) -> Vec<UnmetCondition> {
        let held = self.tests.iter().map(|test| (test, test.holds(context)));
        let mut unmet: Vec<_> = held.filter(|(_, truth)| *truth != Truth::Holds).collect();
        let fails = unmet.iter().any(|(_, truth)| *truth == Truth::Fails);
        unmet.retain(|(_, truth)| !fails || *truth == Truth::Fails);
        unmet.sort_by_key(|(test, _)| condition::order(test));
        unmet.into_iter().map(|(test, truth)| test.explain(truth, context)).collect()
    }
}

impl Asked {
    fn new(request: &AccessRequest<'_>) -> Self {
        Self {
            account: request.account.to_owned(),
            labels: request.labels.clone(),
            service: request.service.to_owned(),
            address: request.address,
            resource_type: request.resource_type.to_owned(),
            name: request.name.to_owned(),
            actions: request.actions.clone(),
        }
    }
}

fn as_text<S: serde::Serializer>(condition: &Condition, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.collect_str(condition)
}
