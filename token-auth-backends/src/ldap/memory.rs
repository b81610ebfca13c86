//! What the directory said of logins that succeeded not long ago.

use std::collections::HashMap;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use aws_lc_rs::constant_time::verify_slices_are_equal;
use token_auth_core::{BackendError, Identity, Password};
use tokio::time::Instant;

use super::{LdapMemory, dn, name};
use crate::recent::Recent;
use crate::tag::{Tag, TagKey};

/// Logins that succeeded not long ago: bounded in number and in time. For each entry of the directory it holds the last password
/// that was right, as an HMAC under a key that is random and never leaves it, and the names that it was right for.
pub(super) struct Memory {
    key: TagKey,
    options: LdapMemory,
    logins: Mutex<Logins>,
}

struct Logins {
    owners: Recent<Tag, Owner>,
    /// Whose each name is. There are as many as may be remembered, and no owner is without one.
    names: HashMap<Tag, Tag>,
}

/// An entry of the directory.
struct Owner {
    /// None as long as it was only looked up.
    password: Option<Tag>,
    known: Vec<Known>,
    at: Instant,
}

/// What was told of an entry by one of its names.
struct Known {
    name: Tag,
    identity: Identity,
    at: Instant,
}

/// An entry has hardly more names than there are attributes to log in with.
const NAMES: usize = 8;

/// What someone is remembered by. Spellings that are one name to a directory are one here.
#[derive(Clone, Copy)]
pub(super) enum Claim<'a> {
    /// A name and a password that a client sent.
    Login(&'a str, &'a Password),
    /// An account that was accepted before.
    Account(&'a str),
}

impl Memory {
    pub(super) fn new(options: LdapMemory) -> Result<Self, BackendError> {
        let logins = Logins { owners: Recent::new(options.entries), names: HashMap::new() };
        Ok(Self { key: TagKey::random("ldap")?, options, logins: Mutex::new(logins) })
    }

    /// Who that was, if so short a time ago that the directory need not be asked.
    pub(super) fn cached(&self, claim: Claim<'_>) -> Option<Identity> {
        self.find(claim, self.options.cache)
    }

    /// Who that was, if so short a time ago that it is good while the directory is away.
    pub(super) fn in_grace(&self, claim: Claim<'_>) -> Option<Identity> {
        self.find(claim, self.options.grace)
    }

    /// The directory has accepted this for the entry with this name. What it took under another password, or before the password
    /// changed, it would not take any more.
    pub(super) fn remember(&self, claim: Claim<'_>, dn: &str, identity: &Identity) {
        let longest = self.options.cache.max(self.options.grace);
        if longest.is_zero() || self.options.entries == 0 {
            return;
        }
        let (tag, name, at) = (self.owner(dn), self.name(claim), Instant::now());
        let password = self.password(claim, &tag);
        let mut logins = self.lock();
        logins.forget_older_than(longest);
        let outdated = logins.owners.get(&tag).is_some_and(|owner| {
            let another = password.is_some() && owner.password.is_some() && !same(password, owner.password);
            another
                || owner.known.iter().any(|known| known.identity.security_stamp != identity.security_stamp)
        });
        if outdated {
            logins.forget(&tag);
        }
        if logins.names.get(&name).is_some_and(|owner| *owner != tag) {
            logins.forget_name(&name);
        }
        while logins.names.len() >= self.options.entries && !logins.names.contains_key(&name) {
            logins.forget_oldest();
        }
        let known = logins.owners.remove(&tag).map(|owner| (owner.password, owner.known));
        let (before, known) = known.unwrap_or_default();
        let mut owner = Owner { password: password.or(before), known, at };
        owner.known.retain(|known| known.name != name);
        owner.known.push(Known { name, identity: identity.clone(), at });
        let one_too_many = (owner.known.len() > NAMES).then(|| owner.known.remove(0));
        if let Some(known) = one_too_many {
            logins.names.remove(&known.name);
        }
        logins.names.insert(name, tag);
        logins.owners.insert(tag, owner);
    }

    /// The directory has said that this name is nobody's: whoever had it has changed.
    pub(super) fn forget(&self, claim: Claim<'_>) {
        let name = self.name(claim);
        self.lock().forget_name(&name);
    }

