//! Placeholders that nothing is filled in for.

use super::{LintCode, LintContext, Said, quoted};
use crate::acl::compiled::CompiledRule;
use crate::acl::field::Field;

/// What there is to say of the placeholders of a pattern; `field` says whether it is one of a field, and not of a label.
pub(super) fn examine(pattern: &str, field: bool, rule: &CompiledRule, context: &LintContext) -> Vec<Said> {
    let mut said: Vec<Said> =
        all(pattern).filter_map(|inside| unfilled(inside, field, rule, context)).collect();
    said.extend(mistyped(pattern));
    if let Some(mark) =
        pattern.chars().find(|char| "\u{201c}\u{201d}\u{201e}\u{2018}\u{2019}\u{201a}".contains(*char))
    {
        let why = format!("{mark} is a character of the pattern, and no quotation mark");
        said.push(Said::never(LintCode::TypographicQuote, why, "write a straight one, or none".to_owned()));
    }
    said
}

/// Whether the text has a placeholder.
pub(super) fn any(text: &str) -> bool {
    all(text).next().is_some()
}

/// The text with this in the place of each placeholder.
pub(super) fn replaced(text: &str, with: &str) -> String {
    let mut replaced = String::with_capacity(text.len());
    let mut rest = text;
    while let Some((before, after)) = rest.split_once("${") {
        let Some((_, behind)) = after.split_once('}') else { break };
        replaced.push_str(before);
        replaced.push_str(with);
        rest = behind;
    }
    replaced + rest
}

/// What stands between `${` and `}`.
fn all(text: &str) -> impl Iterator<Item = &str> {
    text.split("${").skip(1).filter_map(|after| after.split_once('}').map(|(inside, _)| inside))
}

fn unfilled(inside: &str, field: bool, rule: &CompiledRule, context: &LintContext) -> Option<Said> {
    let written = format!("${{{inside}}}");
    let unknown =
        |why: &str, instead: String| Some(Said::never(LintCode::UnknownPlaceholder, why.to_owned(), instead));
    if Field::ALL.iter().any(|known| known.placeholder() == written) {
        return None;
    }
    if let Some(label) = inside.strip_prefix("labels:") {
        if !field {
            return unknown(
                &format!("`{written}` has no meaning in the pattern of a label"),
                "write the value, or put the label into `name`".to_owned(),
            );
        }
        let known = context.labels.as_ref().filter(|known| !known.contains(label))?;
        let known = match known.is_empty() {
            true => "no source of identities supplies any".to_owned(),
            false => format!("the sources of identities supply {}", quoted(known)),
        };
        return Some(Said::never(
            LintCode::UnknownLabel,
            format!("`{written}` is never filled in: {known}"),
            format!("give users the label {label:?}, or write one that there is"),
        ));
    }
    if let Some((name, _)) = inside.split_once(':').filter(|(name, _)| Field::of_group(name).is_some()) {
        let captures = rule.groups.iter().any(|group| *group.placeholder == *written && group.exists());
        if captures {
            return None;
        }
        return unknown(
            &format!(
                "`{written}` is never filled in: {name} of this rule is no regular expression with that group"
            ),
            format!("write a regular expression with a group for {name}, or `${{{name}}}`"),
        );
    }
    let lower = inside.trim().to_lowercase();
    let instead = match (
        Field::ALL.iter().find(|known| known.placeholder() == format!("${{{lower}}}")),
        lower.split_once(':'),
    ) {
        (Some(known), _) => format!("write `{}`", known.placeholder()),
        (None, Some(("label" | "labels", _))) => {
            let label = inside.split_once(':').map_or("", |(_, label)| label.trim());
            format!("write `${{labels:{label}}}`")
        }
        _ => "write `${account}`, `${type}`, `${name}`, `${service}` or `${labels:NAME}`".to_owned(),
    };
    unknown(&format!("there is no placeholder `{written}`: it stands for itself"), instead)
}

/// `{account}` and `$account`.
fn mistyped(pattern: &str) -> Option<Said> {
    const NAMES: [&str; 6] = ["account", "type", "name", "service", "labels:", "label:"];
    let plain = replaced(pattern, "");
    NAMES.iter().find_map(|name| {
        let closing = if name.ends_with(':') { "" } else { "}" };
        let braces = format!("{{{name}{closing}");
        let dollar = plain.match_indices(&format!("${name}")).any(|(at, found)| {
            let after = plain.get(at + found.len()..).and_then(|rest| rest.chars().next());
            !after.is_some_and(|char| char.is_alphanumeric() || char == '_')
        });
        (plain.contains(&braces) || dollar).then(|| {
            let meant = match name.strip_suffix(':') {
                Some(_) => "${labels:NAME}".to_owned(),
                None => format!("${{{name}}}"),
            };
            let why = "this looks like a placeholder and stands for itself".to_owned();
            Said::never(LintCode::UnknownPlaceholder, why, format!("write `{meant}`"))
        })
    })
}
