//! What there is to say of one condition.

use super::{LintCode, LintContext, Report, Said, expression, glob, placeholder, quoted, subject};
use crate::acl::compiled::{CompiledRule, Test};
use crate::acl::field::Field;
use crate::pattern;

pub(super) fn examine(test: &Test, rule: &CompiledRule, context: &LintContext, report: &mut Report<'_>) {
    let Some(pattern) = test.pattern() else { return };
    let (condition, text) = (test.condition(), pattern.to_string());
    let mut said = placeholder::examine(&text, matches!(test, Test::Field(..)), rule, context);
    if let (Test::Label(label, _), Some(known)) = (test, &context.labels)
        && !known.contains(&**label)
    {
        let known = if known.is_empty() { "none".to_owned() } else { quoted(known) };
        let why = format!("the label {label:?} is supplied by no source of identities: they supply {known}");
        let instead = format!("give users the label {label:?}, or write one that there is");
        said.push(Said::never(LintCode::UnknownLabel, why, instead));
    }
    said.extend(match pattern::expression(&text) {
        // `repository(plugin)`
        None if matches!(test, Test::Field(Field::Type, _)) && subject::TYPES.contains(&&*text) => None,
        Some(expression) => expression::unanchored(expression, &condition)
            .map(|(why, instead)| Said::new(LintCode::UnanchoredRegex, why, instead)),
        None => {
            glob::examine(&text, matches!(test, Test::Field(Field::Name, _)) && subject::of_repository(rule))
        }
    });
    // Of what never matches one reason is enough.
    if said.iter().all(|said| !said.never) {
        said.extend(subject::examine(&condition, pattern, rule, context));
    }
    for Said { code, why, instead, never } in said {
        if never {
            report.never.get_or_insert_with(|| condition.clone());
        }
        report.add(code, Some(condition.clone()), format!("in {text:?}, {why}"), instead);
    }
}
