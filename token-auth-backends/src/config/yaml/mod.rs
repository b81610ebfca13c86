//! YAML to a tree that remembers where everything stood, within fixed budgets.

mod build;
mod entries;
mod json;
mod scalar;
#[cfg(test)]
mod tests;

use std::rc::Rc;

pub(super) use build::{Budget, parse};
pub(super) use scalar::Scalar;

/// A short text of ours as JSON.
pub(super) fn to_json(text: &str) -> serde_json::Value {
    let budget = Budget { bytes: 4096, nodes: 1024, depth: 16 };
    parse(text, budget).0.map(|node| node.to_json()).unwrap_or_default()
}

/// A place in the text, both counted from 1.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Position {
    pub(super) line: usize,
    pub(super) column: usize,
}

/// Something wrong with the text itself. Shows nothing of what it contains but keys.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Problem {
    pub(super) position: Position,
    pub(super) message: String,
}

impl Problem {
    fn new(position: Position, message: impl Into<String>) -> Self {
        Self { position, message: message.into() }
    }
}

/// A node, shared by all aliases of it.
///
/// No `Debug`: the tree holds what must not be printed.
pub(super) struct Node {
    pub(super) position: Position,
    pub(super) value: Value,
    /// Nodes in it, those behind aliases counted every time.
    size: usize,
    /// Levels of nesting in it.
    height: usize,
}

pub(super) enum Value {
    Scalar(Scalar),
    Sequence(Vec<Rc<Node>>),
    /// Every key once, in the order of the text; merge keys are applied.
    Mapping(Vec<(Key, Rc<Node>)>),
}

#[derive(Clone)]
pub(super) struct Key {
    pub(super) text: String,
    pub(super) position: Position,
}
