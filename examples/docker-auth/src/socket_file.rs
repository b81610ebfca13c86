//! A socket file that is ours, and the room for it.

use std::fs;
use std::io::ErrorKind;
use std::os::unix::fs::{FileTypeExt as _, MetadataExt as _};
use std::os::unix::net::UnixStream;
use std::path::{Path, PathBuf};

use anyhow::{Context as _, Result, bail};

/// The file of a socket that we listen on. Where this is dropped the file goes, unless another has taken its place.
#[derive(Debug)]
pub(crate) struct SocketFile {
    path: PathBuf,
    /// Device and inode.
    identity: Option<(u64, u64)>,
}

impl SocketFile {
    /// The file that was just bound.
    pub(crate) fn bound(path: &Path) -> Self {
        Self { path: path.to_owned(), identity: identity(path) }
    }

    pub(crate) fn path(&self) -> &Path {
        &self.path
    }

    /// Removes a socket that nobody answers on: what an earlier run has left behind. Anything else that is there stays.
    ///
    /// # Errors
    ///
    /// When somebody answers.
    pub(crate) fn make_room(path: &Path) -> Result<()> {
        let Ok(data) = fs::symlink_metadata(path) else { return Ok(()) };
        if !data.file_type().is_socket() {
            return Ok(());
        }
        match UnixStream::connect(path) {
            Err(error) if error.kind() == ErrorKind::NotFound => Ok(()),
            Err(error) if error.kind() == ErrorKind::ConnectionRefused => {
                if identity(path) == Some((data.dev(), data.ino())) {
                    fs::remove_file(path).with_context(|| format!("cannot remove {}", path.display()))?;
                }
                Ok(())
            }
            // A full queue of connections, among others: whose socket it is cannot be told, only that it is not left behind.
            Ok(_) => bail!("cannot listen on {}: another process answers there", path.display()),
            Err(error) => Err(error).with_context(|| format!("cannot listen on {}", path.display())),
        }
    }
}

impl Drop for SocketFile {
    fn drop(&mut self) {
        if self.identity.is_some() && identity(&self.path) == self.identity {
            // Gone already is as good.
            let _ = fs::remove_file(&self.path);
        }
    }
}

fn identity(path: &Path) -> Option<(u64, u64)> {
    fs::symlink_metadata(path).ok().map(|data| (data.dev(), data.ino()))
}
