//! Typed values out of the tree, every complaint collected with its line and key.

use std::cell::RefCell;
use std::sync::Arc;

use super::finding::{Finding, Spot};
use super::yaml::Position;

/// Collects what is found.
pub(super) struct Reader {
    file: Arc<str>,
    lenient: bool,
    errors: RefCell<Vec<Finding>>,
    warnings: RefCell<Vec<Finding>>,
}

impl Reader {
    pub(super) fn new(file: &str, lenient: bool) -> Self {
        let (errors, warnings) = (RefCell::default(), RefCell::default());
        Self { file: file.into(), lenient, errors, warnings }
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

    /// Errors, and warnings.
    pub(super) fn finish(self) -> (Vec<Finding>, Vec<Finding>) {
        (self.errors.into_inner(), self.warnings.into_inner())
    }
}
