//! `${account:1}`: what a group of this rule's own regular expression captured.

use std::sync::Arc;

use super::Match;
use super::expression::Expression;
use super::field::Field;
use crate::AccessRequest;

/// A placeholder for a captured group, where a rule uses one that can be filled in.
#[derive(Clone, Debug)]
pub(super) struct Group {
    /// The placeholder as written: `${account:01}` is not `${account:1}`, though it means the same.
    pub(super) placeholder: Box<str>,
    pub(super) regex: Arc<Expression>,
    field: Field,
    index: usize,
}

impl Group {
    /// Whether the expression has as many groups.
    pub(super) fn exists(&self) -> bool {
        self.regex.has_group(self.index)
    }

    /// What the group captured; nothing if the expression does not match, or has no such group.
    pub(super) fn capture<'a>(&self, request: &AccessRequest<'a>) -> Option<&'a str> {
        self.regex.group(self.field.of(request), self.index)
    }
}

/// The placeholders for groups in the conditions of a rule, each once. A field's expression is the one that is written
/// there, before anything is filled in.
///
/// As in docker_auth, a placeholder counts if it is found in one of the four fields, and is then filled in wherever it
/// occurs in the rule, labels included.
pub(super) fn groups(
    conditions: &Match,
    mut compile: impl FnMut(Field, &str) -> Option<Arc<Expression>>,
) -> Box<[Group]> {
    let mut groups: Vec<Group> = Vec::new();
    for pattern in Field::ALL.into_iter().filter_map(|field| written(conditions, field)) {
        for Reference { placeholder, field, index } in references(pattern) {
            let Some(field) = Field::of_group(field) else { continue };
            if index == 0 || groups.iter().any(|group| *group.placeholder == *placeholder) {
                continue;
            }
            let Some(expression) = written(conditions, field).and_then(crate::pattern::expression) else {
                continue;
            };
            if let Some(regex) = compile(field, expression) {
                groups.push(Group { placeholder: placeholder.into(), regex, field, index });
            }
        }
    }
    groups.into()
}

/// The pattern of a field, as written.
pub(super) fn written(conditions: &Match, field: Field) -> Option<&str> {
    match field {
        Field::Account => conditions.account.as_deref(),
        Field::Type => conditions.resource_type.as_deref(),
        Field::Name => conditions.name.as_deref(),
        Field::Service => conditions.service.as_deref(),
    }
}

struct Reference<'p> {
    placeholder: &'p str,
    field: &'p str,
    index: usize,
}

/// What docker_auth's search for `\$\{(.+?):(\d+)\}` finds. It begins at the first `${` of a line from which a `:1}` can be
/// reached at all, so that in `${account}/${account:1}` it finds the whole, which names no field.
fn references(pattern: &str) -> impl Iterator<Item = Reference<'_>> {
    let mut rest = pattern;
    std::iter::from_fn(move || {
        loop {
            let (_, after) = rest.split_once("${")?;
            let line = after.split('\n').next().unwrap_or_default();
            let Some((field, digits)) = reference(line) else {
                rest = after;
                continue;
            };
            let from = rest.len() - after.len() - 2;
            let to = rest.len() - after.len() + field.len() + 1 + digits.len() + 1;
            let placeholder = rest.get(from..to)?;
            rest = rest.get(to..)?;
            let index = digits.parse().unwrap_or(usize::MAX);
            return Some(Reference { placeholder, field, index });
        }
    })
}

/// The shortest text, of at least one character, that `:`, digits and `}` follow.
fn reference(line: &str) -> Option<(&str, &str)> {
    line.match_indices(':').find_map(|(at, _)| {
        let (field, after) = (line.get(..at)?, line.get(at + 1..)?);
        let (digits, _) = after.split_once('}')?;
        let numeric = !digits.is_empty() && digits.bytes().all(|byte| byte.is_ascii_digit());
        (numeric && !field.is_empty()).then_some((field, digits))
    })
}
