//! An upper bound of what an expression compiles to, without compiling it.

use regex_syntax::hir::{Class, Hir, HirKind};

/// Bytes of a state: itself, its transitions, and its share of what surrounds it.
pub(super) const STATE: usize = 96;

/// States that every expression has: its beginning, its end, and the way to its beginning from anywhere.
pub(super) const AROUND: usize = 32;

/// How many states there are at most.
pub(super) fn states(hir: &Hir) -> usize {
    /// A range of characters is at most so many sequences of ranges of bytes, each of at most four.
    const RANGE: usize = 4 * 7;
    match hir.kind() {
        HirKind::Empty | HirKind::Look(_) => 1,
        HirKind::Literal(literal) => literal.0.len(),
        HirKind::Class(Class::Unicode(class)) => class.ranges().len().saturating_mul(RANGE).saturating_add(2),
        HirKind::Class(Class::Bytes(class)) => class.ranges().len().saturating_add(2),
        HirKind::Capture(capture) => states(&capture.sub).saturating_add(2),
        HirKind::Repetition(repetition) => {
            let copies = repetition.max.unwrap_or(repetition.min.saturating_add(1)).max(1);
            let each = states(&repetition.sub).saturating_add(2);
            each.saturating_mul(usize::try_from(copies).unwrap_or(usize::MAX))
        }
        HirKind::Concat(parts) | HirKind::Alternation(parts) => {
            parts.iter().map(states).fold(2, usize::saturating_add)
        }
    }
}
