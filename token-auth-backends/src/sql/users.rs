//! docker_auth's `xorm_auth`: accounts that are rows of a table.

use std::fmt;
use std::sync::Arc;
use std::time::{Duration, Instant};

use token_auth_core::{
    AccountRequest, Authenticator, Authn, AuthnRequest, BackendError, Credentials, Deadline, Memory, Succeed,
    async_trait,
};

use super::SqlDatabase;
use super::costs::Costs;
use super::fault::Fault;
use super::link::Link;
use super::row::UserRow;
use super::table::Table;
use crate::database::Bounds;
use crate::decoys::Decoys;
use crate::owned::Owned;
use crate::password::{HashLimits, PasswordHash, PasswordVerifier};
use crate::peer::ANSWER_BYTES;

/// What the log calls it.
const NAME: &str = "xorm_auth";
/// No name is longer, in bytes: the column holds 128 characters.
const NAME_BYTES: usize = 512;

/// Which table of accounts, and how it is asked. [`SqlUsersOptions::new`] has the defaults.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct SqlUsersOptions {
    /// Where it is.
    pub database: SqlDatabase,
    /// How many connections there may be. Default 8.
    pub connections: u32,
    /// How long a question may take, with the time until a connection is free. Default 5 s.
    pub timeout: Duration,
    /// How long an answer of the server may be, in bytes; with a longer one its connection ends. Default 8 MiB.
    pub answer_bytes: usize,
    /// How expensive hashes may be.
    pub hash_limits: HashLimits,
    /// For how long it is remembered whether a name is in the table, where the logins of other sources ask for that
    /// ([`Authenticator::owns`]). Default 30 s; zero for not at all.
    pub owned: Duration,
    /// Of how many names. Default 10,000.
    pub owned_entries: usize,
}

impl SqlUsersOptions {
    pub(crate) const CONNECTIONS: u32 = 8;
    pub(crate) const TIMEOUT: Duration = Duration::from_secs(5);
    pub(crate) const ANSWER_BYTES: usize = ANSWER_BYTES;
    pub(crate) const OWNED: Duration = Duration::from_secs(30);

    /// The table in this database, and the defaults.
    pub fn new(database: SqlDatabase) -> Self {
        Self {
            database,
            connections: Self::CONNECTIONS,
            timeout: Self::TIMEOUT,
            answer_bytes: Self::ANSWER_BYTES,
            hash_limits: HashLimits::default(),
            owned: Self::OWNED,
            owned_entries: 10_000,
        }
    }
}

/// The accounts of the table `xorm_user`. Needs a tokio runtime, and connects when it is first asked.
///
/// * Each login reads the newest row of its name: a new password, other labels and a deleted account count at once. Names are
///   compared byte by byte, also where the database takes `Alice` for `alice`.
/// * A row without a hash that can be used rejects. One whose labels cannot be read is an error that names it: without them a
///   rule that denies would lapse.
/// * An unknown name costs a hash such as the newest thousand rows have.
/// * Labels were written by the administrator: they act as patterns where a rule says `${labels:…}`. Whoever lets users edit
///   that column lets them open what such rules protect.
///
/// ```no_run
/// use std::sync::Arc;
/// use token_auth_backends::password::{PasswordVerifier, VerifierOptions};
/// use token_auth_backends::sql::{SqlDatabase, SqlKind, SqlUsers, SqlUsersOptions};
///
/// # fn main() -> Result<(), Box<dyn std::error::Error>> {
/// let verifier = Arc::new(PasswordVerifier::new(VerifierOptions::default())?);
/// let database = SqlDatabase::new(SqlKind::Sqlite, "/var/lib/registry/users.sqlite")?;
/// let users = SqlUsers::new(SqlUsersOptions::new(database), verifier);
/// # Ok(())
/// # }
/// ```
pub struct SqlUsers(Arc<Inner>);

struct Inner {
    link: Link,
    verifier: Arc<PasswordVerifier>,
    costs: Costs,
    further: Decoys,
    owned: Owned,
    options: SqlUsersOptions,
}

impl SqlUsers {
    /// The accounts of this table, which is not asked for anything yet.
    pub fn new(options: SqlUsersOptions, verifier: Arc<PasswordVerifier>) -> Self {
        Self::with_decoys(options, verifier, [])
    }

    /// Computes these hashes, too, for unknown names: those of a table before this one, so that a name that is in neither
    /// costs what one of either costs. `StaticUsers::take_decoys` gives them.
    pub fn with_decoys(
        options: SqlUsersOptions,
        verifier: Arc<PasswordVerifier>,
        hashes: impl IntoIterator<Item = PasswordHash>,
    ) -> Self {
        let SqlUsersOptions { connections, timeout, answer_bytes, .. } = options;
        let link =
            Link::new(options.database.clone(), Table::Users, Bounds { connections, timeout, answer_bytes });
        let owned = Owned::new(options.owned, options.owned_entries);
        let further = hashes.into_iter().collect();
        Self(Arc::new(Inner { link, verifier, costs: Costs::default(), further, owned, options }))
    }
}

