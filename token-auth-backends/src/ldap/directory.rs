use std::borrow::Cow;
use std::sync::Arc;
use std::time::SystemTime;

use ldap3::LdapResult;
use token_auth_core::{Authn, BackendError, Clock, Identity, Password};
use tokio::sync::Semaphore;

use super::connection::Search;
use super::entry::Entry;
use super::failure::{Failure, Kind};
use super::filter::Placeholder;
use super::groups::Groups;
use super::label::Collected;
use super::memory::{Claim, Memory};
use super::pool::{Lease, Pool, Role};
use super::searcher::Searcher;
use super::status::{self, Login};
use super::{BindTemplate, LdapOptions, UserSearch, account, dn};

/// A directory and what is remembered of it.
pub(super) struct Directory {
    pub(super) options: LdapOptions,
    pub(super) pool: Pool,
    pub(super) memory: Memory,
    pub(super) logins: Arc<Semaphore>,
    pub(super) clock: Arc<dyn Clock>,
    /// What is asked of a user's entry.
    attributes: Vec<String>,
    /// How an account is found by the name that it has here.
    by_account: Vec<UserSearch>,
}

/// What the directory says.
pub(super) enum Verdict {
    /// There is no such account.
    Unknown,
    /// It is who it says.
    Accepted(Identity),
    /// The password is wrong.
    WrongPassword(Cow<'static, str>),
    /// The account must not be used, whatever its password.
    Refused(String, &'static str),
}

enum Proof {
    Right,
    Wrong(Cow<'static, str>),
}

impl Directory {
    pub(super) fn new(options: LdapOptions, pool: Pool, memory: Memory, clock: Arc<dyn Clock>) -> Self {
        let attributes = attributes(&options);
        let by_account = options.users.iter().map(|search| match &options.account.attribute {
            Some(attribute) => UserSearch::new(&*search.base, search.filter.with_account_in(attribute)),
            None => search.clone(),
        });
        let by_account = by_account.collect();
        let logins = Arc::new(Semaphore::new(options.pool.queue.clamp(1, Semaphore::MAX_PERMITS)));
        Self { options, pool, memory, logins, clock, attributes, by_account }
    }

    /// Judges a name and a password, neither of them empty.
    pub(super) async fn authenticate(&self, name: &str, password: &Password) -> Result<Authn, BackendError> {
        let claim = Claim::Login(name, password);
        if let Some(identity) = self.memory.cached(claim) {
            return Ok(Authn::Accept(identity));
        }
        self.answer(claim, self.login(name, password).await)
    }

    /// Says what has become of an account.
    pub(super) async fn revalidate(&self, account: &str) -> Result<Authn, BackendError> {
        self.answer(Claim::Account(account), self.look_up(account).await)
    }

    /// Makes an answer of what the directory said, or else of what is remembered.
    pub(super) fn answer(
        &self,
        claim: Claim<'_>,
        verdict: Result<Verdict, Failure>,
    ) -> Result<Authn, BackendError> {
        match verdict {
            Ok(Verdict::Accepted(identity)) => {
                self.memory.remember(claim, &identity);
                self.memory.remember(Claim::Account(&identity.account), &identity);
                Ok(Authn::Accept(identity))
            }
            Ok(Verdict::Unknown) => {
                self.memory.forget(claim);
                Ok(Authn::Abstain)
            }
            Ok(Verdict::WrongPassword(reason)) => Ok(Authn::Reject(reason)),
            Ok(Verdict::Refused(account, reason)) => {
                self.memory.forget_account(&account);
                Ok(Authn::Reject(reason.into()))
            }
            Err(failure) => match self.memory.in_grace(claim) {
                Some(identity) if failure.kind != Kind::Answered => {
                    let account = &*identity.account;
                    tracing::warn!(account, error = %failure, "the directory is away: accepted as remembered");
                    Ok(Authn::Accept(identity))
                }
                _ => Err(BackendError::new("ldap", failure)),
            },
        }
    }

    async fn login(&self, name: &str, password: &Password) -> Result<Verdict, Failure> {
        if let Some(template) = &self.options.bind_as_user {
            return self.login_as_user(template, name, password).await;
        }
        let mut searcher = Searcher::Service(&self.pool);
        let Some((search, entry)) = self.find(&self.options.users, &mut searcher, name).await? else {
            self.spend_bind(password).await?;
            return Ok(Verdict::Unknown);
        };
        match self.prove(&entry, password).await? {
            Proof::Right => self.accept(&mut searcher, search, &entry, name, Login::JustNow).await,
            Proof::Wrong(reason) => Ok(Verdict::WrongPassword(reason)),
        }
    }

    /// Binds first, and lets the user search.
    async fn login_as_user(
        &self,
        template: &BindTemplate,
        name: &str,
        password: &Password,
    ) -> Result<Verdict, Failure> {
        let Some(bind_name) = template.name(name) else { return Ok(Verdict::Unknown) };
        let mut attempts = self.pool.begin(Role::User).await?;
        loop {
            let mut lease = attempts.connection().await?;
            match self.login_on(&mut lease, &bind_name, name, password).await {
                Ok(verdict) => {
                    lease.keep();
                    return Ok(verdict);
                }
                Err(failure) => attempts.failed(lease, failure)?,
            }
        }
    }

    async fn login_on(
        &self,
        lease: &mut Lease<'_>,
        bind_name: &str,
        name: &str,
        password: &Password,
    ) -> Result<Verdict, Failure> {
        if let Proof::Wrong(reason) = self.bind(lease, bind_name, password, None).await? {
            return Ok(Verdict::WrongPassword(reason));
        }
        let found = self.find(&self.options.users, &mut Searcher::User(lease), name).await?;
        let Some((search, entry)) = found else { return Ok(Verdict::Unknown) };
        // The filter may have found someone else than who was bound.
        if !dn::same(bind_name, &entry.dn)
            && let Proof::Wrong(reason) = self.bind(lease, &entry.dn, password, Some(&entry)).await?
        {
            return Ok(Verdict::WrongPassword(reason));
        }
        self.accept(&mut Searcher::User(lease), search, &entry, name, Login::JustNow).await
    }

    async fn look_up(&self, account: &str) -> Result<Verdict, Failure> {
        if self.options.bind_as_user.is_some() && self.options.service.is_none() {
            return Ok(Verdict::Unknown);
        }
        let mut searcher = Searcher::Service(&self.pool);
        match self.find(&self.by_account, &mut searcher, account).await? {
            None => Ok(Verdict::Unknown),
            Some((search, entry)) => {
                let verdict = self.accept(&mut searcher, search, &entry, account, Login::Earlier).await?;
                Ok(match verdict {
                    // It is another one's entry that answers to the name now.
                    Verdict::Accepted(identity) if *identity.account != *account => Verdict::Unknown,
                    verdict => verdict,
                })
            }
        }
    }

    /// The entry of an account, and the search that found it.
    async fn find<'a>(
        &self,
        searches: &'a [UserSearch],
        searcher: &mut Searcher<'_, '_>,
        name: &str,
    ) -> Result<Option<(&'a UserSearch, Entry)>, Failure> {
        for search in searches {
            let UserSearch { base, filter } = search;
            let what = format!("search with the filter {filter} below {base:?}");
            let value = |placeholder: &Placeholder| match placeholder {
                Placeholder::Account => Some(name.to_owned()),
                Placeholder::Dn | Placeholder::User(_) => None,
            };
            let Some(filter) = filter.render(&value) else { continue };
            let search_for =
                Search { what: &what, base, filter: &filter, attributes: &self.attributes, most: 1 };
            if let Some(entry) = searcher.search(&search_for).await?.into_iter().next() {
                return Ok(Some((search, entry)));
            }
        }
        Ok(None)
    }

    /// Whether this is the password of an entry.
    async fn prove(&self, entry: &Entry, password: &Password) -> Result<Proof, Failure> {
        let mut attempts = self.pool.begin(Role::User).await?;
        loop {
            let mut lease = attempts.connection().await?;
            match self.bind(&mut lease, &entry.dn, password, Some(entry)).await {
                Ok(proof) => {
                    lease.keep();
                    return Ok(proof);
                }
                Err(failure) => attempts.failed(lease, failure)?,
            }
        }
    }

    async fn bind(
        &self,
        lease: &mut Lease<'_>,
        name: &str,
        password: &Password,
        entry: Option<&Entry>,
    ) -> Result<Proof, Failure> {
        // A bind with an empty name or password is anonymous, and succeeds (RFC 4513, section 5.1). To some servers a NUL is
        // the end of a password.
        if name.is_empty() || password.expose().is_empty() || password.expose().contains('\0') {
            return Ok(Proof::Wrong("wrong password".into()));
        }
        let result = lease.connection().bind(name, password.expose()).await?;
        self.judge(&result, entry)
    }

    /// What a server's answer to a user's bind means.
    fn judge(&self, result: &LdapResult, entry: Option<&Entry>) -> Result<Proof, Failure> {
        if result.rc == 0 {
            return Ok(Proof::Right);
        }
        let by_entry = || status::refusal(entry?, Login::Earlier, self.now());
        match status::refusal_told(result.rc, &result.text).or_else(by_entry) {
            Some(reason) if matches!(result.rc, 19 | 48 | 49 | 53) => Ok(Proof::Wrong(reason.into())),
            _ if result.rc == 49 => Ok(Proof::Wrong("wrong password".into())),
            // Gone since it was found; or, with a template, never there.
            _ if matches!(result.rc, 32 | 34) => Ok(Proof::Wrong("no such user".into())),
            _ => Err(Failure::of_result("bind of the user", result)),
        }
    }

    /// Takes as long as a wrong password.
    async fn spend_bind(&self, password: &Password) -> Result<(), Failure> {
        if !self.options.hide_unknown {
            return Ok(());
        }
        let base = self.options.users.first().map_or("", |search| &*search.base);
        let nobody = Entry::named(&format!("cn=token-auth-unknown-account,{base}"));
        match self.prove(&nobody, password).await {
            // Whatever the server says of it.
            Ok(_) => Ok(()),
            Err(failure) if failure.kind == Kind::Answered => Ok(()),
            Err(failure) => Err(failure),
        }
    }

    /// Makes an identity of an entry.
    async fn accept(
        &self,
        searcher: &mut Searcher<'_, '_>,
        search: &UserSearch,
        entry: &Entry,
        name: &str,
        login: Login,
    ) -> Result<Verdict, Failure> {
        let LdapOptions { account, labels, groups, limits, .. } = &self.options;
        let account = account::canonical(entry, name, search, account).map_err(Failure::answered)?;
        if self.options.check_status
            && let Some(reason) = status::refusal(entry, login, self.now())
        {
            return Ok(Verdict::Refused(account, reason));
        }
        let mut collected = Collected::default();
        for label in labels {
            let values =
                entry.texts(&label.attribute).map_err(|error| Failure::answered(error.to_string()))?;
            let values = values.into_iter().map(|value| match label.parse_cn {
                true => Cow::Owned(dn::common_name(value)),
                false => Cow::Borrowed(value),
            });
            let values: Vec<_> = values.collect();
            collected.add(&label.rule, values.iter().map(|value| &**value));
        }
        for search in groups {
            let found = Groups::find(search, limits, searcher, entry, &account).await?;
            found.label(&mut collected)?;
        }
        let identity = Identity::new(account).with_labels(collected.labels());
        Ok(Verdict::Accepted(match status::security_stamp(entry) {
            Some(stamp) => identity.with_security_stamp(stamp),
            None => identity,
        }))
    }

    fn now(&self) -> SystemTime {
        self.clock.now()
    }
}

/// All attributes of a user's entry that something is made of, each once.
fn attributes(options: &LdapOptions) -> Vec<String> {
    let mut attributes: Vec<String> = Vec::new();
    let mut add = |attribute: &str| {
        if !attribute.eq_ignore_ascii_case("dn")
            && !attributes.iter().any(|known| known.eq_ignore_ascii_case(attribute))
        {
            attributes.push(attribute.to_owned());
        }
    };
    match &options.account.attribute {
        Some(attribute) => add(attribute),
        None => options.users.iter().flat_map(|search| search.filter.account_attributes()).for_each(&mut add),
    }
    options.labels.iter().for_each(|label| add(&label.attribute));
    for group in &options.groups {
        for placeholder in group.filter.placeholders() {
            if let Placeholder::User(attribute) = placeholder {
                add(attribute);
            }
        }
        if group.primary_group {
            ["primaryGroupID", "objectSid"].into_iter().for_each(&mut add);
        }
    }
    status::PASSWORD_TIMES.into_iter().for_each(&mut add);
    if options.check_status {
        status::ATTRIBUTES.into_iter().for_each(&mut add);
    }
    attributes
}
