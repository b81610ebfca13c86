//! Typed values out of the tree, every complaint collected with its line and key.

use std::cell::RefCell;
use std::sync::Arc;

use super::block::Block;
use super::finding::{Finding, Spot};
use super::yaml::Position;

/// Collects what is found.
pub(super) struct Reader {
    file: Arc<str>,
    lenient: bool,
    blocks: Vec<&'static Block>,
    errors: RefCell<Vec<Finding>>,
    warnings: RefCell<Vec<Finding>>,
    notes: RefCell<Vec<Finding>>,
}

impl Reader {
    pub(super) fn new(file: &str, lenient: bool, blocks: Vec<&'static Block>) -> Self {
        let (errors, warnings, notes) = Default::default();
        Self { file: file.into(), lenient, blocks, errors, warnings, notes }
    }

    /// The blocks that a configuration may have.
    pub(super) fn blocks(&self) -> &[&'static Block] {
        &self.blocks
    }

    pub(super) fn lenient(&self) -> bool {
        self.lenient
    }

    pub(super) fn spot(&self, position: Position, key: &str) -> Spot {
        Spot::new(&self.file, position, key)
    }

    pub(super) fn error(&self, position: Position, key: &str, message: impl Into<String>) {
        self.errors.borrow_mut().push(self.spot(position, key).finding(message));
    }

    pub(super) fn warn(&self, position: Position, key: &str, message: impl Into<String>) {
        self.warnings.borrow_mut().push(self.spot(position, key).finding(message));
    }

    pub(super) fn note(&self, position: Position, key: &str, message: impl Into<String>) {
        self.notes.borrow_mut().push(self.spot(position, key).finding(message));
    }

    /// Errors, warnings and notes.
    pub(super) fn finish(self) -> [Vec<Finding>; 3] {
        [self.errors, self.warnings, self.notes].map(RefCell::into_inner)
    }
}
