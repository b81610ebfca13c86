//! Groups in a regular expression, and their flags.

use regex_syntax::hir::Hir;

/// A piece of the expression, with what the limits need to know of it.
pub(super) struct Item {
    pub(super) hir: Hir,
    /// How deep groups and repetitions lie within each other here.
    pub(super) height: u32,
    /// The product of the counts of repetitions within each other here.
    pub(super) copies: u32,
}

impl Item {
    pub(super) fn leaf(hir: Hir) -> Self {
        Self { hir, height: 0, copies: 1 }
    }
}

/// A group that is being read: the alternatives before the last `|`, and what stands after it.
#[derive(Default)]
pub(super) struct Group {
    pub(super) branches: Vec<Item>,
    pub(super) items: Vec<Item>,
    /// Its number, if it captures.
    pub(super) capture: Option<u32>,
    /// The flags before it, which hold again after it.
    pub(super) flags: Flags,
}

impl Group {
    pub(super) fn end_branch(&mut self) {
        let items = std::mem::take(&mut self.items);
        self.branches.push(joined(items, Hir::concat));
    }

    pub(super) fn finish(mut self) -> Item {
        self.end_branch();
        joined(self.branches, Hir::alternation)
    }
}

fn joined(items: Vec<Item>, join: impl FnOnce(Vec<Hir>) -> Hir) -> Item {
    let height = items.iter().map(|item| item.height).max().unwrap_or(0);
    let copies = items.iter().map(|item| item.copies).max().unwrap_or(1);
    Item { hir: join(items.into_iter().map(|item| item.hir).collect()), height, copies }
}

/// The flags that hold at a place of a pattern.
#[derive(Clone, Copy, Default)]
pub(super) struct Flags {
    /// `i`
    pub(super) fold: bool,
    /// `m`
    pub(super) lines: bool,
    /// `s`
    pub(super) dot_newline: bool,
    /// `U`
    pub(super) lazy: bool,
}
