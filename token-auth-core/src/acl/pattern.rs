use std::sync::Arc;

use super::matching::{Context, Template, Truth};
use super::{GoRegex, glob_matches};

/// The regular expression between the slashes of a pattern, if it is one.
pub(super) fn expression(pattern: &str) -> Option<&str> {
    pattern.strip_prefix('/')?.strip_suffix('/').filter(|expression| !expression.is_empty())
}

/// The compiled pattern of a condition, the cheapest kind that means the same.
#[derive(Clone, Debug)]
pub(super) enum Pattern {
    /// Matches nothing.
    Never,
    Literal(Box<str>),
    Glob(Box<str>),
    Regex(Arc<GoRegex>),
    Template(Template),
}

impl Pattern {
    /// Whether a field of the request matches.
    pub(super) fn holds(&self, subject: &str, context: &Context<'_>) -> Truth {
        match self.constant(subject) {
            Ok(truth) => truth.into(),
            Err(template) => template.holds(subject, context),
        }
    }

    /// Whether one of these values of a label matches.
    pub(super) fn holds_for_any<'s>(
        &self,
        mut subjects: impl Iterator<Item = &'s str>,
        context: &Context<'_>,
    ) -> Truth {
        match self {
            Self::Template(template) => template.holds_for_any(subjects, context),
            _ => subjects.any(|subject| self.constant(subject).is_ok_and(|truth| truth)).into(),
        }
    }

    /// How expensive it is to ask, roughly.
    pub(super) fn cost(&self) -> u8 {
        match self {
            Self::Never => 0,
            Self::Literal(_) => 1,
            Self::Glob(_) => 3,
            Self::Regex(_) => 4,
            Self::Template(_) => 5,
        }
    }

    /// The answer, if it depends on nothing but the subject.
    fn constant(&self, subject: &str) -> Result<bool, &Template> {
        match self {
            Self::Never => Ok(false),
            Self::Literal(text) => Ok(**text == *subject),
            Self::Glob(glob) => Ok(glob_matches(glob, subject).unwrap_or(false)),
            Self::Regex(regex) => Ok(regex.is_match(subject)),
            Self::Template(template) => Err(template),
        }
    }
}