impl Inner {
    /// How long a question may take that comes with this deadline.
    fn limit(&self, deadline: Deadline) -> Duration {
        deadline.bound(self.options.timeout, Instant::now())
    }

    async fn row(&self, name: &str, deadline: Deadline) -> Result<Option<UserRow>, BackendError> {
        // Nobody is called so, and PostgreSQL has no text with a NUL.
        if name.is_empty() || name.len() > NAME_BYTES || name.contains('\0') {
            return Ok(None);
        }
        let name: Arc<str> = name.into();
        let row = self.link.ask(self.limit(deadline), |opened| {
            let name = Arc::clone(&name);
            async move { UserRow::newest(&opened.database, &name).await }
        });
        row.await.map_err(failed)
    }

    /// What is computed for an unknown name.
    async fn decoys(self: &Arc<Self>, deadline: Deadline) -> Result<Arc<Decoys>, BackendError> {
        let Self { link, options, costs, .. } = &**self;
        match costs.known() {
            Some((decoys, false)) => Ok(decoys),
            Some((decoys, true)) => {
                let this = Arc::clone(self);
                tokio::spawn(async move {
                    let Self { link, options, costs, .. } = &*this;
                    // Those that are known are good enough while the database is away.
                    let _ = costs.learn(link, &options.hash_limits, options.timeout).await;
                });
                Ok(decoys)
            }
            None => costs.learn(link, &options.hash_limits, self.limit(deadline)).await.map_err(failed),
        }
    }

    async fn spend(
        &self,
        request: &AuthnRequest<'_>,
        name: &str,
        decoys: &Decoys,
    ) -> Result<(), BackendError> {
        match decoys.choose(name, &self.further) {
            Some(decoy) => self.verifier.spend(request, decoy).await,
            None => Ok(()),
        }
    }
}

#[async_trait]
impl Authenticator for SqlUsers {
    async fn authenticate(&self, request: &AuthnRequest<'_>) -> Result<Authn, BackendError> {
        let Credentials::Password { username, password } = request.credentials else {
            return Ok(Authn::Abstain);
        };
        if username.is_empty() || password.expose().is_empty() {
            return Ok(Authn::Abstain);
        }
        let Self(inner) = self;
        let decoys = inner.decoys(request.deadline).await?;
        let Some(row) = inner.row(username, request.deadline).await? else {
            inner.spend(request, username, &decoys).await?;
            return Ok(Authn::Abstain);
        };
        let hash = match row.hash(&inner.options.hash_limits) {
            Ok(hash) => hash,
            Err(why) => {
                inner.spend(request, username, &decoys).await?;
                return Ok(Authn::Reject(why.into()));
            }
        };
        match inner.verifier.check(request, &hash).await? {
            true => row.identity(&hash).map(Authn::Accept).map_err(failed),
            false => Ok(Authn::Reject("wrong password".into())),
        }
    }

    async fn revalidate(&self, request: &AccountRequest<'_>) -> Result<Authn, BackendError> {
        let Some(row) = self.0.row(request.account, request.deadline).await? else {
            return Ok(Authn::Abstain);
        };
        match row.hash(&self.0.options.hash_limits) {
            Ok(hash) => row.identity(&hash).map(Authn::Accept).map_err(failed),
            Err(why) => Ok(Authn::Reject(why.into())),
        }
    }

    async fn owns(&self, request: &AccountRequest<'_>) -> Result<bool, BackendError> {
        if let Some(owned) = self.0.owned.get(request.account) {
            return Ok(owned);
        }
        let owned = self.0.row(request.account, request.deadline).await?.is_some();
        if request.account.len() <= NAME_BYTES {
            self.0.owned.remember(request.account.to_owned(), owned);
        }
        Ok(owned)
    }

    fn memory(&self) -> Option<&dyn Memory> {
        Some(self)
    }
}

/// Goes on with the passwords that were verified, with each as long as its hash is the same, and with the connections.
impl Succeed for SqlUsers {
    fn succeed(&self, previous: &Self) {
        self.0.verifier.succeed(&previous.0.verifier);
        if self.0.link.succeed(&previous.0.link)
            && self.0.options.hash_limits == previous.0.options.hash_limits
        {
            self.0.costs.succeed(&previous.0.costs);
        }
    }
}

fn failed(fault: Fault) -> BackendError {
    BackendError::new(NAME, fault)
}

impl fmt::Debug for SqlUsers {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SqlUsers").field("database", &self.0.options.database).finish_non_exhaustive()
    }
}
