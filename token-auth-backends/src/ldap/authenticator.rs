//! The directory as a source of identities.

use std::fmt;
use std::future::Future;
use std::sync::Arc;
use std::time::{Duration, Instant};

use token_auth_core::{
    AccountRequest, Authenticator, Authn, AuthnRequest, BackendError, Clock, Credentials, Deadline,
    SystemClock, async_trait,
};
use tokio::time::timeout;

use super::directory::Directory;
use super::failure::Failure;
use super::filter::Placeholder;
use super::memory::{Claim, Memory};
use super::pool::Pool;
use super::tls::TlsSource;
use super::{LdapOptions, name, secret};

/// The accounts of a directory. Cheap to clone; needs a tokio runtime with time and sockets.
///
/// See the [module](super) for what is made of the directory's answers.
#[derive(Clone)]
pub struct LdapAuthenticator(Arc<Directory>);

impl LdapAuthenticator {
    /// Reads the files that the options name, and connects to nothing: a directory that is away now may be there when it is
    /// needed. Blocks while it reads.
    ///
    /// # Errors
    ///
    /// When a file cannot be used, or the options make no sense: the text says which.
    pub fn new(options: LdapOptions) -> Result<Self, BackendError> {
        Self::with_clock(options, SystemClock)
    }

    /// The same, with another clock to tell whether an account has expired.
    ///
    /// # Errors
    ///
    /// As [`new`](Self::new).
    pub fn with_clock(options: LdapOptions, clock: impl Clock + 'static) -> Result<Self, BackendError> {
        let failed = |message: String| BackendError::new("ldap", message);
        check(&options).map_err(failed)?;
        let tls = TlsSource::new(options.tls.clone()).map_err(failed)?;
        if let Some(service) = &options.service {
            secret::read(&service.password_file).map_err(failed)?;
        }
        let memory = Memory::new(options.memory)?;
        let pool = Pool::new(&options, tls);
        Ok(Self(Arc::new(Directory::new(options, pool, memory, Arc::new(clock)))))
    }

    /// Whether a name or an account can be anyone's here.
    fn is_plausible(&self, name: &str) -> bool {
        name.len() <= self.0.options.limits.account_bytes && name::is_plain(name)
    }

    /// The answer to a question, unless it comes too late. On a task of its own: when a client goes away, what was begun for it ends
    /// in order.
    async fn ask<F>(&self, deadline: Deadline, question: F) -> Result<Result<F::Output, Late>, BackendError>
    where
        F: Future<Output: Send> + Send + 'static,
    {
        let place = Arc::clone(&self.0.logins).try_acquire_owned();
        let place = place.map_err(|_| BackendError::new("ldap", "too many logins are waiting"))?;
        let limit = deadline.bound(self.0.options.timeouts.total, Instant::now());
        let task = tokio::spawn(async move {
            let answer = timeout(limit, question).await;
            drop(place);
            answer
        });
        let answer = task.await.map_err(|error| BackendError::new("ldap", error))?;
        Ok(answer.map_err(|_| Late(limit)))
    }
}

/// There is no answer after so long a time.
struct Late(Duration);

/// What the types let through.
fn check(options: &LdapOptions) -> Result<(), String> {
    if options.servers.is_empty() {
        return Err("there is no server".to_owned());
    }
    if options.users.is_empty() {
        return Err("there is no search for users".to_owned());
    }
    for search in &options.users {
        let filter = &search.filter;
        if filter.placeholders().iter().any(|placeholder| **placeholder != Placeholder::Account) {
            return Err(format!("the filter {filter} has another placeholder than `${{account}}`"));
        }
        if filter.placeholders().is_empty() {
            return Err(format!("the filter {filter} does not contain `${{account}}`"));
        }
        if options.account.attribute.is_none() && filter.account_attributes().is_empty() {
            return Err(format!(
                "the filter {filter} does not tell what an account is called: name an attribute"
            ));
        }
    }
    for nested in options.groups.iter().filter_map(|group| group.nested.as_ref()) {
        if nested.placeholders().is_empty()
            || nested.placeholders().iter().any(|placeholder| **placeholder != Placeholder::Dn)
        {
            return Err(format!(
                "the filter {nested} for nested groups must contain `${{dn}}`, and nothing else"
            ));
        }
    }
    if let Some(group) = options.groups.iter().find(|group| group.filter.placeholders().is_empty()) {
        return Err(format!(
            "the filter {} finds the same groups for everyone: name the user in it",
            group.filter
        ));
    }
    Ok(())
}

#[async_trait]
impl Authenticator for LdapAuthenticator {
    async fn authenticate(&self, request: &AuthnRequest<'_>) -> Result<Authn, BackendError> {
        let Credentials::Password { username, password } = request.credentials else {
            return Ok(Authn::Abstain);
        };
        let length = password.expose().len();
        if !self.is_plausible(username) || length == 0 || length > self.0.options.limits.password_bytes {
            return Ok(Authn::Abstain);
        }
        let (directory, name, secret) = (Arc::clone(&self.0), username.clone(), password.clone());
        let question = async move { directory.authenticate(&name, &secret).await };
        match self.ask(request.deadline, question).await? {
            Ok(answer) => answer,
            Err(Late(limit)) => self.0.late(Claim::Login(username, password), limit),
        }
    }

    async fn revalidate(&self, request: &AccountRequest<'_>) -> Result<Authn, BackendError> {
        if !self.is_plausible(request.account) {
            return Ok(Authn::Abstain);
        }
        let (directory, account) = (Arc::clone(&self.0), request.account.to_owned());
        let question = async move { directory.revalidate(&account).await };
        match self.ask(request.deadline, question).await? {
            Ok(answer) => answer,
            Err(Late(limit)) => self.0.late(Claim::Account(request.account), limit),
        }
    }

    async fn owns(&self, request: &AccountRequest<'_>) -> Result<bool, BackendError> {
        // All spellings that are one name to a directory are one account's.
        let account = name::fold(request.account);
        if account.is_empty() || account.len() > self.0.options.limits.account_bytes {
            return Ok(false);
        }
        if let Some(owned) = self.0.owned.get(&account) {
            return Ok(owned);
        }
        let directory = Arc::clone(&self.0);
        let question = async move { directory.owns(account).await };
        match self.ask(request.deadline, question).await? {
            Ok(answer) => answer.map_err(|failure| BackendError::new("ldap", failure)),
            Err(Late(limit)) => Err(BackendError::new("ldap", Failure::late("the directory", limit))),
        }
    }
}

impl fmt::Debug for LdapAuthenticator {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let servers: Vec<_> = self.0.options.servers.iter().map(ToString::to_string).collect();
        f.debug_struct("LdapAuthenticator").field("servers", &servers).finish_non_exhaustive()
    }
}