    /// The directory has said that this entry must not be used, whatever its user logs in with.
    pub(super) fn forget_entry(&self, dn: &str) {
        let tag = self.owner(dn);
        self.lock().forget(&tag);
    }

    /// The directory has just refused this password, for the entry with this name. If it is the one that is remembered, it has
    /// changed; if it is another, someone has mistyped, and that is no reason to forget anything.
    pub(super) fn refused(&self, claim: Claim<'_>, dn: &str) {
        let (name, tag) = (self.name(claim), self.owner(dn));
        let mut logins = self.lock();
        let by_name = logins.names.get(&name).copied();
        for owner in [Some(tag), by_name].into_iter().flatten() {
            let password = self.password(claim, &owner);
            if logins
                .owners
                .get(&owner)
                .is_some_and(|known| password.is_some() && same(password, known.password))
            {
                logins.forget(&owner);
            }
        }
    }

    fn find(&self, claim: Claim<'_>, longest: Duration) -> Option<Identity> {
        if longest.is_zero() {
            return None;
        }
        let name = self.name(claim);
        let logins = self.lock();
        let tag = logins.names.get(&name)?;
        let owner = logins.owners.get(tag)?;
        let known = owner.known.iter().find(|known| known.name == name)?;
        let right = match claim {
            Claim::Login(..) => same(self.password(claim, tag), owner.password),
            Claim::Account(_) => true,
        };
        (right && known.at.elapsed() < longest).then(|| known.identity.clone())
    }

    fn owner(&self, dn: &str) -> Tag {
        self.key.tag(&[b"entry", dn::key(dn).as_bytes(), b""])
    }

    fn name(&self, claim: Claim<'_>) -> Tag {
        match claim {
            Claim::Login(name, _) => self.key.tag(&[b"name", name::fold(name).as_bytes(), b""]),
            Claim::Account(account) => self.key.tag(&[b"account", account.as_bytes(), b""]),
        }
    }

    fn password(&self, claim: Claim<'_>, owner: &Tag) -> Option<Tag> {
        match claim {
            Claim::Login(_, password) => {
                Some(self.key.tag(&[b"password", owner, password.expose().as_bytes()]))
            }
            Claim::Account(_) => None,
        }
    }

    fn lock(&self) -> MutexGuard<'_, Logins> {
        self.logins.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Whether both are there, and one password.
fn same(one: Option<Tag>, other: Option<Tag>) -> bool {
    match (one, other) {
        (Some(one), Some(other)) => verify_slices_are_equal(&one, &other).is_ok(),
        _ => false,
    }
}

impl Logins {
    fn forget(&mut self, tag: &Tag) {
        let owner = self.owners.remove(tag);
        self.forget_names_of(owner);
    }

    fn forget_names_of(&mut self, owner: Option<Owner>) {
        for known in owner.into_iter().flat_map(|owner| owner.known) {
            self.names.remove(&known.name);
        }
    }

    fn forget_name(&mut self, name: &Tag) {
        if let Some(tag) = self.names.get(name).copied() {
            self.forget(&tag);
        }
    }

    fn forget_older_than(&mut self, longest: Duration) {
        while self.owners.oldest().is_some_and(|owner| owner.at.elapsed() >= longest) {
            self.forget_oldest();
        }
    }

