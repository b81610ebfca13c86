//! A rule as it is evaluated.

use std::sync::Arc;

use super::field::Field;
use super::groups::Group;
use super::matching::{Context, Truth};
use super::network::Network;
use super::pattern::Pattern;
use super::{Condition, UndecidedReason};
use crate::{ActionSet, LabelValue};

/// A rule that can be evaluated.
#[derive(Clone, Debug)]
pub(super) struct CompiledRule {
    /// All must hold; the cheapest first.
    pub(super) tests: Box<[Test]>,
    pub(super) groups: Box<[Group]>,
    pub(super) granted: Granted,
    pub(super) line: Option<u32>,
    pub(super) comment: Option<Box<str>>,
    pub(super) decided_by: Arc<str>,
}

/// What a rule grants of what is asked for.
#[derive(Clone, Debug)]
pub(super) enum Granted {
    Everything,
    Only(ActionSet),
}

impl Granted {
    pub(super) fn of(&self, asked: &ActionSet) -> ActionSet {
        match self {
            Self::Everything => asked.clone(),
            Self::Only(actions) => asked.intersection(actions),
        }
    }
}

/// A condition.
#[derive(Clone, Debug)]
pub(super) enum Test {
    Field(Field, Pattern),
    Address(Network),
    Label(Box<str>, Pattern),
}

/// Whether a rule applies.
pub(super) enum RuleVerdict<'r> {
    Applies,
    DoesNotApply,
    /// It applies if this condition holds, which a limit kept from being found out.
    Undecided(&'r Test, UndecidedReason),
}

impl CompiledRule {
    pub(super) fn evaluate(&self, context: &Context<'_>) -> RuleVerdict<'_> {
        let mut verdict = RuleVerdict::Applies;
        for test in &self.tests {
            match test.holds(context) {
                Truth::Holds => {}
                Truth::Fails => return RuleVerdict::DoesNotApply,
                Truth::Undecided(reason) => verdict = RuleVerdict::Undecided(test, reason),
            }
        }
        verdict
    }
}

impl Test {
    pub(super) fn holds(&self, context: &Context<'_>) -> Truth {
        let request = context.request;
        match self {
            Self::Field(field, pattern) => pattern.holds(field.of(request), context),
            Self::Address(network) => request.address.is_some_and(|address| network.contains(address)).into(),
            Self::Label(label, pattern) => {
                pattern.holds_for_any(request.labels.get(label).iter().map(LabelValue::as_str), context)
            }
        }
    }

    /// How expensive it is to ask, roughly.
    pub(super) fn cost(&self) -> u8 {
        match self {
            Self::Field(_, pattern) | Self::Label(_, pattern) => pattern.cost(),
            Self::Address(_) => 2,
        }
    }

    pub(super) fn condition(&self) -> Condition {
        match self {
            Self::Field(field, _) => field.condition(),
            Self::Address(_) => Condition::Ip,
            Self::Label(label, _) => Condition::Label(label.clone()),
        }
    }
}
