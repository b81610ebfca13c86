//! What a text must begin with, or contain, for a regular expression to match it.

use regex_syntax::hir::literal::{ExtractKind, Extractor, Seq};
use regex_syntax::hir::{Hir, HirKind, Look};

use super::key::{Key, Path};

/// Alternatives that one expression is filed under.
const MANY: usize = 16;

/// Each of these is enough to find what the expression matches: the text has at least one of its keys.
#[derive(Clone, Debug)]
pub(in super::super) struct ExpressionKeys(pub(super) Vec<Vec<Key>>);

/// The ways to find what the expression matches: in each, the text has at least one of the keys.
pub(in super::super) fn expression_keys(hir: &Hir) -> ExpressionKeys {
    let anchored = hir.properties().look_set_prefix().contains(Look::Start);
    let inside = |literal: &[u8]| (!literal.is_empty()).then(|| Key::Inside(literal.into()));
    let prefix = |literal: &[u8]| Path::prefix(literal).map(Key::Path);
    let mut ways = Vec::new();
    let beginning = literals(hir, ExtractKind::Prefix);
    ways.extend(if anchored { keys(&beginning, prefix) } else { keys(&beginning, inside) });
    ways.extend(keys(&literals(hir, ExtractKind::Suffix), inside));
    ways.extend(longest(hir).map(|literal| vec![Key::Inside(literal.into())]));
    ExpressionKeys(ways)
}

fn literals(hir: &Hir, kind: ExtractKind) -> Seq {
    let mut extractor = Extractor::new();
    extractor.kind(kind).limit_class(8).limit_repeat(8).limit_literal_len(64).limit_total(MANY);
    extractor.extract(hir)
}

/// A key for each literal, unless one of them says nothing.
fn keys(literals: &Seq, key: impl Fn(&[u8]) -> Option<Key>) -> Option<Vec<Key>> {
    let mut keys: Vec<Key> = Vec::new();
    for literal in literals.literals()? {
        let key = key(literal.as_bytes())?;
        if !keys.contains(&key) {
            keys.push(key);
        }
    }
    (keys.len() <= MANY).then_some(keys)
}

/// The longest literal that every match contains.
pub(in super::super) fn longest_literal(hir: &Hir) -> Option<String> {
    String::from_utf8(longest(hir)?.to_vec()).ok()
}

fn longest(hir: &Hir) -> Option<&[u8]> {
    match hir.kind() {
        HirKind::Literal(literal) => Some(&literal.0),
        HirKind::Capture(capture) => longest(&capture.sub),
        HirKind::Concat(parts) => parts.iter().filter_map(longest).max_by_key(|literal| literal.len()),
        HirKind::Repetition(repetition) if repetition.min > 0 => longest(&repetition.sub),
        _ => None,
    }
}
