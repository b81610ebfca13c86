use std::collections::{HashMap, VecDeque};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use aws_lc_rs::constant_time::verify_slices_are_equal;
use aws_lc_rs::hmac;
use aws_lc_rs::rand::SystemRandom;
use token_auth_core::{BackendError, Identity, Password};
use tokio::time::Instant;

use super::LdapMemory;

type Tag = [u8; 32];

/// Logins that succeeded not long ago: bounded in number and in time. For each name that clients log in with it holds the
/// last password that was right, as an HMAC under a key that is random and never leaves it.
pub(super) struct Memory {
    key: hmac::Key,
    options: LdapMemory,
    logins: Mutex<Logins>,
}

#[derive(Default)]
struct Logins {
    by_name: HashMap<Tag, Login>,
    oldest_first: VecDeque<(Tag, Instant)>,
}

struct Login {
    /// None for what was told of an account without its password.
    password: Option<Tag>,
    identity: Identity,
    at: Instant,
}

/// What someone is remembered by.
#[derive(Clone, Copy)]
pub(super) enum Claim<'a> {
    /// A name and a password that a client sent.
    Login(&'a str, &'a Password),
    /// An account that was accepted before.
    Account(&'a str),
}

impl Memory {
    pub(super) fn new(options: LdapMemory) -> Result<Self, BackendError> {
        let key = hmac::Key::generate(hmac::HMAC_SHA256, &SystemRandom::new())
            .map_err(|_| BackendError::new("ldap", "the system gives no random key"))?;
        Ok(Self { key, options, logins: Mutex::default() })
    }

    /// Who that was, if so short a time ago that the directory need not be asked.
    pub(super) fn cached(&self, claim: Claim<'_>) -> Option<Identity> {
        self.find(claim, self.options.cache)
    }

    /// Who that was, if so short a time ago that it is good while the directory is away.
    pub(super) fn in_grace(&self, claim: Claim<'_>) -> Option<Identity> {
        self.find(claim, self.options.grace)
    }

    pub(super) fn remember(&self, claim: Claim<'_>, identity: &Identity) {
        let longest = self.longest();
        if longest.is_zero() || self.options.entries == 0 {
            return;
        }
        let (name, at) = (self.name(claim), Instant::now());
        let login = Login { password: self.password(claim), identity: identity.clone(), at };
        let mut logins = self.lock();
        logins.forget_older_than(longest);
        while logins.by_name.len() >= self.options.entries && !logins.by_name.contains_key(&name) {
            logins.forget_oldest();
        }
        logins.by_name.insert(name, login);
        logins.oldest_first.push_back((name, at));
        // A name that is remembered again leaves its former place behind.
        if logins.oldest_first.len() > self.options.entries.saturating_mul(2) {
            logins.tidy();
        }
    }

    /// The directory has said that this is nobody.
    pub(super) fn forget(&self, claim: Claim<'_>) {
        let name = self.name(claim);
        self.lock().by_name.remove(&name);
    }

    /// The directory has said that this account may not, whatever its user logged in with.
    pub(super) fn forget_account(&self, account: &str) {
        self.lock().by_name.retain(|_, login| *login.identity.account != *account);
    }

    fn find(&self, claim: Claim<'_>, longest: Duration) -> Option<Identity> {
        if longest.is_zero() {
            return None;
        }
        let (name, password) = (self.name(claim), self.password(claim));
        let logins = self.lock();
        let login = logins.by_name.get(&name)?;
        let same = match (&login.password, &password) {
            (Some(known), Some(given)) => verify_slices_are_equal(known, given).is_ok(),
            (None, None) => true,
            _ => false,
        };
        (same && login.at.elapsed() < longest).then(|| login.identity.clone())
    }

    fn longest(&self) -> Duration {
        self.options.cache.max(self.options.grace)
    }

    fn name(&self, claim: Claim<'_>) -> Tag {
        match claim {
            Claim::Login(name, _) => self.tag(b"name", name, ""),
            Claim::Account(account) => self.tag(b"account", account, ""),
        }
    }

    fn password(&self, claim: Claim<'_>) -> Option<Tag> {
        match claim {
            Claim::Login(name, password) => Some(self.tag(b"password", name, password.expose())),
            Claim::Account(_) => None,
        }
    }

