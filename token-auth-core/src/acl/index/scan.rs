//! Patterns as they are written to keys: what the text must begin with, or contain.

use super::key::{Key, Path, Placeholder, Then};
use crate::acl::field::Field;
use crate::acl::groups::Group;

/// Placeholders that are followed within one path; what comes after them is not looked at.
const VALUES: usize = 3;

/// The keys of a glob, each of which is enough: the whole, or its beginning, and its longest other literal.
pub(super) fn glob(glob: &str) -> Vec<Key> {
    let mut runs = vec![String::new()];
    let mut chars = glob.chars();
    let mut wild = false;
    while let Some(char) = chars.next() {
        let literal = match char {
            '*' | '?' => {
                runs.push(String::new());
                wild = true;
                continue;
            }
            '[' => None,
            '\\' => chars.next(),
            _ => Some(char),
        };
        let (Some(literal), Some(run)) = (literal, runs.last_mut()) else {
            wild = true;
            break;
        };
        run.push(literal);
    }
    let mut runs = runs.into_iter();
    let first = runs.next().unwrap_or_default();
    if !wild {
        return vec![Key::Path(Path::whole(first.as_bytes()))];
    }
    let prefix = Path::prefix(first.as_bytes()).map(Key::Path);
    let longest = runs.max_by_key(String::len).filter(|run| !run.is_empty());
    prefix.into_iter().chain(longest.map(|run| Key::Inside(run.into_bytes().into()))).collect()
}

/// A pattern with placeholders, of a field or of a label.
#[derive(Clone, Copy)]
pub(super) struct Scan<'p> {
    pub(super) text: &'p str,
    pub(super) groups: &'p [Group],
    /// In the pattern of a label, `${labels:…}` is text.
    pub(super) of_field: bool,
}

/// What `${` begins.
enum Begun {
    Value(usize, Placeholder),
    Text,
    /// Something that may stand for anything.
    Unknown,
}

impl Scan<'_> {
    /// What the text must begin with if this is a glob.
    pub(super) fn glob(self) -> Option<Path> {
        let mut parts = Parts::default();
        let mut rest = self.text;
        while let Some(char) = rest.chars().next() {
            let (_, after) = rest.split_at(char.len_utf8());
            rest = match char {
                '*' | '?' | '[' => return parts.path(Then::Anything),
                '\\' => match after.chars().next() {
                    // A value after a backslash loses its first character to it.
                    Some(escaped) if !after.starts_with("${") => {
                        parts.push(escaped);
                        after.split_at(escaped.len_utf8()).1
                    }
                    _ => return parts.path(Then::Anything),
                },
                '$' if after.starts_with('{') => match self.begun(rest) {
                    Begun::Value(length, placeholder) if parts.room() => {
                        parts.value(placeholder);
                        rest.split_at(length).1
                    }
                    Begun::Text => {
                        parts.push(char);
                        after
                    }
                    Begun::Value(..) | Begun::Unknown => return parts.path(Then::Anything),
                },
                _ => {
                    parts.push(char);
                    after
                }
            };
        }
        parts.path(Then::End)
    }

    /// What the text must begin with if this is a regular expression. Only `^`, and then characters, escaped punctuation
    /// and placeholders, are understood.
    pub(super) fn expression(self) -> Option<Path> {
        let mut rest = self.text.strip_prefix('^')?;
        if !self.is_one_branch() {
            return None;
        }
        let mut parts = Parts::default();
        while let Some(char) = rest.chars().next() {
            let (_, after) = rest.split_at(char.len_utf8());
            rest = match char {
                '\\' => match after.chars().next().filter(char::is_ascii_punctuation) {
                    Some(escaped) if !after.starts_with("${") => {
                        parts.push(escaped);
                        after.split_at(escaped.len_utf8()).1
                    }
                    _ => break,
                },
                '$' if after.starts_with('{') => match self.begun(rest) {
                    Begun::Value(length, placeholder) if parts.room() => {
                        parts.value(placeholder);
                        rest.split_at(length).1
                    }
                    // Without a value, a quantifier after it would belong to what stands before it.
                    _ => {
                        parts.pop();
                        break;
                    }
                },
                '*' | '?' | '+' | '{' => {
                    parts.pop();
                    break;
                }
                '.' | '(' | ')' | '|' | '[' | ']' | '}' | '^' | '$' => break,
                _ => {
                    parts.push(char);
                    after
                }
            };
        }
        parts.path(Then::Anything)
    }

    /// Whether an expression is certainly one sequence, without alternatives outside of groups and without counted
    /// repetition, which would multiply what is inserted.
    fn is_one_branch(self) -> bool {
        let without_placeholders = self.text.replace("${", "");
        if self.text.contains(r"\Q") || without_placeholders.contains('{') {
            return false;
        }
        if !self.text.contains('|') {
            return true;
        }
        let (mut depth, mut escaped) = (0_usize, false);
        for char in self.text.chars() {
            match char {
                _ if escaped => escaped = false,
                '\\' => escaped = true,
                // What is inside of a class is not what it looks like.
                '[' => return false,
                '(' => depth += 1,
                ')' => depth = depth.saturating_sub(1),
                '|' if depth == 0 => return false,
                _ => {}
            }
        }
        true
    }

    fn begun(self, text: &str) -> Begun {
        for field in Field::ALL {
            if text.starts_with(field.placeholder()) {
                return Begun::Value(field.placeholder().len(), Placeholder::Field(field));
            }
        }
        if self.groups.iter().any(|group| text.starts_with(&*group.placeholder)) {
            return Begun::Unknown;
        }
        let Some(label) = text.strip_prefix("${labels:").and_then(|rest| rest.split_once('}')) else {
            return Begun::Text;
        };
        let (label, _) = label;
        let simple = |char: char| char.is_alphanumeric() || matches!(char, '_' | '-' | ':' | ' ');
        match (self.of_field, label.chars().all(simple)) {
            (_, false) => Begun::Unknown,
            (false, true) => Begun::Text,
            (true, true) => Begun::Value("${labels:}".len() + label.len(), Placeholder::Label(label.into())),
        }
    }
}

#[derive(Default)]
struct Parts {
    /// What stands before a placeholder, and the placeholder.
    before: Vec<(String, Placeholder)>,
    literal: String,
}

impl Parts {
    fn push(&mut self, char: char) {
        self.literal.push(char);
    }

    fn room(&self) -> bool {
        self.before.len() < VALUES
    }

    fn value(&mut self, placeholder: Placeholder) {
        self.before.push((std::mem::take(&mut self.literal), placeholder));
    }

    /// Takes away what a quantifier may belong to: the last character, and the values after it, which may be empty.
    fn pop(&mut self) {
        while self.literal.pop().is_none()
            && let Some((literal, _)) = self.before.pop()
        {
            self.literal = literal;
        }
    }

    fn path(self, then: Then) -> Option<Path> {
        if self.before.is_empty() && self.literal.is_empty() && then == Then::Anything {
            return None;
        }
        let last = Path { literal: self.literal.into_bytes().into(), then };
        Some(self.before.into_iter().rev().fold(last, |rest, (literal, placeholder)| Path {
            literal: literal.into_bytes().into(),
            then: Then::Value(placeholder, Box::new(rest)),
        }))
    }
}
