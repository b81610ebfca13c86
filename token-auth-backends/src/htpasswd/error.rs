//! What is wrong with a password file or a group file, and where.

use std::fmt;
use std::io;
use std::path::PathBuf;

/// Why a password file or group file cannot be used. Names lines and users, never a hash.
#[derive(Debug)]
#[non_exhaustive]
pub enum HtpasswdError {
    /// The file cannot be read.
    Read {
        /// The file.
        file: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// Lines do not parse.
    Invalid {
        /// The file.
        file: PathBuf,
        /// Every line that does not parse.
        problems: Vec<LineProblem>,
    },
}

/// A line that does not parse.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct LineProblem {
    /// Which, counted from 1.
    pub line: usize,
    /// What is wrong with it.
    pub message: String,
}

impl LineProblem {
    pub(super) fn new(line: usize, message: impl Into<String>) -> Self {
        Self { line, message: message.into() }
    }
}

impl fmt::Display for HtpasswdError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Read { file, source } => write!(f, "{}: {source}", file.display()),
            Self::Invalid { file, problems } => {
                for (index, LineProblem { line, message }) in problems.iter().enumerate() {
                    let separator = if index == 0 { "" } else { "\n" };
                    write!(f, "{separator}{}:{line}: {message}", file.display())?;
                }
                Ok(())
            }
        }
    }
}

impl std::error::Error for HtpasswdError {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        match self {
            Self::Read { source, .. } => Some(source),
            Self::Invalid { .. } => None,
        }
    }
}
