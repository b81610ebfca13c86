//! Accounts of a password file as `htpasswd -B` writes it, and the groups of an Apache group file.
//!
//! The files are looked at again every few seconds; when one has changed, and nobody has written to them for a while, both are
//! read anew and replace the old accounts at once. Files that do not parse, or have disappeared, leave the old accounts in place
//! and an error in the log. An empty file is a file without accounts: whoever removes the last one means it, and the log says it.

mod error;
mod files;
mod parse;
#[cfg(test)]
mod tests;

use std::fmt;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use arc_swap::ArcSwap;
use token_auth_core::{
    AccountRequest, Authenticator, Authn, AuthnRequest, BackendError, Memory, Precedence, Succeed,
    async_trait,
};
use tokio::sync::Mutex;
use tokio::task::spawn_blocking;
use tokio::time::Instant;

use crate::FileStamps;
use crate::accounts::Accounts;
use crate::decoys::Decoys;
use crate::password::{HashLimits, PasswordHash, PasswordVerifier};

pub use error::{HtpasswdError, LineProblem};
use files::Files;

/// Which files, and how they are read.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct HtpasswdOptions {
    /// The password file: lines of `name:hash`.
    pub file: PathBuf,
    /// The group file: lines of `group: name name`. Each group of an account becomes a value of its label `group`, which
    /// the administrator wrote: it acts as a pattern where a rule says `${labels:group}`.
    pub group_file: Option<PathBuf>,
    /// How often the files are looked at, at most. Default 5 seconds.
    pub check_interval: Duration,
    /// For how long nobody must have written to a changed file before it is read: one that is written in place, by a writer who
    /// pauses, has users or groups missing meanwhile. Default 2 seconds.
    pub settle_time: Duration,
    /// How expensive hashes may be.
    pub hash_limits: HashLimits,
}

impl HtpasswdOptions {
    /// A password file, without groups.
    pub fn new(file: impl Into<PathBuf>) -> Self {
        let [check_interval, settle_time] = [5, 2].map(Duration::from_secs);
        let (group_file, hash_limits) = (None, HashLimits::default());
        Self { file: file.into(), group_file, check_interval, settle_time, hash_limits }
    }

    /// The same with a group file.
    #[must_use]
    pub fn with_group_file(self, group_file: impl Into<PathBuf>) -> Self {
        Self { group_file: Some(group_file.into()), ..self }
    }
}

/// The accounts of a password file.
///
/// ```no_run
/// use std::sync::Arc;
/// use token_auth_backends::htpasswd::{Htpasswd, HtpasswdOptions};
/// use token_auth_backends::password::{PasswordVerifier, VerifierOptions};
///
/// let verifier = Arc::new(PasswordVerifier::new(VerifierOptions::default())?);
/// let options = HtpasswdOptions::new("/etc/registry/htpasswd").with_group_file("/etc/registry/groups");
/// let users = Htpasswd::open(options, verifier)?;
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub struct Htpasswd {
    accounts: ArcSwap<Accounts>,
    verifier: Arc<PasswordVerifier>,
    decoys: Decoys,
    files: Arc<Files>,
    check_interval: Duration,
    settle_time: Duration,
    seen: Mutex<Seen>,
}

/// What was last seen of the files.
struct Seen {
    /// As they were when they were read.
    read: FileStamps,
    /// As they are now, if that is another state, and since when.
    changed: Option<(FileStamps, Instant)>,
    next_look: Instant,
}

/// What is to be done about the files.
enum Look {
    Unchanged,
    /// Somebody may be writing; they are so since then.
    Wait(FileStamps, Instant),
    Read(FileStamps, Result<Accounts, HtpasswdError>),
}

impl Htpasswd {
    /// Reads the files. Blocks while it does: call it when starting.
    ///
    /// # Errors
    ///
    /// When a file cannot be read, or has lines that do not parse: all of them are named.
    pub fn open(options: HtpasswdOptions, verifier: Arc<PasswordVerifier>) -> Result<Self, HtpasswdError> {
        let HtpasswdOptions { check_interval, settle_time, .. } = options;
        let files = Arc::new(Files::from(options));
        let read = files.stamps();
        let accounts = ArcSwap::from_pointee(files.read()?);
        let seen = Mutex::new(Seen { read, changed: None, next_look: Instant::now() + check_interval });
        Ok(Self { accounts, verifier, decoys: Decoys::default(), files, check_interval, settle_time, seen })
    }

