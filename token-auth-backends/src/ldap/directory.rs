//! How names and passwords are judged by what the directory says.

use std::borrow::Cow;
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use token_auth_core::{Authn, BackendError, Clock, Identity, Password};
use tokio::sync::Semaphore;

use super::account::{self, Several};
use super::connection::{Entries, Search};
use super::entry::DirectoryEntry;
use super::failure::{Failure, Kind};
use super::filter::Placeholder;
use super::groups::Groups;
use super::label::Collected;
use super::memory::{Claim, Memory};
use super::pool::{Lease, Pool, Role};
use super::searcher::Searcher;
use super::service::Service;
use super::status::{self, Login};
use super::wire::Outcome;
use super::{BindTemplate, LdapOptions, UserSearch, dn, name};
use crate::owned::Owned;

/// Of so many entries one is chosen; more are too many for one name.
const NAMESAKES: usize = 20;

/// A directory and what is remembered of it.
pub(super) struct Directory {
    pub(super) options: LdapOptions,
    pub(super) pool: Pool,
    pub(super) memory: Memory,
    pub(super) owned: Owned,
    pub(super) logins: Arc<Semaphore>,
    pub(super) clock: Arc<dyn Clock>,
    /// What is asked of a user's entry.
    attributes: Vec<String>,
    /// How an account is found by the name that it has here.
    by_account: Vec<UserSearch>,
    /// How it is found by what someone logs in with: first by the name that it has here, and only then by other names, which a user
    /// may be able to choose.
    by_login: Vec<UserSearch>,
}

