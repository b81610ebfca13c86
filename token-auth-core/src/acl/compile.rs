//! Rules as they are written into rules as they are evaluated.

use std::collections::HashMap;
use std::rc::Rc;
use std::sync::Arc;

use super::compiled::{CompiledRule, Granted, Test};
use super::error::{Condition, RuleError, RuleErrorKind, RuleName};
use super::expression::Expression;
use super::field::Field;
use super::groups::{Group, groups, written};
use super::index::{Access, Bounds, ExpressionKeys, Subject, accesses, expression_keys};
use super::matching::Template;
use super::network::Network;
use super::pattern::Pattern;
use super::{AclLimits, GoRegex, GoRegexError, Rule, template};
use crate::pattern::{check_glob, expression, is_literal};

/// How rules are to be compiled, and what comes of it besides the rules.
pub(super) struct Compiler<'o> {
    acl: &'o str,
    limits: &'o AclLimits,
    /// Whether a malformed glob matches nothing, and is no error.
    lenient: bool,
    /// What was read already: many rules of a list have the same.
    expressions: HashMap<(Box<str>, bool), Known>,
    /// For each rule, the ways to find it.
    pub(super) ways: Vec<Vec<Access>>,
    pub(super) bounds: Bounds,
    pub(super) errors: Vec<RuleError>,
}

/// A regular expression without placeholders.
#[derive(Clone)]
struct Known {
    expression: Arc<Expression>,
    keys: Rc<ExpressionKeys>,
}

/// What a condition is compiled to.
struct Compiled {
    pattern: Pattern,
    keys: Option<Rc<ExpressionKeys>>,
    /// Bytes that a regular expression with placeholders takes at most before they are filled in.
    size: Option<usize>,
}

impl From<Pattern> for Compiled {
    fn from(pattern: Pattern) -> Self {
        Self { pattern, keys: None, size: None }
    }
}

impl<'o> Compiler<'o> {
    pub(super) fn new(acl: &'o str, limits: &'o AclLimits, lenient: bool) -> Self {
        let (expressions, ways, bounds, errors) = Default::default();
        Self { acl, limits, lenient, expressions, ways, bounds, errors }
    }

    /// Compiles a rule; what is wrong with it is added to the errors.
    pub(super) fn rule(&mut self, index: usize, rule: &Rule) -> CompiledRule {
        let conditions = &rule.conditions;
        let mut with_groups = [false; Field::ALL.len()];
        let groups = groups(conditions, |field, expression| {
            with_groups.get_mut(field as usize).into_iter().for_each(|with| *with = true);
            self.expression(expression, true).ok().map(|known| known.expression)
        });
        let fields = Field::ALL.into_iter().zip(with_groups).filter_map(|(field, groups)| {
            Some((Subject::Field(field), field.condition(), written(conditions, field)?, groups))
        });
        let labels = conditions.labels.iter().map(|(label, text)| {
            let label: Box<str> = label.as_str().into();
            (Subject::Label(label.clone()), Condition::Label(label), text.as_str(), false)
        });
        let (mut tests, mut ways, mut errors) = (Vec::new(), Vec::new(), Vec::new());
        let mut fail = |condition, text: &str, kind| {
            errors.push(RuleError { rule: index, line: rule.line, condition, text: text.into(), kind });
        };
        let patterns: Vec<_> = fields.chain(labels).collect();
        for (subject, condition, text, with_groups) in patterns {
            match self.pattern(text, matches!(subject, Subject::Field(_)), with_groups, &groups) {
                Ok(Compiled { pattern, keys, size }) => {
                    if let (Pattern::Template(template), Ok(rule)) = (&pattern, u32::try_from(index)) {
                        self.bounds.include(rule, template, size);
                    }
                    ways.extend(accesses(&subject, &pattern, keys.as_deref(), &groups));
                    tests.push(match subject {
                        Subject::Field(field) => Test::Field(field, pattern),
                        Subject::Label(label) => Test::Label(label, pattern),
                    });
                }
                Err(kind) => fail(condition, text, kind),
            }
        }
        if let Some(text) = &conditions.ip {
            match Network::parse(text) {
                Some(network) => {
                    ways.push(Access::network(network));
                    tests.push(Test::Address(network));
                }
                None => fail(Condition::Ip, text, RuleErrorKind::Network),
            }
        }
        self.errors.extend(errors);
        self.ways.push(ways);
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

    /// Compiles the pattern of a field, or of a label, where `${labels:…}` has no meaning.
    fn pattern(
        &mut self,
        text: &str,
        of_field: bool,
        with_groups: bool,
        groups: &[Group],
    ) -> Result<Compiled, RuleErrorKind> {
        if text.len() > self.limits.pattern {
            return Err(RuleErrorKind::Length { limit: self.limits.pattern });
        }
        let labels = if of_field { template::labels(text) } else { Vec::new() };
        let template = !labels.is_empty() || template::has_values(text, groups);
        let mut size = None;
        match expression(text) {
            // What is written has to be an expression even before placeholders are filled in.
            Some(expression) if template => {
                let hir = GoRegex::read(expression, self.limits.regex).map_err(RuleErrorKind::Regex)?;
                size = Some(GoRegex::largest(&hir));
            }
            Some(expression) => {
                let known = self.expression(expression, with_groups).map_err(RuleErrorKind::Regex)?;
                let Known { expression, keys } = known;
                return Ok(Compiled { pattern: Pattern::Regex(expression), keys: Some(keys), size });
            }
            // The value of a label may be what completes a glob.
            None if !labels.is_empty() => {}
            None => match check_glob(text) {
                Err(_) if self.lenient && !template => return Ok(Pattern::Never(text.into()).into()),
                Err(error) if !self.lenient => return Err(RuleErrorKind::Glob(error)),
                _ if template => {}
                _ => {
                    let pattern = if is_literal(text) { Pattern::Literal } else { Pattern::Glob };
                    return Ok(pattern(text.into()).into());
                }
            },
        }
        let template = Template { text: text.into(), labels: labels.into() };
        Ok(Compiled { pattern: Pattern::Template(template), keys: None, size })
    }

    fn expression(&mut self, text: &str, groups: bool) -> Result<Known, GoRegexError> {
        let key = (text.into(), groups);
        if let Some(known) = self.expressions.get(&key) {
            return Ok(known.clone());
        }
        let (expression, hir) = Expression::read(text, self.limits.regex, groups)?;
        let known = Known { expression: Arc::new(expression), keys: Rc::new(expression_keys(&hir)) };
        self.expressions.insert(key, known.clone());
        Ok(known)
    }

    fn decided_by(&self, index: usize, rule: &Rule) -> Arc<str> {
        let name = RuleName { rule: index, line: rule.line };
        match rule.comment.as_deref() {
            None | Some("") => format!("{} {name}", self.acl).into(),
            Some(comment) => format!("{} {name}: {comment}", self.acl).into(),
        }
    }
}
