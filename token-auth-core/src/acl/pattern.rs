//! A pattern of a rule, before its placeholders are filled in.

use std::fmt;
use std::sync::Arc;

use super::expression::Expression;
use super::matching::{Context, Template, Truth};
use super::{UndecidedReason, glob_matches};

/// The compiled pattern of a condition, the cheapest kind that means the same.
#[derive(Clone, Debug)]
pub(super) enum Pattern {
    /// A malformed glob: matches nothing.
    Never(Box<str>),
    Literal(Box<str>),
    Glob(Box<str>),
    Regex(Arc<Expression>),
    Template(Template),
}

impl Pattern {
    /// Whether a field of the request matches.
    pub(super) fn holds(&self, subject: &str, context: &Context<'_>) -> Truth {
        match self.constant(subject) {
            Ok(truth) => truth,
            Err(template) => template.holds(subject, context),
        }
    }

    /// Whether one of these values of a label matches.
    pub(super) fn holds_for_any<'s>(
        &self,
        subjects: impl Iterator<Item = &'s str> + Clone,
        context: &Context<'_>,
    ) -> Truth {
        if let Self::Template(template) = self {
            return template.holds_for_any(&subjects, context);
        }
        let mut any = Truth::Fails;
        for subject in subjects {
            match self.constant(subject) {
                Ok(Truth::Holds) => return Truth::Holds,
                Ok(Truth::Undecided(reason)) => any = Truth::Undecided(reason),
                Ok(Truth::Fails) | Err(_) => {}
            }
        }
        any
    }

    /// How expensive it is to ask, roughly.
    pub(super) fn cost(&self) -> u8 {
        match self {
            Self::Never(_) => 0,
            Self::Literal(_) => 1,
            Self::Glob(_) => 3,
            Self::Regex(_) => 4,
            Self::Template(_) => 5,
        }
    }

    /// The answer, if it depends on nothing but the subject.
    pub(super) fn constant(&self, subject: &str) -> Result<Truth, &Template> {
        Ok(match self {
            Self::Never(_) => Truth::Fails,
            Self::Literal(text) => (**text == *subject).into(),
            Self::Glob(glob) => glob_matches(glob, subject).unwrap_or(false).into(),
            Self::Regex(regex) => match regex.is_match(subject) {
                Ok(matches) => matches.into(),
                Err(_) => Truth::Undecided(UndecidedReason::Regex),
            },
            Self::Template(template) => return Err(template),
        })
    }
}

/// As it is written.
impl fmt::Display for Pattern {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Never(text) | Self::Literal(text) | Self::Glob(text) => f.write_str(text),
            Self::Regex(regex) => write!(f, "/{}/", regex.text()),
            Self::Template(template) => f.write_str(&template.text),
        }
    }
}
