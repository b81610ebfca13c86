//! What repositories can be called (OCI distribution specification 1.1, section "Pulling manifests").

use regex_syntax::hir::{Class, Hir, HirKind};

use crate::acl::{GoRegex, GoRegexLimits};

/// What names are made of.
const NAMES: &str = "-./0123456789_abcdefghijklmnopqrstuvwxyz";

/// Whether a repository can be called so: parts of lower-case letters and digits, with `.`, `_`, `__` or hyphens between them, and
/// slashes between the parts.
pub(super) fn is_name(text: &str) -> bool {
    text.split('/').all(is_part)
}

fn is_part(part: &str) -> bool {
    let is_word = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit();
    let (Some(first), Some(last)) = (part.bytes().next(), part.bytes().last()) else { return false };
    is_word(first)
        && is_word(last)
        && part.split(|char: char| char.is_ascii_lowercase() || char.is_ascii_digit()).all(|between| {
            matches!(between, "" | "." | "_" | "__") || between.bytes().all(|byte| byte == b'-')
        })
}

/// Whether a regular expression certainly matches no such name, since each of its matches has a character that none has. In doubt,
/// no.
pub(super) fn is_never_a_name(expression: &str) -> bool {
    GoRegex::read(expression, GoRegexLimits::default()).is_ok_and(|hir| !may_be_part(&hir))
}

fn may_be_part(hir: &Hir) -> bool {
    match hir.kind() {
        HirKind::Empty | HirKind::Look(_) => true,
        HirKind::Literal(literal) => literal.0.iter().all(|byte| NAMES.contains(char::from(*byte))),
        HirKind::Class(Class::Unicode(class)) => {
            let is_in = |char| class.iter().any(|range| (range.start()..=range.end()).contains(&char));
            NAMES.chars().any(is_in)
        }
        HirKind::Class(Class::Bytes(class)) => {
            let is_in = |byte| class.iter().any(|range| (range.start()..=range.end()).contains(&byte));
            NAMES.bytes().any(is_in)
        }
        HirKind::Repetition(repetition) => repetition.min == 0 || may_be_part(&repetition.sub),
        HirKind::Capture(capture) => may_be_part(&capture.sub),
        HirKind::Concat(parts) => parts.iter().all(may_be_part),
        HirKind::Alternation(branches) => branches.iter().any(may_be_part),
    }
}
