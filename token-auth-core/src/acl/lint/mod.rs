//! What in a list of rules is probably not meant.

mod actions;
mod anonymous;
mod code;
mod denial;
mod expression;
mod glob;
mod pattern;
mod placeholder;
mod repository;
mod sample;
mod shadow;
mod subject;
#[cfg(test)]
mod tests;
mod witness;

use std::collections::BTreeSet;
use std::fmt;

use super::compiled::{CompiledRule, Test};
use super::error::RuleName;
use super::pattern::Pattern;
use super::{Acl, Condition};

pub use code::LintCode;

/// What is known of the surroundings of a list when it is [examined](Acl::lint).
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct LintContext {
    /// Whether requests without credentials are let in; nothing if that is not known.
    pub anonymous: Option<bool>,
    /// All labels that the identity sources can supply; nothing if that is not known.
    pub labels: Option<BTreeSet<String>>,
    /// The labels whose values are distinguished names, as those of `memberOf` are.
    pub dn_labels: BTreeSet<String>,
    /// All accounts that there are, without the anonymous one; nothing if that is not known.
    pub accounts: Option<BTreeSet<String>>,
    /// What the registries are called; nothing if that is not known.
    pub services: Option<BTreeSet<String>>,
}

/// Something in a list that is probably not what was meant.
///
/// Its `Display` is one line: `rule 3 (line 12): name "team/**": `**` is … (double-star); write …`.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct LintFinding {
    /// What kind of thing.
    pub code: LintCode,
    /// The rule; the first is 0. Messages count from 1.
    pub rule: usize,
    /// Where the rule is written, if that is known.
    pub line: Option<u32>,
    /// Which of its conditions; nothing if it is about the rule, or its actions.
    pub condition: Option<Condition>,
    /// Why.
    pub why: String,
    /// What to write instead.
    pub instead: String,
}

impl fmt::Display for LintFinding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        RuleName { rule: self.rule, line: self.line }.fmt(f)?;
        if let Some(condition) = &self.condition {
            write!(f, ": {condition}")?;
        }
        write!(f, ": {} ({}); {}", self.why, self.code, self.instead)
    }
}

impl Acl {
    /// Looks for what can be used but is probably not meant: see [`LintCode`]. The findings come in the order of the
    /// rules.
    ///
    /// ```
    /// use token_auth_core::acl::{Acl, LintCode, LintContext, Match, Rule};
    ///
    /// let acl = Acl::new([Rule::new(Match::any().account("alice").name("team/**"), ["pull"])])?;
    /// let findings = acl.lint(&LintContext::default());
    /// assert_eq!(findings[0].code, LintCode::DoubleStar);
    /// assert_eq!(
    ///     findings[0].to_string(),
    ///     "rule 1: name: in \"team/**\", `**` is the same as `*` and does not match `/` (double-star); \
    ///      write \"team/*\" for one level, \"/^team\\\\/.+$/\" for all below"
    /// );
    /// # Ok::<(), token_auth_core::acl::AclErrors>(())
    /// ```
    pub fn lint(&self, context: &LintContext) -> Vec<LintFinding> {
        let mut findings = Vec::new();
        for (index, rule) in self.rules.iter().enumerate() {
            let mut report = Report { rule, index, never: None, findings: &mut findings };
            for test in &rule.tests {
                pattern::examine(test, rule, context, &mut report);
            }
            actions::examine(&mut report);
            anonymous::examine(self, context, &mut report);
            denial::examine(&mut report);
            shadow::examine(self, &mut report);
        }
        findings
    }
}

/// Where the findings about one rule go.
struct Report<'r> {
    rule: &'r CompiledRule,
    index: usize,
    /// A condition that never holds.
    never: Option<Condition>,
    findings: &'r mut Vec<LintFinding>,
}

/// Something about a condition.
struct Said {
    code: LintCode,
    why: String,
    instead: String,
    /// Whether it keeps the condition from ever holding.
    never: bool,
}

impl Said {
    fn new(code: LintCode, why: String, instead: String) -> Self {
        Self { code, why, instead, never: false }
    }

    fn never(code: LintCode, why: String, instead: String) -> Self {
        Self { never: true, ..Self::new(code, why, instead) }
    }
}

fn quoted<'n>(names: impl IntoIterator<Item = &'n String>) -> String {
    names.into_iter().map(|name| format!("{name:?}")).collect::<Vec<_>>().join(", ")
}

impl Report<'_> {
    fn add(
        &mut self,
        code: LintCode,
        condition: Option<Condition>,
        why: impl Into<String>,
        instead: impl Into<String>,
    ) {
        let (rule, line) = (self.index, self.rule.line);
        let (why, instead) = (why.into(), instead.into());
        self.findings.push(LintFinding { code, rule, line, condition, why, instead });
    }
}

impl CompiledRule {
    /// The pattern of a condition, if the rule has it.
    fn pattern(&self, condition: &Condition) -> Option<&Pattern> {
        self.tests.iter().find(|test| test.condition() == *condition)?.pattern()
    }
}

impl Test {
    /// The pattern, unless it is an address.
    fn pattern(&self) -> Option<&Pattern> {
        match self {
            Self::Field(_, pattern) | Self::Label(_, pattern) => Some(pattern),
            Self::Address(_) => None,
        }
    }
}