    fn forget_oldest(&mut self) {
        let owner = self.owners.remove_oldest();
        self.forget_names_of(owner);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const ALICE: &str = "uid=alice,dc=x";

    fn memory(cache: u64, grace: u64, entries: usize) -> Memory {
        let [cache, grace] = [cache, grace].map(Duration::from_secs);
        Memory::new(LdapMemory { cache, grace, entries, ..LdapMemory::default() }).unwrap()
    }

    #[tokio::test(start_paused = true)]
    async fn remembers_for_a_time() {
        let (right, wrong) = (Password::new("right"), Password::new("wrong"));
        let alice = Identity::new("alice");
        let memory = memory(10, 60, 100);
        let (login, account) = (Claim::Login("Alice", &right), Claim::Account("alice"));
        assert_eq!(memory.in_grace(login), None);
        memory.remember(login, ALICE, &alice);
        assert_eq!(
            (memory.cached(login), memory.in_grace(login)),
            (Some(alice.clone()), Some(alice.clone()))
        );
        for name in ["alice", "ALICE", "ａlice"] {
            assert_eq!(memory.in_grace(Claim::Login(name, &right)), Some(alice.clone()), "one name: {name}");
            assert_eq!(memory.in_grace(Claim::Login(name, &wrong)), None, "{name}");
        }
        assert_eq!(memory.in_grace(Claim::Login("alice@x", &right)), None, "another name");
        assert_eq!(memory.in_grace(account), None, "a login is no answer without its password");
        memory.remember(account, ALICE, &alice);
        assert_eq!(memory.in_grace(account), Some(alice.clone()));
        tokio::time::advance(Duration::from_secs(10)).await;
        assert_eq!((memory.cached(login), memory.in_grace(login)), (None, Some(alice.clone())));
        tokio::time::advance(Duration::from_secs(50)).await;
        assert_eq!(memory.in_grace(login), None);
    }

    #[tokio::test(start_paused = true)]
    async fn what_the_directory_has_taken_back_is_gone_under_all_names() {
        let (old, new) = (Password::new("old"), Password::new("new"));
        let alice = Identity::new("alice");
        let memory = memory(0, 60, 100);
        let (uid, mail) = (Claim::Login("alice", &old), Claim::Login("alice@x", &old));
        let remember = || {
            memory.remember(uid, ALICE, &alice);
            memory.remember(mail, ALICE, &alice);
            memory.remember(Claim::Account("alice"), ALICE, &alice);
        };
        let known = || [uid, mail, Claim::Account("alice")].map(|claim| memory.in_grace(claim).is_some());
        remember();
        assert_eq!(known(), [true; 3]);
        memory.refused(Claim::Login("alice", &new), "UID=Alice, dc=x");
        assert_eq!(known(), [true; 3], "a password that was mistyped ends nothing");
        memory.refused(uid, "UID=Alice, dc=x");
        assert_eq!(known(), [false; 3], "refused, by the entry");
        remember();
        memory.refused(mail, "alice@ex.test");
        assert_eq!(known(), [false; 3], "refused, by the name");
        remember();
        memory.remember(Claim::Login("ALICE", &new), ALICE, &alice);
        assert_eq!(known(), [false; 3], "a login with another password");
        assert!(memory.in_grace(Claim::Login("alice", &new)).is_some());
        memory.forget_entry(ALICE);
        remember();
        memory.remember(Claim::Account("alice"), ALICE, &alice.clone().with_security_stamp("2"));
        assert_eq!(known(), [false, false, true], "the password has changed");
        for forget in [&|| memory.forget_entry(ALICE) as (), &|| memory.forget(mail)] as [&dyn Fn(); 2] {
            memory.forget_entry(ALICE);
            remember();
            forget();
            assert_eq!(known(), [false; 3]);
        }
        remember();
        memory.remember(mail, "uid=bob,dc=x", &Identity::new("bob"));
        assert_eq!(known(), [false, true, false], "the name has changed hands");
        assert_eq!(memory.in_grace(mail), Some(Identity::new("bob")));
    }

    #[tokio::test(start_paused = true)]
    async fn is_bounded() {
        let password = Password::new("x");
        let memory = memory(60, 0, 10);
        for number in 0..100 {
            let name = number.to_string();
            let dn = format!("uid={name},dc=x");
            memory.remember(Claim::Login(&name, &password), &dn, &Identity::new(&*name));
            memory.remember(Claim::Login("again", &password), "uid=again,dc=x", &Identity::new("again"));
            memory.remember(
                Claim::Login(&format!("{name}@x"), &password),
                "uid=many,dc=x",
                &Identity::new("many"),
            );
            tokio::time::advance(Duration::from_millis(1)).await;
        }
        let logins = memory.lock();
        assert!(logins.names.len() <= 10 && logins.owners.len() <= 10);
        assert_eq!(logins.names.len(), logins.owners.values().map(|owner| owner.known.len()).sum::<usize>());
        drop(logins);
        assert!(memory.cached(Claim::Login("again", &password)).is_some());
        assert!(memory.cached(Claim::Login("1", &password)).is_none());
        assert!(memory.in_grace(Claim::Login("again", &password)).is_none(), "off");

        let off = self::memory(0, 0, 10);
        off.remember(Claim::Login("a", &password), "uid=a", &Identity::new("a"));
        assert!(off.lock().names.is_empty());
    }
}
