//! The account that searches: nobody logs in as it, and its password is never tried with a client's.

use std::path::Path;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{PoisonError, RwLock};

use super::entry::DirectoryEntry;
use super::{ServiceAccount, dn, name};

/// The searching account, and what the servers call it.
pub(super) struct Service {
    account: ServiceAccount,
    told: RwLock<Option<Told>>,
    /// Whether a server hangs up when it is asked.
    unasked: AtomicBool,
}

/// What a server says of who is bound (RFC 4532, section 2).
#[derive(Clone, Debug, PartialEq, Eq)]
enum Told {
    Dn(String),
    /// `DOMAIN\NAME`, as Active Directory has it, without the domain.
    Name(String),
    /// Nothing that says who it is.
    Nothing,
}

impl Service {
    /// Attributes of a user's entry by which it is recognized, beside its name.
    pub(super) const ATTRIBUTES: [&str; 2] = ["sAMAccountName", "userPrincipalName"];

    pub(super) fn new(account: ServiceAccount) -> Self {
        Self { account, told: RwLock::new(None), unasked: AtomicBool::new(false) }
    }

    pub(super) fn name(&self) -> &str {
        &self.account.name
    }

    pub(super) fn password_file(&self) -> &Path {
        &self.account.password_file
    }

    /// Whether a server has been asked who it is.
    pub(super) fn is_known(&self) -> bool {
        self.told().is_some()
    }

    /// Whether servers are to be asked who it is.
    pub(super) fn is_to_be_asked(&self) -> bool {
        !self.unasked.load(Ordering::Relaxed)
    }

    /// Asking is of no use.
    pub(super) fn leave_unasked(&self) {
        self.unasked.store(true, Ordering::Relaxed);
        self.learn(None);
    }

    /// A server has answered who this is. One that says nothing does not undo what another one has said.
    pub(super) fn learn(&self, told: Option<&str>) {
        let told = match told.map(|told| told.split_once(':').unwrap_or(("", told))) {
            Some((kind, dn)) if kind.eq_ignore_ascii_case("dn") && !dn.trim().is_empty() => {
                Told::Dn(dn.trim().to_owned())
            }
            Some((kind, user)) if kind.eq_ignore_ascii_case("u") && !user.trim().is_empty() => {
                Told::Name(local_part(user).to_owned())
            }
            _ => Told::Nothing,
        };
        let mut known = self.told.write().unwrap_or_else(PoisonError::into_inner);
        if known.is_none() || told != Told::Nothing {
            *known = Some(told);
        }
    }

    /// Whether this is its entry.
    pub(super) fn is(&self, entry: &DirectoryEntry) -> bool {
        let has = |attribute: &str, value: &str| {
            entry
                .texts(attribute)
                .is_ok_and(|texts| texts.iter().any(|text| name::fold(text) == name::fold(value)))
        };
        let by_name = |name: &str| has("sAMAccountName", name);
        let told = match self.told() {
            Some(Told::Dn(dn)) => dn::same(&dn, &entry.dn),
            Some(Told::Name(name)) => by_name(&name),
            // A login name without its domain: rather one too many than the wrong one.
            Some(Told::Nothing) | None => !self.has_dn() && by_name(local_part(self.name())),
        };
        told || dn::same(self.name(), &entry.dn) || has("userPrincipalName", self.name())
    }

    /// Whether binding with this name, which was made for an account, would be binding as it.
    pub(super) fn is_bound_by(&self, bind_name: &str, account: &str) -> bool {
        let same = |one: &str, other: &str| name::fold(one) == name::fold(other);
        let told = match self.told() {
            Some(Told::Dn(dn)) => dn::same(&dn, bind_name),
            Some(Told::Name(name)) => same(&name, account),
            Some(Told::Nothing) | None => false,
        };
        told || dn::same(self.name(), bind_name)
            || same(self.name(), bind_name)
            || !self.has_dn() && same(local_part(self.name()), account)
    }

    fn has_dn(&self) -> bool {
        dn::parse(self.name()).is_some()
    }

    fn told(&self) -> Option<Told> {
        self.told.read().unwrap_or_else(PoisonError::into_inner).clone()
    }
}

/// `NAME` of `DOMAIN\NAME` and `NAME@DOMAIN`.
fn local_part(name: &str) -> &str {
    let name = name.rsplit_once('\\').map_or(name, |(_, name)| name);
    name.rsplit_once('@').map_or(name, |(name, _)| name).trim()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn recognizes_itself() {
        let entry = |dn: &str| {
            DirectoryEntry::of(
                dn,
                &[("sAMAccountName", &["Registry"]), ("userPrincipalName", &["svc@ex.test"])],
            )
        };
        let dn = "uid=registry,ou=people,dc=x";
        for (name, told, entry, expected) in [
            (dn, None, entry("UID=Registry, ou=people,DC=X"), true),
            (dn, None, entry("uid=alice,ou=people,dc=x"), false),
            ("cn=admin", Some("dn:uid=registry,ou=people,dc=x"), entry(dn), true),
            ("svc@EX.test", None, entry("cn=a"), true),
            ("svc@ex.test", Some(""), entry("cn=a"), true),
            ("registry@ex.test", None, entry("cn=a"), true),
            ("EX\\registry", Some("nonsense"), entry("cn=a"), true),
            ("other@ex.test", Some("u:EX\\registry"), entry("cn=a"), true),
            ("registry@ex.test", Some("u:EX\\other"), entry("cn=a"), false),
            ("other@ex.test", None, entry("cn=a"), false),
            (dn, Some("u:EX\\other"), entry("cn=a"), false),
        ] {
            let service = Service::new(ServiceAccount::new(name, ""));
            if told.is_some() {
                service.learn(told);
            }
            assert_eq!(service.is(&entry), expected, "{name} {told:?} {}", entry.dn);
        }
    }

    #[test]
    fn recognizes_the_name_that_would_be_bound() {
        for (name, told, bind_name, account, expected) in [
            ("uid=registry,dc=x", None, "uid=ＲEGISTRY,dc=x", "ＲEGISTRY", true),
            ("uid=registry,dc=x", None, "uid=alice,dc=x", "alice", false),
            ("registry@ex.test", None, "Registry@ex.test", "Registry", true),
            ("EX\\registry", None, "registry@ex.test", "registry", true),
            ("cn=Registry Service,dc=x", Some("u:EX\\registry"), "registry@ex.test", "registry", true),
            ("cn=Registry Service,dc=x", None, "alice@ex.test", "alice", false),
            ("cn=admin", Some("dn: uid=registry,dc=x"), "uid=registry,dc=x", "registry", true),
        ] {
            let service = Service::new(ServiceAccount::new(name, ""));
            if told.is_some() {
                service.learn(told);
            }
            assert_eq!(service.is_bound_by(bind_name, account), expected, "{name} {told:?} {bind_name}");
        }
    }

    #[test]
    fn what_one_server_said_another_does_not_undo() {
        let service = Service::new(ServiceAccount::new("x@y", ""));
        assert!(!service.is_known());
        service.learn(Some("dn:uid=registry,dc=x"));
        service.learn(None);
        service.learn(Some("dn:"));
        assert!(service.is(&DirectoryEntry::named("uid=registry,dc=x")));
    }
}
