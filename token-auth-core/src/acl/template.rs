//! Patterns with placeholders.

use super::field::Field;
use super::groups::Group;
use crate::{AccessRequest, LabelValue, Origin};

/// What begins the placeholder for a label.
const LABEL: &str = "${labels:";

/// The labels that a pattern may have placeholders for, each once.
pub(super) fn labels(pattern: &str) -> Vec<Box<str>> {
    let mut labels: Vec<Box<str>> = Vec::new();
    for (at, _) in pattern.match_indices(LABEL) {
        if let Some(label) = pattern.get(at..).and_then(label)
            && !labels.iter().any(|have| **have == *label)
        {
            labels.push(label.into());
        }
    }
    labels
}

/// Whether anything in the pattern can be filled in, labels not counted.
pub(super) fn has_values(pattern: &str, groups: &[Group]) -> bool {
    Field::ALL.iter().any(|field| pattern.contains(field.placeholder()))
        || groups.iter().any(|group| pattern.contains(&*group.placeholder))
}

/// The label whose placeholder the text begins with.
fn label(text: &str) -> Option<&str> {
    text.strip_prefix(LABEL)?.split_once('}').map(|(label, _)| label)
}

/// What placeholders stand for.
pub(super) struct Values<'v> {
    pub(super) request: &'v AccessRequest<'v>,
    /// Placeholders of groups that captured something, and what.
    pub(super) groups: &'v [(&'v str, &'v str)],
    /// One value for each label whose placeholders are to be filled in.
    pub(super) labels: &'v [(&'v str, &'v LabelValue)],
}

/// Something to be inserted.
enum Value<'v> {
    /// Stands for itself.
    Literal(&'v str),
    /// A piece of pattern.
    Pattern(&'v str),
}

impl<'v> Values<'v> {
    /// The value of the placeholder that the text begins with, and the placeholder's length.
    fn first(&self, text: &str) -> Option<(usize, Value<'v>)> {
        for field in Field::ALL {
            if text.starts_with(field.placeholder()) {
                return Some((field.placeholder().len(), Value::Literal(field.of(self.request))));
            }
        }
        for (placeholder, captured) in self.groups {
            if text.starts_with(placeholder) {
                return Some((placeholder.len(), Value::Literal(captured)));
            }
        }
        let name = label(text)?;
        let (_, value) = self.labels.iter().find(|(label, _)| *label == name)?;
        let length = LABEL.len() + name.len() + 1;
        Some(match value.origin() {
            Origin::Administrator => (length, Value::Pattern(value.as_str())),
            Origin::Directory => (length, Value::Literal(value.as_str())),
        })
    }
}

/// A pattern with its placeholders filled in. A placeholder without a value stays as it is.
pub(super) struct Filled {
    text: String,
    /// Whether the first and the last character are a piece of pattern, and not of a literal value.
    opens: bool,
    closes: bool,
}

/// The filled-in pattern would be longer than the limit.
pub(super) struct TooLong;

impl Filled {
    /// Fills in the placeholders from left to right. What is inserted is not searched for more.
    pub(super) fn new(pattern: &str, values: &Values<'_>, limit: usize) -> Result<Self, TooLong> {
        let mut filled = Self { text: String::with_capacity(pattern.len() + 32), opens: true, closes: true };
        let mut rest = pattern;
        while let Some((before, after)) = rest.split_once("${") {
            filled.pattern(before);
            let (_, here) = rest.split_at(before.len());
            rest = match values.first(here) {
                Some((length, value)) => {
                    match value {
                        Value::Literal(text) => filled.literal(text),
                        Value::Pattern(text) => filled.pattern(text),
                    }
                    here.get(length..).unwrap_or_default()
                }
                None => {
                    filled.pattern("${");
                    after
                }
            };
            if filled.text.len() > limit {
                return Err(TooLong);
            }
        }
        filled.pattern(rest);
        if filled.text.len() > limit { Err(TooLong) } else { Ok(filled) }
    }

    pub(super) fn text(&self) -> &str {
        &self.text
    }

    /// The regular expression between the slashes, if it is one. Slashes that a literal value brought do not count.
    pub(super) fn expression(&self) -> Option<&str> {
        crate::pattern::expression(&self.text).filter(|_| self.opens && self.closes)
    }

    fn pattern(&mut self, text: &str) {
        self.note(text, true);
        self.text.push_str(text);
    }

    fn literal(&mut self, text: &str) {
        self.note(text, false);
        for char in text.chars() {
            if matches!(
                char,
                '\\' | '.' | '+' | '*' | '?' | '(' | ')' | '|' | '[' | ']' | '{' | '}' | '^' | '$'
            ) {
                self.text.push('\\');
            }
            self.text.push(char);
        }
    }

    fn note(&mut self, text: &str, pattern: bool) {
        if !text.is_empty() {
            self.opens = if self.text.is_empty() { pattern } else { self.opens };
            self.closes = pattern;
        }
    }
}
