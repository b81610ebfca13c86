//! Where the file of a program is.

use std::env;
use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};

use super::{ProgramError, ProgramOptions};

/// The file of a program, by a path or by a name.
pub(super) fn executable(command: &Path) -> Result<PathBuf, ProgramError> {
    let is_name =
        command.components().count() == 1 && !command.as_os_str().as_encoded_bytes().contains(&b'/');
    if !is_name {
        let path = std::path::absolute(command).map_err(|_| ProgramError::Missing(command.to_owned()))?;
        return match fs::metadata(&path) {
            Err(_) => Err(ProgramError::Missing(path)),
            Ok(_) if !is_executable(&path) => Err(ProgramError::NotExecutable(path)),
            Ok(_) => Ok(path),
        };
    }
    let found = env::split_paths(ProgramOptions::PATH).map(|folder| folder.join(command));
    found
        .into_iter()
        .find(|path| is_executable(path))
        .ok_or_else(|| ProgramError::Missing(command.to_owned()))
}

/// Whether the file has a permission to be run. Whether it is this user's is seen when it is.
fn is_executable(path: &Path) -> bool {
    fs::metadata(path).is_ok_and(|metadata| metadata.is_file() && metadata.permissions().mode() & 0o111 != 0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_is_looked_up_and_a_path_is_not() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("plain");
        fs::write(&file, "").unwrap();
        let told = |command: &Path| match executable(command) {
            Ok(path) => path.display().to_string(),
            Err(error) => error.to_string(),
        };
        assert!(told(Path::new("sh")).ends_with("/sh"));
        assert_eq!(told(Path::new("/bin/sh")), "/bin/sh");
        assert_eq!(told(Path::new("no-such-program")), r#"there is no program "no-such-program""#);
        assert_eq!(told(Path::new("/no/such")), r#"there is no program "/no/such""#);
        assert_eq!(told(Path::new("")), r#"there is no program """#);
        let file = file.display().to_string();
        for path in [&file, "/tmp", "/"] {
            assert_eq!(told(Path::new(path)), format!("{path:?} is not a file that this user may run"));
        }
    }
}
