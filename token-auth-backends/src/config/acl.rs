//! Reads the block `acl`, and says what is odd in it.

use token_auth_core::acl::{Acl, Condition, LintContext, Match, Rule, RuleError, Undecided};

use super::field::{self, Field};
use super::finding::{Finding, Spot};
use super::parts::Parts;
use super::section::Section;
use super::{AccountCase, Assembly, Config};
use crate::static_users::StaticUser;

pub(super) fn read(field: &Field<'_>, parts: &mut Parts) {
    if let Some(case) = parts.get::<AccountCase>() {
        let users = parts.get::<Vec<(String, StaticUser)>>();
        case.examine(field, |name| users.into_iter().flatten().any(|(user, _)| user == name));
    }
    if let Some(acl) = acl(field) {
        parts.insert(acl);
    }
}

pub(super) fn join(config: &mut Config, assembly: &mut Assembly) {
    if let Some(acl) = config.acl.take() {
        assembly.authorizer(acl);
    }
}

/// Every rule, compiled. `None` if one of them is wrong.
fn acl(acl: &Field<'_>) -> Option<Acl> {
    let items = acl.items()?;
    let read = items.iter().filter_map(|item| Some((item, rule(item)?)));
    let (items, rules): (Vec<_>, Vec<_>) = read.unzip();
    let undecided = |undecided: &Undecided| tracing::warn!(%undecided, "a rule could not be decided");
    let compiled = Acl::builder().on_undecided(undecided).build(rules);
    compiled.map_err(|errors| errors.errors().iter().for_each(|error| report(&items, error))).ok()
}

fn rule(item: &Field<'_>) -> Option<Rule> {
    let section = item.section()?;
    let given = |key, advice: &str| {
        let field = section.present(key).filter(|field| !field.is_null());
        if field.is_none() {
            section.missing(key, advice);
        }
        field
    };
    let conditions = given("match", "is required: write `match: {}` for a rule that is for everyone");
    let actions = given("actions", "is required: write `actions: []` for a rule that denies");
    let comment = section.get("comment").and_then(|field| field.text());
    let conditions = conditions.and_then(|field| Some(conditions_of(field.section()?)));
    let actions = actions.map(|field| field.texts());
    section.finish_strictly();
    let mut rule = Rule::new(conditions?, actions?);
    rule.comment = comment.map(str::to_owned);
    rule.line = u32::try_from(item.position().line).ok();
    Some(rule)
}

fn conditions_of(section: Section<'_>) -> Match {
    let mut conditions = Match::any();
    for (key, condition) in [
        ("account", &mut conditions.account),
        ("type", &mut conditions.resource_type),
        ("name", &mut conditions.name),
        ("service", &mut conditions.service),
        ("ip", &mut conditions.ip),
    ] {
        *condition = section.present(key).and_then(|field| pattern(&field));
    }
    for (label, field) in section.get("labels").and_then(|field| field.entries()).unwrap_or_default() {
        if let Some(pattern) = pattern(&field) {
            conditions.labels.insert(label.to_owned(), pattern);
        }
    }
    section.finish_strictly();
    conditions
}

/// docker_auth takes a condition without a value for one that is absent, and so the rule for one for everyone.
fn pattern(field: &Field<'_>) -> Option<String> {
    if field.is_null() {
        field.error("has no value: write \"\" for the empty one, or remove the condition");
        return None;
    }
    field.text().map(str::to_owned)
}

/// Says what is wrong with a condition, where it stands.
fn report(items: &[&Field<'_>], error: &RuleError) {
    let Some(item) = items.get(error.rule()) else { return };
    let conditions = item.section().and_then(|rule| rule.get("match")?.section());
    let find = |key| conditions.as_ref().and_then(|section| section.get(key));
    let field = match error.condition() {
        Condition::Account => find("account"),
        Condition::Type => find("type"),
        Condition::Name => find("name"),
        Condition::Service => find("service"),
        Condition::Ip => find("ip"),
        Condition::Label(label) => find("labels").and_then(|labels| {
            labels.entries()?.into_iter().find_map(|(name, field)| (*name == **label).then_some(field))
        }),
        _ => None,
    };
    field.as_ref().unwrap_or(item).error(format!("{:?}: {}", error.text(), error.kind()));
}

/// What in the rules is probably not meant.
pub(super) fn lint(acl: &Acl, surroundings: &LintContext, start: &Spot) -> Vec<Finding> {
    let findings = acl.lint(surroundings).into_iter().map(|finding| {
        let rule = format!("acl[{}]", finding.rule + 1);
        let key = match &finding.condition {
            None => rule,
            Some(Condition::Label(label)) => field::join(&format!("{rule}.match.labels"), label),
            Some(condition) => format!("{rule}.match.{condition}"),
        };
        let message = format!("{} ({}); {}", finding.why, finding.code, finding.instead);
        let is_error = finding.code.is_error();
        Finding::of_rule(start, finding.line.unwrap_or_default(), key, message, is_error)
    });
    findings.collect()
}
