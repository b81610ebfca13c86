//! Why a model and a policy cannot be used.

use std::io;
use std::path::{Path, PathBuf};

/// Why a model and a policy cannot be used.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum CasbinError {
    /// A file cannot be read.
    #[error("{file}: {source}")]
    Read {
        /// The file.
        file: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// A file holds what is not understood, or means something else in Go than in Rust.
    #[error("{file}:{line}: {message}")]
    Invalid {
        /// The file.
        file: PathBuf,
        /// The line, counted from 1.
        line: usize,
        /// What is wrong with it.
        message: String,
    },
}

/// The same before it is known which file it is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Problem {
    pub(super) line: usize,
    pub(super) message: String,
}

impl Problem {
    pub(super) fn new(line: usize, message: impl Into<String>) -> Self {
        Self { line, message: message.into() }
    }

    pub(super) fn of(self, file: &Path) -> CasbinError {
        CasbinError::Invalid { file: file.to_owned(), line: self.line, message: self.message }
    }
}
