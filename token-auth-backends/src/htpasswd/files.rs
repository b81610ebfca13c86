//! The password file and the group file on disk.

use std::fmt;
use std::path::{Path, PathBuf};

use crate::FileStamps;
use crate::accounts::Accounts;
use crate::named_file;
use crate::password::HashLimits;

use super::error::{HtpasswdError, LineProblem};
use super::{HtpasswdOptions, parse};

/// Far above what a million accounts need.
const MAX_BYTES: usize = 128 << 20;

/// The files on disk.
#[derive(Debug)]
pub(super) struct Files {
    users: PathBuf,
    groups: Option<PathBuf>,
    hash_limits: HashLimits,
}

impl Files {
    /// To be taken before the files are read, so that a change meanwhile is found the next time.
    pub(super) fn stamps(&self) -> FileStamps {
        FileStamps::of(std::iter::once(&self.users).chain(&self.groups))
    }

    pub(super) fn read(&self) -> Result<Accounts, HtpasswdError> {
        let invalid = |file: &Path, problems| HtpasswdError::Invalid { file: file.to_owned(), problems };
        let mut labels = match &self.groups {
            Some(file) => parse::groups(&read_text(file)?).map_err(|problems| invalid(file, problems))?,
            None => parse::GroupLabels::new(),
        };
        let users = parse::users(&read_text(&self.users)?, &self.hash_limits)
            .map_err(|problems| invalid(&self.users, problems))?;
        let account = |(name, hash): (String, _)| {
            let labels = labels.remove(&name).unwrap_or_default();
            (name.into(), Some(hash), labels)
        };
        Ok(Accounts::new(users.into_iter().map(account)))
    }
}

impl From<HtpasswdOptions> for Files {
    fn from(options: HtpasswdOptions) -> Self {
        Self { users: options.file, groups: options.group_file, hash_limits: options.hash_limits }
    }
}

impl fmt::Display for Files {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.users.display().fmt(f)
    }
}

fn read_text(file: &Path) -> Result<String, HtpasswdError> {
    let read = |source| HtpasswdError::Read { file: file.to_owned(), source };
    let bytes = named_file::read(file, MAX_BYTES).map_err(read)?;
    String::from_utf8(bytes).map_err(|error| {
        let before = error.as_bytes().get(..error.utf8_error().valid_up_to()).unwrap_or_default();
        let line = 1 + before.iter().filter(|byte| **byte == b'\n').count();
        let problems = vec![LineProblem::new(line, "is not UTF-8")];
        HtpasswdError::Invalid { file: file.to_owned(), problems }
    })
}
