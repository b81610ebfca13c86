//! Secrets that others than the server's user can read or change.
//!
//! A file with a secret may be read by its group, as a mounted secret of Kubernetes is, and by nobody else; it is changed by its
//! owner alone. What the folders above it let through is not looked at: they change, and files move.

use std::path::{Path, PathBuf};

use super::field::Field;
use super::finding::{Finding, Spot};
use super::kind::{Key, Kind};

/// Where the secrets of a configuration are.
#[derive(Debug)]
pub(super) struct Secrets {
    /// The configuration itself.
    start: Spot,
    /// The first secret that stands in the configuration.
    inline: Option<Spot>,
    files: Vec<(PathBuf, Spot)>,
}

impl Secrets {
    /// None yet, of a configuration that begins here.
    pub(super) fn new(start: Spot) -> Self {
        Self { start, inline: None, files: Vec::new() }
    }

    /// Adds what stands there, if it is a secret.
    pub(super) fn add(&mut self, key: &Key, field: &Field<'_>) {
        let text = field.scalar_text().filter(|text| key.is_secret && !text.is_empty());
        match (text, key.kind) {
            (None, _) => {}
            (Some(path), Kind::File | Kind::TendedFile | Kind::Path) => {
                self.files.push((path.into(), field.spot()));
            }
            (Some(text), _) if text.contains("://") && !has_password(text) => {}
            (Some(_), _) => {
                self.inline.get_or_insert_with(|| field.spot());
            }
        }
    }

    /// What is open to others, as far as it is there. Blocks.
    pub(super) fn exposed(&self) -> Vec<Finding> {
        let configuration = PathBuf::from(self.start.file());
        let of_configuration = match &self.inline {
            Some(spot) => exposed(&configuration)
                .map(|exposed| spot.finding(format!("is a secret, or its hash, in a file that {exposed}"))),
            None => changed(&configuration).map(|exposed| self.start.finding(exposed)),
        };
        let of_file = |(file, spot): &(PathBuf, Spot)| {
            Some(spot.finding(format!("{} {}", file.display(), exposed(file)?)))
        };
        of_configuration.into_iter().chain(self.files.iter().filter_map(of_file)).collect()
    }
}

/// Whether an address has a user with a password.
fn has_password(address: &str) -> bool {
    let authority = address.split_once("://").map_or("", |(_, rest)| rest.split('/').next().unwrap_or(rest));
    authority.rsplit_once('@').is_some_and(|(user, _)| user.contains(':'))
}

/// How a file with a secret is open to others, and the command that mends it.
pub(super) fn exposed(file: &Path) -> Option<String> {
    let mode = mode(file)?;
    let [read, written, of_group] = [0o004, 0o002, 0o020].map(|bit| mode & bit != 0);
    let (can, without) = match (read, written, of_group) {
        (true, true, false) => ("can be read and changed by everyone", "o-rw"),
        (true, true, true) => ("can be read and changed by everyone", "o-rw,g-w"),
        (true, false, true) => ("can be read by everyone and changed by its group", "o-r,g-w"),
        (true, false, false) => ("can be read by everyone", "o-r"),
        (false, true, false) => ("can be changed by everyone", "o-w"),
        (false, true, true) => ("can be changed by everyone", "o-w,g-w"),
        (false, false, true) => ("can be changed by its group", "g-w"),
        (false, false, false) => return None,
    };
    Some(told(file, mode, can, without))
}

/// The same of a file that is no secret, and that nobody else may change.
fn changed(file: &Path) -> Option<String> {
    let mode = mode(file)?;
    (mode & 0o002 != 0).then(|| told(file, mode, "can be changed by everyone", "o-w"))
}

fn told(file: &Path, mode: u32, can: &str, without: &str) -> String {
    let path = file.display().to_string();
    let simple = |c: char| c.is_alphanumeric() || "/._-".contains(c);
    let path = match path.chars().all(simple) {
        true => path,
        false => format!("'{}'", path.replace('\'', r"'\''")),
    };
    format!("{can} (mode {mode:04o}): chmod {without} {path}")
}

/// The permissions of a regular file.
#[cfg(unix)]
fn mode(file: &Path) -> Option<u32> {
    use std::os::unix::fs::PermissionsExt as _;
    let metadata = std::fs::metadata(file).ok().filter(std::fs::Metadata::is_file)?;
    Some(metadata.permissions().mode() & 0o7777)
}

#[cfg(not(unix))]
fn mode(_: &Path) -> Option<u32> {
    None
}

#[cfg(all(test, unix))]
mod tests {
    use std::fs::{self, Permissions};
    use std::os::unix::fs::PermissionsExt as _;

    use super::*;

    #[test]
    fn a_group_may_read_and_nobody_else_may_do_anything() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("it's");
        fs::write(&file, "").unwrap();
        let path = format!("'{}'", file.display().to_string().replace('\'', r"'\''"));
        for (mode, secret, other) in [
            (0o600, None, None),
            (0o400, None, None),
            (0o640, None, None),
            (0o440, None, None),
            (0o610, None, None),
            (0o644, Some("can be read by everyone (mode 0644): chmod o-r"), None),
            (0o604, Some("can be read by everyone (mode 0604): chmod o-r"), None),
            (0o660, Some("can be changed by its group (mode 0660): chmod g-w"), None),
            (
                0o664,
                Some("can be read by everyone and changed by its group (mode 0664): chmod o-r,g-w"),
                None,
            ),
            (
                0o602,
                Some("can be changed by everyone (mode 0602): chmod o-w"),
                Some("can be changed by everyone (mode 0602): chmod o-w"),
            ),
            (
                0o666,
                Some("can be read and changed by everyone (mode 0666): chmod o-rw,g-w"),
                Some("can be changed by everyone (mode 0666): chmod o-w"),
            ),
        ] {
            fs::set_permissions(&file, Permissions::from_mode(mode)).unwrap();
            let whole = |told: Option<&str>| told.map(|told| format!("{told} {path}"));
            assert_eq!(exposed(&file), whole(secret), "{mode:o}");
            assert_eq!(changed(&file), whole(other), "{mode:o}");
        }
        assert_eq!(
            [exposed(folder.path()), exposed(Path::new("/dev/null")), exposed(Path::new("/nowhere"))],
            [None, None, None]
        );
    }

    #[test]
    fn an_address_with_a_password_is_a_secret() {
        for (address, is) in [
            ("postgres://u:p@h/d", true),
            ("postgres://u:p@h", true),
            ("mariadb://u@h/d", false),
            ("https://h/a:b@c", false),
            ("sqlite://tokens.db", false),
            ("u:p@h", false),
        ] {
            assert_eq!(has_password(address), is, "{address}");
        }
    }
}
