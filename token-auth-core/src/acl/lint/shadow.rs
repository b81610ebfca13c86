//! Rules that never decide, because an earlier one always does.

use super::witness::Witness;
use super::{LintCode, Report};
use crate::acl::Acl;
use crate::acl::compiled::{CompiledRule, Test};
use crate::acl::error::RuleName;
use crate::acl::matching::Truth;
use crate::acl::pattern::Pattern;
use crate::acl::{GoRegex, GoRegexLimits};

/// How many earlier rules are compared with one: an honest list has few that apply to the same request.
const MOST: usize = 64;

/// An earlier rule that always decides also decides a request made up for this one; so only those that do are compared.
pub(super) fn examine(acl: &Acl, report: &mut Report<'_>) {
    let Some(witness) = Witness::new(acl, report.rule) else { return };
    let earlier = witness.candidates(acl, MOST).into_iter().take_while(|index| *index < report.index);
    let mut earlier = earlier.filter_map(|index| Some((index, acl.rules.get(index)?)));
    let shadow = earlier.find(|(_, rule)| witness.satisfies(acl, rule) && covers(rule, report.rule));
    if let Some((index, rule)) = shadow {
        let name = RuleName { rule: index, line: rule.line };
        report.add(
            LintCode::ShadowedRule,
            None,
            format!("this rule never decides: {name} applies wherever it does, and comes first"),
            format!("put it before {name}, or remove it"),
        );
    }
}

/// Whether the rule certainly applies wherever the other does.
fn covers(rule: &CompiledRule, other: &CompiledRule) -> bool {
    rule.tests.iter().all(|test| {
        let same = other.tests.iter().find(|with| with.condition() == test.condition());
        match (test, same) {
            (Test::Address(network), Some(Test::Address(with))) => network.contains_all(*with),
            (Test::Field(_, pattern), None) => is_everything(pattern),
            (Test::Field(_, pattern) | Test::Label(_, pattern), Some(with)) => {
                with.pattern().is_some_and(|with| includes(pattern, with, same_groups(rule, other, pattern)))
            }
            _ => false,
        }
    })
}

/// Whether the placeholders for groups in the pattern, if there are any, stand for the same in both rules.
fn same_groups(rule: &CompiledRule, other: &CompiledRule, pattern: &Pattern) -> bool {
    let text = pattern.to_string();
    let uses = |rule: &CompiledRule| rule.groups.iter().any(|group| text.contains(&*group.placeholder));
    let fields = |rule: &CompiledRule| -> Vec<_> {
        let fields = rule.tests.iter().filter(|test| matches!(test, Test::Field(..)));
        let mut fields: Vec<_> = fields
            .map(|test| (test.condition().to_string(), test.pattern().map(ToString::to_string)))
            .collect();
        fields.sort();
        fields
    };
    !(uses(rule) || uses(other)) || fields(rule) == fields(other)
}

/// Whether the pattern certainly matches whatever the other one matches.
fn includes(pattern: &Pattern, other: &Pattern, same_groups: bool) -> bool {
    if pattern.to_string() == other.to_string() {
        return same_groups;
    }
    if is_everything(pattern) {
        return true;
    }
    match (pattern, other) {
        (_, Pattern::Literal(text)) => pattern.constant(text).is_ok_and(|truth| truth == Truth::Holds),
        (Pattern::Glob(glob), Pattern::Glob(other)) => prefix_includes(glob, other),
        // Without anchors, what matches a part matches the whole.
        (Pattern::Regex(regex), _) => {
            let free = GoRegex::read(regex.text(), GoRegexLimits::default())
                .is_ok_and(|hir| hir.properties().look_set().is_empty());
            free && part(other).is_some_and(|part| regex.is_match(&part).unwrap_or(false))
        }
        _ => false,
    }
}

/// Whether a pattern matches every text: a regular expression without anchors that matches the empty one.
fn is_everything(pattern: &Pattern) -> bool {
    let Pattern::Regex(regex) = pattern else { return false };
    GoRegex::read(regex.text(), GoRegexLimits::default())
        .is_ok_and(|hir| hir.properties().look_set().is_empty() && hir.properties().minimum_len() == Some(0))
}

/// `team-*` includes `team-a-*`, but not `team-a/*`.
fn prefix_includes(glob: &str, other: &str) -> bool {
    let Some(literal) = glob.strip_suffix('*') else { return false };
    let special = ['*', '?', '[', '\\'];
    let rest = other.strip_prefix(literal);
    !literal.contains(special) && rest.is_some_and(|rest| !rest.contains(['/', '[', '\\']))
}

/// A text that everything contains that the pattern matches.
fn part(pattern: &Pattern) -> Option<String> {
    match pattern {
        Pattern::Glob(glob) if !glob.contains(['[', '\\']) => glob
            .split(['*', '?'])
            .max_by_key(|run| run.len())
            .filter(|run| !run.is_empty())
            .map(str::to_owned),
        Pattern::Regex(regex) => {
            let hir = GoRegex::read(regex.text(), GoRegexLimits::default()).ok()?;
            crate::acl::index::longest_literal(&hir)
        }
        Pattern::Literal(_) | Pattern::Never(_) | Pattern::Glob(_) | Pattern::Template(_) => None,
    }
}