    fn tag(&self, purpose: &[u8], name: &str, secret: &str) -> Tag {
        let mut context = hmac::Context::with_key(&self.key);
        for part in [purpose, name.as_bytes(), secret.as_bytes()] {
            context.update(&(part.len() as u64).to_be_bytes());
            context.update(part);
        }
        let mut tag = Tag::default();
        for (to, from) in tag.iter_mut().zip(context.sign().as_ref()) {
            *to = *from;
        }
        tag
    }

    fn lock(&self) -> MutexGuard<'_, Logins> {
        self.logins.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Logins {
    fn forget_older_than(&mut self, longest: Duration) {
        while self.oldest_first.front().is_some_and(|(_, at)| at.elapsed() >= longest) {
            self.forget_oldest();
        }
    }

    fn forget_oldest(&mut self) {
        let Some((name, at)) = self.oldest_first.pop_front() else { return };
        if self.by_name.get(&name).is_some_and(|login| login.at == at) {
            self.by_name.remove(&name);
        }
    }

    fn tidy(&mut self) {
        let Self { by_name, oldest_first } = self;
        oldest_first.retain(|(name, at)| by_name.get(name).is_some_and(|login| login.at == *at));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn memory(cache: u64, grace: u64, entries: usize) -> Memory {
        let [cache, grace] = [cache, grace].map(Duration::from_secs);
        Memory::new(LdapMemory { cache, grace, entries }).unwrap()
    }

    #[tokio::test(start_paused = true)]
    async fn remembers_for_a_time() {
        let (right, wrong) = (Password::new("right"), Password::new("wrong"));
        let alice = Identity::new("alice");
        let memory = memory(10, 60, 100);
        let (login, account) = (Claim::Login("Alice", &right), Claim::Account("alice"));
        assert_eq!(memory.in_grace(login), None);
        memory.remember(login, &alice);
        assert_eq!(
            (memory.cached(login), memory.in_grace(login)),
            (Some(alice.clone()), Some(alice.clone()))
        );
        assert_eq!(memory.in_grace(Claim::Login("Alice", &wrong)), None);
        assert_eq!(memory.in_grace(Claim::Login("alice", &right)), None);
        assert_eq!(memory.in_grace(account), None, "a login is no answer without its password");
        memory.remember(account, &alice);
        assert_eq!(memory.in_grace(account), Some(alice.clone()));
        tokio::time::advance(Duration::from_secs(10)).await;
        assert_eq!((memory.cached(login), memory.in_grace(login)), (None, Some(alice.clone())));
        tokio::time::advance(Duration::from_secs(50)).await;
        assert_eq!(memory.in_grace(login), None);

        memory.remember(login, &alice);
        memory.remember(Claim::Login("Alice", &wrong), &alice);
        assert_eq!(memory.cached(login), None, "the last password that was right counts");
        memory.forget(login);
        assert_eq!(memory.cached(Claim::Login("Alice", &wrong)), None);
        memory.remember(login, &alice);
        memory.forget_account("alice");
        assert_eq!((memory.cached(login), memory.cached(account)), (None, None));
    }

    #[tokio::test(start_paused = true)]
    async fn is_bounded() {
        let password = Password::new("x");
        let memory = memory(60, 0, 10);
        for number in 0..100 {
            let name = number.to_string();
            memory.remember(Claim::Login(&name, &password), &Identity::new(&*name));
            memory.remember(Claim::Login("again", &password), &Identity::new("again"));
            tokio::time::advance(Duration::from_millis(1)).await;
        }
        let logins = memory.lock();
        assert_eq!(logins.by_name.len(), 10);
        assert!(logins.oldest_first.len() <= 20);
        drop(logins);
        assert!(memory.cached(Claim::Login("99", &password)).is_some());
        assert!(memory.cached(Claim::Login("1", &password)).is_none());
        assert!(memory.in_grace(Claim::Login("99", &password)).is_none(), "off");

        let off = self::memory(0, 0, 10);
        off.remember(Claim::Login("a", &password), &Identity::new("a"));
        assert!(off.lock().by_name.is_empty());
    }
}
