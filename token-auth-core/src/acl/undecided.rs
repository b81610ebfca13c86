//! Conditions that a limit kept from being decided.

use std::fmt;

use super::Condition;
use super::error::RuleName;

/// A condition that a limit kept from being decided, for the log.
///
/// Nothing is granted in the doubt: what decides in place of the rule may not grant more than the rule would have.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Undecided {
    /// The rule; the first is 0. Messages count from 1.
    pub rule: usize,
    /// Where the rule is written, if that is known.
    pub line: Option<u32>,
    /// Which of its conditions.
    pub condition: Condition,
    /// Why.
    pub reason: UndecidedReason,
}

impl fmt::Display for Undecided {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        RuleName { rule: self.rule, line: self.line }.fmt(f)?;
        write!(f, ": {} could not be decided: {}", self.condition, self.reason)
    }
}

/// Which of the [`AclLimits`](super::AclLimits) kept a condition from being decided.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, thiserror::Error)]
#[non_exhaustive]
pub enum UndecidedReason {
    /// There are more combinations of label values than [`AclLimits::combinations`](super::AclLimits::combinations).
    #[error("too many combinations of label values")]
    Combinations,
    /// With its placeholders filled in, the pattern is longer than [`AclLimits::pattern`](super::AclLimits::pattern).
    #[error("pattern too long with its placeholders filled in")]
    Length,
    /// With its placeholders filled in, the regular expression exceeds [`AclLimits::regex`](super::AclLimits::regex).
    #[error("regular expression too large with its placeholders filled in")]
    Regex,
}
