//! Whether a file is another one than before.

use std::fs::{self, Metadata};
use std::path::Path;
use std::time::SystemTime;

/// What tells that a file is another one than before.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct FileStamp {
    length: u64,
    modified: Option<SystemTime>,
    /// Device, inode, and time of the last change of the inode: what an atomic rename changes for certain.
    identity: [i64; 4],
}

impl FileStamp {
    /// `None` for a file that is not there.
    pub(crate) fn of(file: impl AsRef<Path>) -> Option<Self> {
        let metadata = fs::metadata(file).ok()?;
        let identity = identity(&metadata);
        Some(Self { length: metadata.len(), modified: metadata.modified().ok(), identity })
    }
}

#[cfg(unix)]
fn identity(metadata: &Metadata) -> [i64; 4] {
    use std::os::unix::fs::MetadataExt;
    [metadata.dev().cast_signed(), metadata.ino().cast_signed(), metadata.ctime(), metadata.ctime_nsec()]
}

#[cfg(not(unix))]
fn identity(_: &Metadata) -> [i64; 4] {
    [0; 4]
}
