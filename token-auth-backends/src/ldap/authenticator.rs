//! The directory as a source of identities.

use std::fmt;
use std::future::Future;
use std::sync::Arc;
use std::time::{Duration, Instant};

use arc_swap::ArcSwap;
use token_auth_core::{
    AccountRequest, Authenticator, Authn, AuthnRequest, BackendError, Clock, Credentials, Deadline, Succeed,
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
///
/// One that [succeeds](Succeed) another with the same options, whose files say the same, goes on as that one: with its
/// connections, the logins that wait for them, and all that it remembers. Otherwise it begins anew.
#[derive(Clone)]
pub struct LdapAuthenticator(Arc<ArcSwap<Directory>>);

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
        let secret = options.service.as_ref().map(|service| secret::read(&service.password_file));
        let secret = secret.transpose().map_err(failed)?;
        let memory = Memory::new(options.memory)?;
        let pool = Pool::new(&options, tls, secret);
        let directory = Directory::new(options, pool, memory, Arc::new(clock));
        Ok(Self(Arc::new(ArcSwap::from_pointee(directory))))
    }
}

impl Directory {
    /// Whether a name or an account can be anyone's here.
    fn is_plausible(&self, name: &str) -> bool {
        name.len() <= self.options.limits.account_bytes && name::is_plain(name)
    }

    /// The answer to a question, unless it comes too late. On a task of its own: when a client goes away, what was begun for it ends
    /// in order.
    async fn ask<F>(&self, deadline: Deadline, question: F) -> Result<Result<F::Output, Late>, BackendError>
    where
        F: Future<Output: Send> + Send + 'static,
    {
        let place = Arc::clone(&self.logins).try_acquire_owned();
        let place = place.map_err(|_| BackendError::new("ldap", "too many logins are waiting"))?;
        let limit = deadline.bound(self.options.timeouts.total, Instant::now());
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
        let directory = self.0.load_full();
        let length = password.expose().len();
        if !directory.is_plausible(username)
            || length == 0
            || length > directory.options.limits.password_bytes
        {
            return Ok(Authn::Abstain);
        }
        let (asked, name, secret) = (Arc::clone(&directory), username.clone(), password.clone());
        let question = async move { asked.authenticate(&name, &secret).await };
        match directory.ask(request.deadline, question).await? {
            Ok(answer) => answer,
            Err(Late(limit)) => directory.late(Claim::Login(username, password), limit),
        }
    }

    async fn revalidate(&self, request: &AccountRequest<'_>) -> Result<Authn, BackendError> {
        let directory = self.0.load_full();
        if !directory.is_plausible(request.account) {
            return Ok(Authn::Abstain);
        }
        let (asked, account) = (Arc::clone(&directory), request.account.to_owned());
        let question = async move { asked.revalidate(&account).await };
        match directory.ask(request.deadline, question).await? {
            Ok(answer) => answer,
            Err(Late(limit)) => directory.late(Claim::Account(request.account), limit),
        }
    }

    async fn owns(&self, request: &AccountRequest<'_>) -> Result<bool, BackendError> {
        // All spellings that are one name to a directory are one account's.
        let account = name::fold(request.account);
        let directory = self.0.load_full();
        if account.is_empty() || account.len() > directory.options.limits.account_bytes {
            return Ok(false);
        }
        if let Some(owned) = directory.owned.get(&account) {
            return Ok(owned);
        }
        let asked = Arc::clone(&directory);
        let question = async move { asked.owns(account).await };
        match directory.ask(request.deadline, question).await? {
            Ok(answer) => answer.map_err(|failure| BackendError::new("ldap", failure)),
            Err(Late(limit)) => Err(BackendError::new("ldap", Failure::late("the directory", limit))),
        }
    }

    fn memory(&self) -> Option<&dyn token_auth_core::Memory> {
        Some(self)
    }
}

