//! What is wrong with a rule, and where.

use std::fmt;

use super::{GoRegexError, MalformedGlob};

/// The rules that cannot be used, all of them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AclErrors {
    errors: Vec<RuleError>,
}

impl AclErrors {
    pub(super) fn new(errors: Vec<RuleError>) -> Self {
        Self { errors }
    }

    /// What is wrong, in the order of the rules; at least one thing.
    pub fn errors(&self) -> &[RuleError] {
        &self.errors
    }
}

/// One line for each.
impl fmt::Display for AclErrors {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (at, error) in self.errors.iter().enumerate() {
            if at > 0 {
                f.write_str("\n")?;
            }
            error.fmt(f)?;
        }
        Ok(())
    }
}

impl std::error::Error for AclErrors {}

/// A condition of a rule that cannot be used.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RuleError {
    pub(super) rule: usize,
    pub(super) line: Option<u32>,
    pub(super) condition: Condition,
    pub(super) text: String,
    pub(super) kind: RuleErrorKind,
}

impl RuleError {
    /// The rule; the first is 0. Messages count from 1.
    pub fn rule(&self) -> usize {
        self.rule
    }

    /// Where the rule is written, if that is known.
    pub fn line(&self) -> Option<u32> {
        self.line
    }

    /// Which of its conditions.
    pub fn condition(&self) -> &Condition {
        &self.condition
    }

    /// What is written there.
    pub fn text(&self) -> &str {
        &self.text
    }

    /// What is wrong with it.
    pub fn kind(&self) -> &RuleErrorKind {
        &self.kind
    }
}

impl fmt::Display for RuleError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        RuleName { rule: self.rule, line: self.line }.fmt(f)?;
        write!(f, ": {} {:?}: {}", self.condition, self.text, self.kind)
    }
}

impl std::error::Error for RuleError {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        self.kind.source()
    }
}

/// What is wrong with a condition.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum RuleErrorKind {
    /// The glob is malformed. docker_auth would accept it, and it would never match.
    #[error("malformed glob: {0}")]
    Glob(MalformedGlob),
    /// The regular expression is not one in Go, or exceeds a limit.
    #[error("invalid regular expression: {0}")]
    Regex(GoRegexError),
    /// The address or network cannot be read.
    #[error("neither an address (10.0.0.1) nor a network (10.0.0.0/8)")]
    Network,
    /// The pattern is longer than the limit.
    #[error("longer than {limit} bytes; the limit is configurable")]
    Length {
        /// The limit, in bytes.
        limit: usize,
    },
}

/// A condition of a rule, named as it is written.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Condition {
    /// `account`
    Account,
    /// `type`
    Type,
    /// `name`
    Name,
    /// `service`
    Service,
    /// `ip`
    Ip,
    /// The label of that name in `labels`.
    Label(Box<str>),
}

impl fmt::Display for Condition {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Account => "account",
            Self::Type => "type",
            Self::Name => "name",
            Self::Service => "service",
            Self::Ip => "ip",
            Self::Label(label) => return write!(f, "label {label:?}"),
        })
    }
}

/// `rule 3 (line 12)`, counted from 1.
pub(super) struct RuleName {
    pub(super) rule: usize,
    pub(super) line: Option<u32>,
}

impl fmt::Display for RuleName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "rule {}", self.rule.saturating_add(1))?;
        self.line.map_or(Ok(()), |line| write!(f, " (line {line})"))
    }
}
