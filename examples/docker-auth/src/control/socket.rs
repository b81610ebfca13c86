//! Where the control socket is, and how it is made.

use std::fs::{self, Permissions};
use std::io;
use std::os::unix::fs::{DirBuilderExt as _, PermissionsExt as _};
use std::path::{Path, PathBuf};

use tokio::net::UnixListener;

/// `tokens.redb.sock`. The store is this process's alone, so that a socket which is there is one that was left behind.
pub(super) fn beside(store: &Path) -> PathBuf {
    let mut name = store.file_name().unwrap_or_default().to_owned();
    name.push(".sock");
    store.with_file_name(name)
}

/// A socket for its owner only from the first moment on: made in a folder that nobody else can enter, then moved.
pub(super) fn bind(socket: &Path) -> io::Result<UnixListener> {
    let mut folder = socket.as_os_str().to_owned();
    folder.push(".d");
    let folder = PathBuf::from(folder);
    let _ = fs::remove_dir_all(&folder);
    fs::DirBuilder::new().mode(0o700).create(&folder)?;
    let inside = folder.join("s");
    let bound = UnixListener::bind(&inside).and_then(|listener| {
        fs::set_permissions(&inside, Permissions::from_mode(0o600))?;
        fs::rename(&inside, socket)?;
        Ok(listener)
    });
    let _ = fs::remove_dir_all(&folder);
    bound
}