impl Succeed for LdapAuthenticator {
    fn succeed(&self, previous: &Self) {
        let (own, known) = (self.0.load(), previous.0.load_full());
        if own.options == known.options && own.pool.is_of_the_same(&known.pool) {
            self.0.store(known);
        }
    }
}

impl fmt::Debug for LdapAuthenticator {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let directory = self.0.load();
        let servers: Vec<_> = directory.options.servers.iter().map(ToString::to_string).collect();
        f.debug_struct("LdapAuthenticator").field("servers", &servers).finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use std::fs;

    use rcgen::{CertificateParams, KeyPair};

    use super::*;
    use crate::ldap::{AttributeLabel, GroupSearch, LabelRule, LdapTls, ServiceAccount, UserSearch};

    #[test]
    fn a_directory_that_is_described_otherwise_begins_anew() {
        let folder = tempfile::tempdir().unwrap();
        let at = |name: &str| folder.path().join(name);
        let write = |name: &str, text: &str| fs::write(at(name), text).unwrap();
        let certificate = || {
            let key = KeyPair::generate().unwrap();
            (CertificateParams::default().self_signed(&key).unwrap().pem(), key.serialize_pem())
        };
        let (authority, (own, key)) = (certificate().0, certificate());
        write("ca.pem", &authority);
        write("own.pem", &own);
        write("own.key", &key);
        write("secret", "secret");
        let options = || {
            let users = UserSearch::new("dc=x", "(uid=${account})".parse().unwrap());
            let mut options = LdapOptions::new(["ldaps://ldap.example".parse().unwrap()], users);
            options.service = Some(ServiceAccount::new("cn=registry", at("secret")));
            options.tls.ca_file = Some(at("ca.pem"));
            options.tls.client = Some((at("own.pem"), at("own.key")));
            let mut label = AttributeLabel::new("team", "ou");
            label.rule = LabelRule::new("team").with_pattern("^r-(.+)$").unwrap();
            options.labels.push(label);
            options.groups.push(GroupSearch::new("ou=g", "(member=${dn})".parse().unwrap()).with_label("g"));
            options
        };
        let made = |change: &dyn Fn(&mut LdapOptions)| {
            let mut options = options();
            change(&mut options);
            LdapAuthenticator::new(options).unwrap()
        };
        let before = made(&|_| {});
        let goes_on = |next: &LdapAuthenticator| {
            let clone = next.clone();
            next.succeed(&before);
            Arc::ptr_eq(&clone.0.load(), &before.0.load())
        };
        assert!(goes_on(&made(&|_| {})));
        write("ca.pem", &authority);
        assert!(goes_on(&made(&|_| {})), "written again, with the same content");
        type Change = &'static dyn Fn(&mut LdapOptions);
        let rows: [(&str, Change); 8] = [
            ("server", &|options| options.servers.push("ldaps://two.example".parse().unwrap())),
            ("base", &|options| options.users[0].base = "dc=y".to_owned()),
            ("filter", &|options| options.users[0].filter = "(mail=${account})".parse().unwrap()),
            ("label", &|options| {
                options.labels[0].rule = LabelRule::new("team").with_pattern("^s-(.+)$").unwrap();
            }),
            ("group", &|options| options.groups[0].primary_group = true),
            ("status", &|options| options.check_status = false),
            ("grace", &|options| options.memory.grace = Duration::from_secs(1)),
            ("authorities", &|options| {
                options.tls = LdapTls { dangerous_skip_verify: true, ..options.tls.clone() };
            }),
        ];
        for (what, change) in rows {
            assert!(!goes_on(&made(change)), "{what}");
        }
        for (file, text) in [("ca.pem", certificate().0), ("secret", "another".to_owned())] {
            let content = fs::read_to_string(at(file)).unwrap();
            write(file, &text);
            assert!(!goes_on(&made(&|_| {})), "{file}");
            write(file, &content);
        }
        let (own, key) = certificate();
        write("own.pem", &own);
        write("own.key", &key);
        assert!(!goes_on(&made(&|_| {})), "the own certificate");
    }
}
