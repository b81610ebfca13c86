//! Whether the file under a name is still the one that was opened.

use std::fs::{self, Metadata};
use std::io;
use std::os::unix::fs::MetadataExt as _;
use std::path::{Path, PathBuf};

/// Device and inode: what a file keeps when it is renamed, and what no other file has while it is open.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct FileId(u64, u64);

impl FileId {
    pub(crate) fn of(metadata: &Metadata) -> Self {
        Self(metadata.dev(), metadata.ino())
    }

    /// Whether this file is the one under this name.
    pub(crate) fn check(self, path: &Path) -> Result<(), Moved> {
        match fs::metadata(path) {
            Ok(metadata) if Self::of(&metadata) == self => Ok(()),
            Ok(_) => Err(Moved::Replaced(path.to_owned())),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Err(Moved::Away(path.to_owned())),
            Err(source) => Err(Moved::Unknown { path: path.to_owned(), source }),
        }
    }
}

/// Why a file that is open is no longer the one that others would find.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Moved {
    #[error(
        "{0} was moved away while it was open: put it back, or restart the server to begin an empty store"
    )]
    Away(PathBuf),
    #[error("{0} is another file than the one that is open: restart the server to use it")]
    Replaced(PathBuf),
    #[error("{path}: {source}")]
    Unknown { path: PathBuf, source: io::Error },
}
