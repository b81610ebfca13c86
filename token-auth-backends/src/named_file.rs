//! Files that a configuration names, read so that none can hang or fill the reader: regular ones, whole, within a bound.
#![cfg_attr(
    not(all(feature = "config", feature = "ldap", feature = "workload")),
    allow(dead_code, reason = "each backend needs other parts of it")
)]

use std::fs::{self, File};
use std::io::{self, Read as _};
use std::path::Path;

/// Bytes of a file that holds one secret.
pub(crate) const SECRET_BYTES: usize = 64 << 10;
/// Bytes of a file of keys or certificates: far above what all authorities of a system take.
pub(crate) const PEM_BYTES: usize = 4 << 20;

/// The content of a file of at most so many bytes. Blocks.
///
/// # Errors
///
/// When it cannot be read, is longer, or is no regular file: a pipe would wait for somebody who writes, a device may have no
/// end.
pub(crate) fn read(path: &Path, most: usize) -> io::Result<Vec<u8>> {
    // Looked at before it is opened, since that is what waits; and again, since it may be another one by then.
    regular(&fs::metadata(path)?)?;
    let file = File::open(path)?;
    let metadata = file.metadata()?;
    regular(&metadata)?;
    let length = usize::try_from(metadata.len()).unwrap_or(usize::MAX);
    // So that no copy of a secret is left behind where the content grows.
    let mut content = Vec::with_capacity(length.min(most).saturating_add(1));
    let limit = u64::try_from(most).unwrap_or(u64::MAX).saturating_add(1);
    file.take(limit).read_to_end(&mut content)?;
    if content.len() > most {
        return Err(io::Error::new(io::ErrorKind::FileTooLarge, format!("longer than {most} bytes")));
    }
    Ok(content)
}

/// The same of text.
///
/// # Errors
///
/// When it cannot be read, or is not UTF-8.
pub(crate) fn read_text(path: &Path, most: usize) -> io::Result<String> {
    let unreadable = |_| io::Error::new(io::ErrorKind::InvalidData, "is not UTF-8");
    String::from_utf8(read(path, most)?).map_err(unreadable)
}

fn regular(metadata: &fs::Metadata) -> io::Result<()> {
    match metadata.is_file() {
        true => Ok(()),
        false => Err(io::Error::new(io::ErrorKind::InvalidInput, "is not a regular file")),
    }
}

#[cfg(test)]
mod tests {
    use std::process::Command;

    use super::*;

    #[test]
    fn only_regular_files_within_the_bound_are_read() {
        let folder = tempfile::tempdir().unwrap();
        let at = |name: &str| folder.path().join(name);
        fs::write(at("five"), "12345").unwrap();
        fs::write(at("latin"), b"caf\xe9").unwrap();
        std::os::unix::fs::symlink(at("five"), at("link")).unwrap();
        assert!(Command::new("mkfifo").arg(at("pipe")).status().unwrap().success());
        std::os::unix::fs::symlink(at("pipe"), at("link-to-pipe")).unwrap();
        let told = |path: &Path, most| match read_text(path, most) {
            Ok(text) => text,
            Err(error) => error.to_string(),
        };
        for (path, most, said) in [
            (at("five"), 5, "12345"),
            (at("link"), 5, "12345"),
            (at("five"), 4, "longer than 4 bytes"),
            (at("five"), usize::MAX, "12345"),
            (at("latin"), 10, "is not UTF-8"),
            (at("pipe"), 10, "is not a regular file"),
            (at("link-to-pipe"), 10, "is not a regular file"),
            (folder.path().to_owned(), 10, "is not a regular file"),
            ("/dev/zero".into(), 10, "is not a regular file"),
            // It says that it is empty, and is not.
            ("/proc/self/status".into(), 4, "longer than 4 bytes"),
        ] {
            assert_eq!(told(&path, most), said, "{}", path.display());
        }
    }
}