/// What the directory says.
pub(super) enum LoginVerdict {
    /// There is no such account.
    Unknown,
    /// It is who it says, the entry with this name.
    Accepted(String, Identity),
    /// The password is wrong for the entry, or the name that was bound.
    WrongPassword(String),
    /// The entry must not be used, whatever its password.
    Refused(String, &'static str),
    /// Several entries have the name.
    Ambiguous(String),
}

enum Proof {
    Right,
    Wrong,
    Refused(&'static str),
}

impl Directory {
    pub(super) fn new(options: LdapOptions, pool: Pool, memory: Memory, clock: Arc<dyn Clock>) -> Self {
        let attributes = attributes(&options, pool.service().is_some());
        let (by_account, by_login) = searches(&options);
        let logins = Arc::new(Semaphore::new(options.pool.queue.clamp(1, Semaphore::MAX_PERMITS)));
        let owned = Owned::new(options.memory.owned, options.memory.entries);
        Self { options, pool, memory, owned, logins, clock, attributes, by_account, by_login }
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

    /// Whether there is an account of this name, which is [folded](name::fold), whatever its state.
    pub(super) async fn owns(&self, account: String) -> Result<bool, Failure> {
        if let (Some(template), None) = (&self.options.bind_as_user, &self.options.service) {
            return match template.name(&account) {
                // Nobody here could log in with it.
                None => Ok(false),
                Some(_) => Err(Failure::new(
                    Kind::Refused,
                    "nobody may look whether it has an account: name one who searches",
                )),
            };
        }
        let mut searcher = Searcher::Service(&self.pool);
        let mut owned = false;
        for search in &self.by_account {
            owned = owned || !self.search(search, &mut searcher, &account).await?.1.entries.is_empty();
        }
        self.owned.remember(account, owned);
        Ok(owned)
    }

    /// Makes an answer of what the directory said, or else of what is remembered.
    fn answer(
        &self,
        claim: Claim<'_>,
        verdict: Result<LoginVerdict, Failure>,
    ) -> Result<Authn, BackendError> {
        match verdict {
            Ok(LoginVerdict::Accepted(dn, identity)) => {
                self.memory.remember(claim, &dn, &identity);
                self.memory.remember(Claim::Account(&identity.account), &dn, &identity);
                Ok(Authn::Accept(identity))
            }
            Ok(LoginVerdict::Unknown) => {
                self.memory.forget(claim);
                Ok(Authn::Abstain)
            }
            Ok(LoginVerdict::WrongPassword(dn)) => {
                self.memory.refused(claim, &dn);
                Ok(Authn::Reject("wrong password".into()))
            }
            Ok(LoginVerdict::Refused(dn, reason)) => {
                self.memory.forget(claim);
                self.memory.forget_entry(&dn);
                Ok(Authn::Reject(reason.into()))
            }
            Ok(LoginVerdict::Ambiguous(reason)) => {
                self.memory.forget(claim);
                Ok(Authn::Reject(reason.into()))
            }
            Err(failure) => self.without_answer(claim, failure),
        }
    }

    /// What is said where there was no time left to ask.
    pub(super) fn late(&self, claim: Claim<'_>, limit: Duration) -> Result<Authn, BackendError> {
        // Time that was spent waiting for a connection says nothing of the servers.
        let role = match (claim, &self.options.bind_as_user) {
            (Claim::Login(..), Some(_)) => Role::User,
            _ => Role::Service,
        };
        let kind = if self.pool.is_away(role) { Kind::Away } else { Kind::Busy };
        self.without_answer(claim, Failure::late("the directory", limit).with_kind(kind))
    }

    /// Only while the servers are away is what is remembered good.
    fn without_answer(&self, claim: Claim<'_>, failure: Failure) -> Result<Authn, BackendError> {
        match self.memory.in_grace(claim).filter(|_| failure.kind == Kind::Away) {
            Some(identity) => {
                let account = &*identity.account;
                tracing::warn!(account, error = %failure, "the directory is away: accepted as remembered");
                Ok(Authn::Accept(identity))
            }
            None => Err(BackendError::new("ldap", failure)),
        }
    }

    async fn login(&self, name: &str, password: &Password) -> Result<LoginVerdict, Failure> {
        if let Some(template) = &self.options.bind_as_user {
            return self.login_as_user(template, name, password).await;
        }
        let mut searcher = Searcher::Service(&self.pool);
        let (search, entry) = match self.find(&self.by_login, &mut searcher, name).await? {
            Found::One(search, entry) => (search, entry),
            other => {
                self.spend_bind(password).await?;
                return Ok(other.verdict());
            }
        };
        match self.prove(&entry, password).await? {
            Proof::Right => self.accept(&mut searcher, search, entry, name, Login::JustNow).await,
            Proof::Wrong => Ok(LoginVerdict::WrongPassword(entry.dn)),
            Proof::Refused(reason) => Ok(LoginVerdict::Refused(entry.dn, reason)),
        }
    }

    /// Binds first, and lets the user search.
    async fn login_as_user(
        &self,
        template: &BindTemplate,
        name: &str,
        password: &Password,
    ) -> Result<LoginVerdict, Failure> {
        let Some(bind_name) = template.name(name) else { return Ok(LoginVerdict::Unknown) };
        self.pool.learn_service().await;
        if self.pool.service().is_some_and(|service| service.is_bound_by(&bind_name, name)) {
            self.spend_bind(password).await?;
            return Ok(LoginVerdict::Unknown);
        }
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
    ) -> Result<LoginVerdict, Failure> {
        match self.bind(lease, bind_name, password, None).await? {
            Proof::Right => {}
            Proof::Wrong => return Ok(LoginVerdict::WrongPassword(bind_name.to_owned())),
            Proof::Refused(reason) => return Ok(LoginVerdict::Refused(bind_name.to_owned(), reason)),
        }
        let found = self.find(&self.by_login, &mut Searcher::User(lease), name).await?;
        let Found::One(search, entry) = found else { return Ok(found.verdict()) };
        // The filter may have found someone else than who was bound.
        if !dn::same(bind_name, &entry.dn) {
            match self.bind(lease, &entry.dn, password, Some(&entry)).await? {
                Proof::Right => {}
                Proof::Wrong => return Ok(LoginVerdict::WrongPassword(entry.dn)),
                Proof::Refused(reason) => return Ok(LoginVerdict::Refused(entry.dn, reason)),
            }
        }
        self.accept(&mut Searcher::User(lease), search, entry, name, Login::JustNow).await
    }

    async fn look_up(&self, account: &str) -> Result<LoginVerdict, Failure> {
        if self.options.bind_as_user.is_some() && self.options.service.is_none() {
            return Ok(LoginVerdict::Unknown);
        }
        let mut searcher = Searcher::Service(&self.pool);
        match self.find(&self.by_account, &mut searcher, account).await? {
            Found::One(search, entry) => {
                let verdict = self.accept(&mut searcher, search, entry, account, Login::Earlier).await?;
                Ok(match verdict {
                    // It is another one's entry that answers to the name now.
                    LoginVerdict::Accepted(_, identity) if *identity.account != *account => {
                        LoginVerdict::Unknown
                    }
                    verdict => verdict,
                })
            }
            other => Ok(other.verdict()),
        }
    }

    /// The entry of an account, and the search that found it.
    async fn find<'a>(
        &self,
        searches: &'a [UserSearch],
        searcher: &mut Searcher<'_, '_>,
        name: &str,
    ) -> Result<Found<'a>, Failure> {
        for search in searches {
            let (what, found) = self.search(search, searcher, name).await?;
            let several = || Found::Several(format!("{what}: several entries"));
            if found.more.is_some() {
                return Ok(several());
            }
            match account::choose(found.entries, name, search, &self.options.account) {
                Ok(None) => {}
                // The searching account is nobody's: a stranger's passwords would lock it, and everyone out.
                Ok(Some(entry)) if self.pool.service().is_some_and(|service| service.is(&entry)) => {
                    return Ok(Found::Nobody);
                }
                Ok(Some(entry)) => return Ok(Found::One(search, entry)),
                Err(Several) => return Ok(several()),
            }
        }
        Ok(Found::Nobody)
    }

