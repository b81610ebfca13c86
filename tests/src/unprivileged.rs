use std::os::unix::fs::{PermissionsExt as _, chown};
use std::os::unix::process::CommandExt as _;
use std::path::Path;
use std::process::Command;

use tempfile::TempDir;

/// `nobody`, on every Linux.
const NOBODY: u32 = 65534;

/// A folder of a program that refuses to run as root, gone when this is dropped.
pub(crate) struct Unprivileged {
    folder: TempDir,
    is_root: bool,
}

impl Unprivileged {
    pub(crate) fn new(prefix: &str) -> Self {
        let folder = tempfile::Builder::new().prefix(prefix).tempdir().unwrap();
        // Whether the tests run as root can be seen from what they make.
        let is_root = std::os::unix::fs::MetadataExt::uid(&folder.path().metadata().unwrap()) == 0;
        std::fs::set_permissions(folder.path(), std::fs::Permissions::from_mode(0o700)).unwrap();
        if is_root {
            chown(folder.path(), Some(NOBODY), Some(NOBODY)).unwrap();
        }
        Self { folder, is_root }
    }

    pub(crate) fn path(&self) -> &Path {
        self.folder.path()
    }

    /// Makes a file in the folder that program's, and nobody else's to read.
    pub(crate) fn own(&self, file: &Path) {
        std::fs::set_permissions(file, std::fs::Permissions::from_mode(0o600)).unwrap();
        if self.is_root {
            chown(file, Some(NOBODY), Some(NOBODY)).unwrap();
        }
    }

    /// A command that runs as nobody if the tests run as root, in the folder.
    pub(crate) fn command(&self, program: impl AsRef<Path>) -> Command {
        let mut command = Command::new(program.as_ref());
        command.current_dir(self.path()).env("HOME", self.path());
        if self.is_root {
            command.uid(NOBODY).gid(NOBODY);
        }
        command
    }
}
