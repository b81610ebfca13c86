use std::fs::{self, OpenOptions};
use std::io::Write as _;
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicUsize, Ordering};

use tempfile::TempDir;

/// A private folder, gone when this is dropped.
#[derive(Debug)]
pub struct Place(TempDir);

impl Place {
    /// A new, empty one.
    #[expect(clippy::new_without_default, reason = "each call makes a folder")]
    pub fn new() -> Self {
        Self(tempfile::Builder::new().prefix("token-auth-").tempdir().unwrap())
    }

    /// Where it is.
    pub fn path(&self) -> &Path {
        self.0.path()
    }

    /// The path of something in it, whether that exists or not.
    pub fn at(&self, name: impl AsRef<Path>) -> PathBuf {
        self.path().join(name)
    }

    /// A folder in it, made if it is not there.
    pub fn folder(&self, name: impl AsRef<Path>) -> PathBuf {
        let path = self.at(name);
        fs::create_dir_all(&path).unwrap();
        path
    }

    /// A new folder in it, with a number after the prefix.
    pub fn own_folder(&self, prefix: &str) -> PathBuf {
        static NEXT: AtomicUsize = AtomicUsize::new(1);
        let path = self.at(format!("{prefix}{}", NEXT.fetch_add(1, Ordering::Relaxed)));
        fs::create_dir(&path).unwrap();
        path
    }

    /// Writes a file in it, for the user alone.
    pub fn write(&self, name: impl AsRef<Path>, text: &str) -> PathBuf {
        let path = self.at(name);
        write(&path, text);
        path
    }

    /// Replaces a file in it in one step, as careful administrators and Kubernetes do.
    pub fn replace(&self, name: impl AsRef<Path>, text: &str) {
        let path = self.at(name);
        let new = path.with_extension("new");
        write(&new, text);
        fs::rename(new, path).unwrap();
    }

    /// Reads a file in it.
    pub fn read(&self, name: impl AsRef<Path>) -> String {
        fs::read_to_string(self.at(name)).unwrap()
    }
}

fn write(path: &Path, text: &str) {
    let mut file = OpenOptions::new().write(true).create(true).truncate(true).mode(0o600).open(path).unwrap();
    file.write_all(text.as_bytes()).unwrap();
}