    /// What one search finds for a name, and what failures call that search.
    async fn search(
        &self,
        search: &UserSearch,
        searcher: &mut Searcher<'_, '_>,
        name: &str,
    ) -> Result<(String, Entries), Failure> {
        let UserSearch { base, filter } = search;
        let what = format!("search with the filter {filter} below {base:?}");
        let value = |placeholder: &Placeholder| match placeholder {
            Placeholder::Account => Some(name.to_owned()),
            Placeholder::Dn | Placeholder::User(_) => None,
        };
        // Another placeholder than that was refused when the options were checked.
        let Some(filter) = filter.render(&value) else { return Ok((what, Entries::default())) };
        let attributes = &self.attributes;
        let search = Search { what: &what, base, filter: &filter, attributes, most: NAMESAKES };
        let found = searcher.search(&search).await?;
        Ok((what, found))
    }

    /// Whether this is the password of an entry.
    async fn prove(&self, entry: &DirectoryEntry, password: &Password) -> Result<Proof, Failure> {
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
        entry: Option<&DirectoryEntry>,
    ) -> Result<Proof, Failure> {
        // A bind with an empty name or password is anonymous, and succeeds (RFC 4513, section 5.1). To some servers a NUL is
        // the end of a password.
        if name.is_empty() || password.expose().is_empty() || password.expose().contains('\0') {
            return Ok(Proof::Wrong);
        }
        let result = lease.connection().bind(name, password.expose()).await?;
        self.judge(&result, entry)
    }

    /// What a server's answer to a user's bind means.
    fn judge(&self, result: &Outcome, entry: Option<&DirectoryEntry>) -> Result<Proof, Failure> {
        let by_entry = || status::refusal(entry?, Login::Earlier, self.now());
        match status::refusal_told(result.code, &result.text).or_else(by_entry) {
            _ if result.code == 0 => Ok(Proof::Right),
            Some(reason) if matches!(result.code, 19 | 48 | 49 | 53) => Ok(Proof::Refused(reason)),
            _ if result.code == 49 => Ok(Proof::Wrong),
            // Gone since it was found; or, with a template, never there.
            _ if matches!(result.code, 32 | 34) => Ok(Proof::Refused("no such user")),
            _ => Err(Failure::of_result("bind of the user", result)),
        }
    }

