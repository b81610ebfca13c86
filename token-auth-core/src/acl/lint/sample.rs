//! A text that a pattern matches, as a rule: whoever needs to be certain tries it.

use regex_syntax::hir::{Class, Hir, HirKind};

use crate::acl::{GoRegex, GoRegexLimits};
use crate::pattern::expression;

/// No sample is longer.
const LONGEST: usize = 1024;

pub(super) fn of(pattern: &str) -> Option<String> {
    match expression(pattern) {
        Some(expression) => of_expression(expression),
        None => of_glob(pattern),
    }
}

pub(super) fn of_expression(expression: &str) -> Option<String> {
    let hir = GoRegex::read(expression, GoRegexLimits::default()).ok()?;
    let mut text = String::new();
    append(&hir, &mut text).then_some(text)
}

/// Classes are not understood.
pub(super) fn of_glob(glob: &str) -> Option<String> {
    let mut text = String::with_capacity(glob.len());
    let mut chars = glob.chars();
    while let Some(char) = chars.next() {
        match char {
            '*' if text.ends_with('*') => {}
            '*' | '?' => text.push('a'),
            '[' => return None,
            '\\' => text.push(chars.next()?),
            _ => text.push(char),
        }
    }
    Some(text)
}

fn append(hir: &Hir, text: &mut String) -> bool {
    if text.len() > LONGEST {
        return false;
    }
    match hir.kind() {
        HirKind::Empty | HirKind::Look(_) => true,
        HirKind::Literal(literal) => match std::str::from_utf8(&literal.0) {
            Ok(literal) => {
                text.push_str(literal);
                true
            }
            Err(_) => false,
        },
        HirKind::Class(Class::Unicode(class)) => {
            let within = |char: char| class.iter().any(|range| range.start() <= char && char <= range.end());
            let usual = ['a', '0', '-', 'A'].into_iter().find(|char| within(*char));
            match usual.or_else(|| class.iter().next().map(|range| range.start())) {
                Some(char) => {
                    text.push(char);
                    true
                }
                None => false,
            }
        }
        HirKind::Class(Class::Bytes(_)) => false,
        HirKind::Repetition(repetition) => {
            let once = u32::from(repetition.max != Some(0));
            (0..repetition.min.max(once)).all(|_| append(&repetition.sub, text))
        }
        HirKind::Capture(capture) => append(&capture.sub, text),
        HirKind::Concat(parts) => parts.iter().all(|part| append(part, text)),
        HirKind::Alternation(branches) => {
            let before = text.len();
            branches.iter().any(|branch| {
                text.truncate(before);
                append(branch, text)
            })
        }
    }
}