    /// Computes these hashes, too, for unknown names: those of a table before this one, so that a name that is in neither
    /// costs what one of either costs. `StaticUsers::take_decoys` gives them.
    #[must_use]
    pub fn with_decoys(mut self, hashes: impl IntoIterator<Item = PasswordHash>) -> Self {
        self.decoys = hashes.into_iter().collect();
        self
    }

    /// Looks at the files if it is time to. One request looks; the others go on with what is known.
    async fn refresh(&self) {
        let Ok(mut seen) = self.seen.try_lock() else { return };
        let now = Instant::now();
        if now < seen.next_look {
            return;
        }
        seen.next_look = now + self.check_interval;
        let (files, read, changed) = (Arc::clone(&self.files), seen.read.clone(), seen.changed.take());
        let settle_time = self.settle_time;
        let look = spawn_blocking(move || files.look(&read, changed, settle_time));
        match look.await {
            Err(_) | Ok(Look::Unchanged) => {}
            Ok(Look::Wait(stamps, since)) => {
                let left = settle_time.saturating_sub(since.elapsed());
                seen.next_look = Instant::now() + left.min(self.check_interval);
                seen.changed = Some((stamps, since));
            }
            Ok(Look::Read(stamps, accounts)) => {
                seen.read = stamps;
                self.replace(accounts);
            }
        }
    }

    fn replace(&self, accounts: Result<Accounts, HtpasswdError>) {
        match accounts {
            Ok(accounts) if accounts.len() == 0 && self.accounts.load().len() > 0 => {
                tracing::error!(file = %self.files, "the password file is empty now: nobody in it can log in any more");
                self.accounts.store(Arc::new(accounts));
            }
            Ok(accounts) => {
                tracing::info!(file = %self.files, accounts = accounts.len(), "read the changed password file");
                self.accounts.store(Arc::new(accounts));
            }
            Err(error) => {
                tracing::error!(file = %self.files, %error, "keeping the accounts of the old password file");
            }
        }
    }
}

impl Files {
    /// Reads the files if they are others than those that were read, and have been left alone for so long: by their own times, or
    /// because they were seen as they are before. Blocks.
    fn look(&self, read: &FileStamps, seen: Option<(FileStamps, Instant)>, settle_time: Duration) -> Look {
        let present = self.stamps();
        if present == *read {
            return Look::Unchanged;
        }
        let since = seen.filter(|(seen, _)| *seen == present).map_or_else(Instant::now, |(_, since)| since);
        if since.elapsed() < settle_time && present.have_changed_within(settle_time) {
            return Look::Wait(present, since);
        }
        let accounts = self.read();
        match self.stamps() {
            stamps if stamps == present => Look::Read(stamps, accounts),
            stamps => Look::Wait(stamps, Instant::now()),
        }
    }
}

#[async_trait]
impl Authenticator for Htpasswd {
    async fn authenticate(&self, request: &AuthnRequest<'_>) -> Result<Authn, BackendError> {
        self.refresh().await;
        let accounts = self.accounts.load_full();
        accounts.authenticate(request, &self.verifier, &self.decoys).await
    }

    async fn revalidate(&self, request: &AccountRequest<'_>) -> Result<Authn, BackendError> {
        self.refresh().await;
        Ok(self.accounts.load().revalidate(request.account))
    }

    fn precedence(&self, request: &AccountRequest<'_>) -> Precedence {
        self.accounts.load().precedence(request.account)
    }

    fn memory(&self) -> Option<&dyn Memory> {
        Some(self)
    }
}

/// Goes on with the passwords that were verified: with each as long as its hash is the same.
impl Succeed for Htpasswd {
    fn succeed(&self, previous: &Self) {
        self.verifier.succeed(&previous.verifier);
    }
}

impl fmt::Debug for Htpasswd {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let accounts = self.accounts.load().len();
        f.debug_struct("Htpasswd")
            .field("files", &self.files)
            .field("accounts", &accounts)
            .finish_non_exhaustive()
    }
}