    /// Takes as long as a wrong password.
    async fn spend_bind(&self, password: &Password) -> Result<(), Failure> {
        if !self.options.hide_unknown {
            return Ok(());
        }
        let base = self.options.users.first().map_or("", |search| &*search.base);
        let nobody = DirectoryEntry::named(&format!("cn=token-auth-unknown-account,{base}"));
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
        entry: DirectoryEntry,
        name: &str,
        login: Login,
    ) -> Result<LoginVerdict, Failure> {
        let LdapOptions { account, labels, groups, limits, .. } = &self.options;
        let account = account::canonical(&entry, name, search, account).map_err(Failure::answered)?;
        if !name::is_plain(&account) {
            return Ok(LoginVerdict::Refused(
                entry.dn,
                "its name in the directory has needless blanks, or signs that cannot be seen",
            ));
        }
        if self.options.check_status
            && let Some(reason) = status::refusal(&entry, login, self.now())
        {
            return Ok(LoginVerdict::Refused(entry.dn, reason));
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
            let found = Groups::find(search, limits, searcher, &entry, &account).await?;
            found.label(&mut collected)?;
        }
        let identity = Identity::new(account).with_labels(collected.labels());
        let identity = match status::security_stamp(&entry) {
            Some(stamp) => identity.with_security_stamp(stamp),
            None => identity,
        };
        Ok(LoginVerdict::Accepted(entry.dn, identity))
    }

    fn now(&self) -> SystemTime {
        self.clock.now()
    }
}

/// Whose a name is.
enum Found<'a> {
    One(&'a UserSearch, DirectoryEntry),
    Nobody,
    /// Which search found several.
    Several(String),
}

impl Found<'_> {
    /// What there is to say where it is not one's.
    fn verdict(self) -> LoginVerdict {
        match self {
            Self::Several(what) => LoginVerdict::Ambiguous(what),
            Self::One(..) | Self::Nobody => LoginVerdict::Unknown,
        }
    }
}

/// How an account is found: by the name that it has here, and by what someone logs in with.
fn searches(options: &LdapOptions) -> (Vec<UserSearch>, Vec<UserSearch>) {
    let by_account = |search: &UserSearch| {
        let attribute = account::attribute(&options.account, search)?;
        Some(UserSearch::new(&*search.base, search.filter.with_account_in(attribute)))
    };
    let takes_account = |search: &&UserSearch| {
        account::attribute(&options.account, search).is_some_and(|name| {
            search.filter.account_attributes().iter().any(|attribute| attribute.eq_ignore_ascii_case(name))
        })
    };
    let mut by_login: Vec<_> = options.users.iter().filter(takes_account).filter_map(by_account).collect();
    for search in &options.users {
        if !by_login.contains(search) {
            by_login.push(search.clone());
        }
    }
    (options.users.iter().filter_map(by_account).collect(), by_login)
}

/// All attributes of a user's entry that something is made of, each once.
fn attributes(options: &LdapOptions, has_service: bool) -> Vec<String> {
    let mut attributes: Vec<String> = Vec::new();
    let mut add = |attribute: &str| {
        if !attribute.eq_ignore_ascii_case("dn")
            && !attributes.iter().any(|known| known.eq_ignore_ascii_case(attribute))
        {
            attributes.push(attribute.to_owned());
        }
    };
    options.account.attribute.iter().for_each(|attribute| add(attribute));
    options.users.iter().flat_map(|search| search.filter.account_attributes()).for_each(&mut add);
    if has_service {
        Service::ATTRIBUTES.into_iter().for_each(&mut add);
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
