//! Patterns with placeholders against requests.

use std::sync::Arc;

use super::cache::RegexCache;
use super::combinations::Combinations;
use super::groups::Group;
use super::template::{Filled, TooLong, Values};
use super::{AclLimits, GoRegex, GoRegexErrorKind, UndecidedReason, glob_matches};
use crate::{AccessRequest, LabelValue};

/// Whether a condition holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Truth {
    Holds,
    Fails,
    /// A limit kept it from being found out.
    Undecided(UndecidedReason),
}

impl From<bool> for Truth {
    fn from(holds: bool) -> Self {
        if holds { Self::Holds } else { Self::Fails }
    }
}

/// What a condition may depend on.
pub(super) struct Context<'c> {
    pub(super) request: &'c AccessRequest<'c>,
    /// The placeholders for captured groups of the rule.
    pub(super) groups: &'c [Group],
    pub(super) limits: &'c AclLimits,
    pub(super) cache: &'c RegexCache,
}

/// A pattern with placeholders.
#[derive(Clone, Debug)]
pub(super) struct Template {
    pub(super) text: Box<str>,
    /// The labels that it may have placeholders for.
    pub(super) labels: Box<[Box<str>]>,
}

impl Template {
    /// Tries the pattern with the placeholders of labels left as they are, then with every combination of their values.
    pub(super) fn holds(&self, subject: &str, context: &Context<'_>) -> Truth {
        let groups = self.captured(context);
        let mut doubt = None;
        let mut holds = |labels: &[(&str, &LabelValue)]| match self.ready(&groups, labels, context) {
            Ok(pattern) => pattern.matches(subject),
            Err(reason) => {
                doubt = Some(reason);
                false
            }
        };
        if holds(&[]) {
            return Truth::Holds;
        }
        let labels = context.request.labels;
        let choices = self.labels.iter().filter(|label| labels.contains(label));
        let mut combinations =
            Combinations::new(choices.map(|label| (&**label, labels.get(label))).collect());
        let mut tried = 0;
        while let Some(combination) = combinations.next() {
            if tried == context.limits.combinations {
                return Truth::Undecided(UndecidedReason::Combinations);
            }
            if holds(combination) {
                return Truth::Holds;
            }
            tried += 1;
        }
        doubt.map_or(Truth::Fails, Truth::Undecided)
    }

    /// Tries the pattern on each subject, with the placeholders of labels left as they are.
    pub(super) fn holds_for_any<'s>(
        &self,
        mut subjects: impl Iterator<Item = &'s str>,
        context: &Context<'_>,
    ) -> Truth {
        match self.ready(&self.captured(context), &[], context) {
            Ok(pattern) => subjects.any(|subject| pattern.matches(subject)).into(),
            Err(reason) => Truth::Undecided(reason),
        }
    }

    /// The placeholders of groups in this pattern that captured something, and what.
    fn captured<'c>(&self, context: &Context<'c>) -> Vec<(&'c str, &'c str)> {
        let used = context.groups.iter().filter(|group| self.text.contains(&*group.placeholder));
        used.filter_map(|group| Some((&*group.placeholder, group.capture(context.request)?))).collect()
    }

    fn ready(
        &self,
        groups: &[(&str, &str)],
        labels: &[(&str, &LabelValue)],
        context: &Context<'_>,
    ) -> Result<Ready, UndecidedReason> {
        let values = Values { request: context.request, groups, labels };
        let filled = Filled::new(&self.text, &values, context.limits.pattern)
            .map_err(|TooLong| UndecidedReason::Length)?;
        let Some(expression) = filled.expression() else { return Ok(Ready::Glob(filled)) };
        match context.cache.get(expression, context.limits.regex) {
            Ok(regex) => Ok(Ready::Regex(regex)),
            Err(error) => match error.kind() {
                GoRegexErrorKind::Size | GoRegexErrorKind::Nesting => Err(UndecidedReason::Regex),
                _ => Ok(Ready::Invalid),
            },
        }
    }
}

/// A pattern with its placeholders filled in.
enum Ready {
    Glob(Filled),
    Regex(Arc<GoRegex>),
    /// What was filled in made it no pattern: it matches nothing.
    Invalid,
}

impl Ready {
    fn matches(&self, subject: &str) -> bool {
        match self {
            Self::Glob(glob) => glob_matches(glob.text(), subject).unwrap_or(false),
            Self::Regex(regex) => regex.is_match(subject),
            Self::Invalid => false,
        }
    }
}
