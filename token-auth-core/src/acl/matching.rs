//! Patterns with placeholders against requests.

use std::ops::ControlFlow;
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
    /// Tries every way to fill in the placeholders.
    pub(super) fn holds(&self, subject: &str, context: &Context<'_>) -> Truth {
        self.holds_for_any(&std::iter::once(subject), context)
    }

    /// The same for several subjects.
    pub(super) fn holds_for_any<'s>(
        &self,
        subjects: &(impl Iterator<Item = &'s str> + Clone),
        context: &Context<'_>,
    ) -> Truth {
        let mut doubt = None;
        let tried =
            self.fill(context, |filled| match filled.and_then(|filled| Ready::new(filled, context)) {
                Ok(pattern) if subjects.clone().any(|subject| pattern.matches(subject)) => {
                    ControlFlow::Break(())
                }
                Ok(_) => ControlFlow::Continue(()),
                Err(reason) => {
                    doubt = Some(reason);
                    ControlFlow::Continue(())
                }
            });
        match tried {
            ControlFlow::Break(()) => Truth::Holds,
            ControlFlow::Continue(()) => doubt.map_or(Truth::Fails, Truth::Undecided),
        }
    }

    /// Fills in the placeholders: with those of labels left as they are, and then with every combination of their values.
    pub(super) fn fill(
        &self,
        context: &Context<'_>,
        mut each: impl FnMut(Result<Filled, UndecidedReason>) -> ControlFlow<()>,
    ) -> ControlFlow<()> {
        let groups = self.captured(context);
        let mut fill = |labels: &[(&str, &LabelValue)]| {
            let values = Values { request: context.request, groups: &groups, labels };
            let filled = Filled::new(&self.text, &values, context.limits.pattern);
            each(filled.map_err(|TooLong| UndecidedReason::Length))
        };
        fill(&[])?;
        let labels = context.request.labels;
        let choices = self.labels.iter().filter(|label| labels.contains(label));
        let mut combinations =
            Combinations::new(choices.map(|label| (&**label, labels.get(label))).collect());
        let mut tried = 0;
        while let Some(combination) = combinations.next() {
            if tried == context.limits.combinations {
                return each(Err(UndecidedReason::Combinations));
            }
            fill(combination)?;
            tried += 1;
        }
        ControlFlow::Continue(())
    }

    /// The placeholders of groups in this pattern that captured something, and what.
    fn captured<'c>(&self, context: &Context<'c>) -> Vec<(&'c str, &'c str)> {
        let used = context.groups.iter().filter(|group| self.text.contains(&*group.placeholder));
        used.filter_map(|group| Some((&*group.placeholder, group.capture(context.request)?))).collect()
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
    fn new(filled: Filled, context: &Context<'_>) -> Result<Self, UndecidedReason> {
        let Some(expression) = filled.expression() else { return Ok(Self::Glob(filled)) };
        match context.cache.get(expression, context.limits.regex) {
            Ok(regex) => Ok(Self::Regex(regex)),
            Err(error) => match error.kind() {
                GoRegexErrorKind::Size | GoRegexErrorKind::Nesting => Err(UndecidedReason::Regex),
                _ => Ok(Self::Invalid),
            },
        }
    }

    fn matches(&self, subject: &str) -> bool {
        match self {
            Self::Glob(glob) => glob_matches(glob.text(), subject).unwrap_or(false),
            Self::Regex(regex) => regex.is_match_once(subject),
            Self::Invalid => false,
        }
    }
}
