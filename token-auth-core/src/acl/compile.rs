//! Rules as they are written into rules as they are evaluated.

use std::sync::Arc;

use super::compiled::{CompiledRule, Granted, Test};
use super::error::{Condition, RuleError, RuleErrorKind, RuleName};
use super::field::Field;
use super::glob::{check_glob, literal};
use super::groups::{Group, groups, written};
use super::matching::Template;
use super::network::Network;
use super::pattern::{Pattern, expression};
use super::{AclLimits, GoRegex, Rule, template};

/// How rules are to be compiled.
pub(super) struct Compiler<'o> {
    pub(super) acl: &'o str,
    pub(super) limits: &'o AclLimits,
    /// Whether a malformed glob matches nothing, and is no error.
    pub(super) lenient: bool,
    pub(super) errors: Vec<RuleError>,
}

impl Compiler<'_> {
    /// Compiles a rule; what is wrong with it is added to the errors.
    pub(super) fn rule(&mut self, index: usize, rule: &Rule) -> CompiledRule {
        let conditions = &rule.conditions;
        let mut fail = |condition, text: &str, kind| {
            self.errors.push(RuleError { rule: index, line: rule.line, condition, text: text.into(), kind });
        };
        let with_groups =
            |expression: &str| GoRegex::with_limits(expression, self.limits.regex).ok().map(Arc::new);
        let mut expressions = [const { None }; Field::ALL.len()];
        let groups = groups(conditions, |field, expression| {
            expressions.get_mut(field as usize)?.get_or_insert_with(|| with_groups(expression)).clone()
        });
        let patterns = Patterns { limits: self.limits, lenient: self.lenient, groups: &groups };
        let mut tests = Vec::new();
        for (field, compiled) in Field::ALL.into_iter().zip(expressions) {
            let Some(text) = written(conditions, field) else { continue };
            match patterns.compile(text, true, compiled.flatten()) {
                Ok(pattern) => tests.push(Test::Field(field, pattern)),
                Err(kind) => fail(field.condition(), text, kind),
            }
        }
        if let Some(text) = &conditions.ip {
            match Network::parse(text) {
                Some(network) => tests.push(Test::Address(network)),
                None => fail(Condition::Ip, text, RuleErrorKind::Network),
            }
        }
        for (label, text) in &conditions.labels {
            match patterns.compile(text, false, None) {
                Ok(pattern) => tests.push(Test::Label(label.as_str().into(), pattern)),
                Err(kind) => fail(Condition::Label(label.as_str().into()), text, kind),
            }
        }
        tests.sort_by_key(Test::cost);
        CompiledRule {
            tests: tests.into(),
            groups,
            granted: match &*rule.actions {
                [all] if all == "*" => Granted::Everything,
                actions => Granted::Only(actions.iter().collect()),
            },
            line: rule.line,
            comment: rule.comment.as_deref().map(Into::into),
            decided_by: self.decided_by(index, rule),
        }
    }

    fn decided_by(&self, index: usize, rule: &Rule) -> Arc<str> {
        let name = RuleName { rule: index, line: rule.line };
        match rule.comment.as_deref() {
            None | Some("") => format!("{} {name}", self.acl).into(),
            Some(comment) => format!("{} {name}: {comment}", self.acl).into(),
        }
    }
}

struct Patterns<'o> {
    limits: &'o AclLimits,
    lenient: bool,
    groups: &'o [Group],
}

impl Patterns<'_> {
    /// Compiles the pattern of a field, or of a label, where `${labels:…}` has no meaning.
    fn compile(
        &self,
        text: &str,
        of_field: bool,
        compiled: Option<Arc<GoRegex>>,
    ) -> Result<Pattern, RuleErrorKind> {
        if text.len() > self.limits.pattern {
            return Err(RuleErrorKind::Length { limit: self.limits.pattern });
        }
        let labels = if of_field { template::labels(text) } else { Vec::new() };
        let template = !labels.is_empty() || template::has_values(text, self.groups);
        match expression(text) {
            // What is written has to be an expression even before placeholders are filled in.
            Some(expression) if template => {
                GoRegex::check(expression, self.limits.regex).map_err(RuleErrorKind::Regex)?;
            }
            Some(expression) => {
                let compile = || GoRegex::without_groups(expression, self.limits.regex).map(Arc::new);
                let regex = compiled.map_or_else(compile, Ok).map_err(RuleErrorKind::Regex)?;
                return Ok(Pattern::Regex(regex));
            }
            // The value of a label may be what completes a glob.
            None if !labels.is_empty() => {}
            None => match check_glob(text) {
                Err(_) if self.lenient && !template => return Ok(Pattern::Never),
                Err(error) if !self.lenient => return Err(RuleErrorKind::Glob(error)),
                _ if template => {}
                _ => {
                    return Ok(match literal(text) {
                        Some(literal) => Pattern::Literal(literal.into()),
                        None => Pattern::Glob(text.into()),
                    });
                }
            },
        }
        Ok(Pattern::Template(Template { text: text.into(), labels: labels.into() }))
    }
}
