//! The file on the disk: opened without changing anything that is no store.

use std::fs::{File, OpenOptions, Permissions};
use std::io::{self, Read as _};
use std::os::unix::fs::{OpenOptionsExt as _, PermissionsExt as _};
use std::path::Path;

/// What a file of redb begins with.
const MAGIC: [u8; 9] = *b"redb\x1a\x0a\xa9\x0d\x0a";

/// What is under a name.
pub(super) enum Found {
    Nothing,
    /// A store, or an empty file that can become one; nobody else's to read.
    Store(File),
    /// Something else, which is left as it is.
    Foreign(&'static str),
}

/// Looks what is there. Of what is no store not even the permissions are changed.
pub(super) fn find(path: &Path) -> io::Result<Found> {
    // Also for writing: a pipe is opened at once then, and not when somebody else opens its other end.
    let mut file = match OpenOptions::new().read(true).write(true).open(path) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Found::Nothing),
        file => file?,
    };
    let metadata = file.metadata()?;
    if !metadata.is_file() {
        return Ok(Found::Foreign("not a file"));
    }
    let mut begin = Vec::new();
    file.by_ref().take(MAGIC.len() as u64).read_to_end(&mut begin)?;
    if !begin.is_empty() && begin != MAGIC {
        return Ok(Found::Foreign("something else stands in it"));
    }
    if metadata.permissions().mode() & 0o077 != 0 {
        tracing::warn!(file = %path.display(), "the token store was open to other users: it is private now");
        file.set_permissions(Permissions::from_mode(0o600))?;
    }
    Ok(Found::Store(file))
}

/// Makes the file, nobody else's to read. It must not be there, also not as a link to nothing.
pub(super) fn make(path: &Path) -> io::Result<File> {
    let file = OpenOptions::new().read(true).write(true).create_new(true).mode(0o600).open(path)?;
    tracing::info!(file = %path.display(), "there was no token store: made an empty one");
    Ok(file)
}
