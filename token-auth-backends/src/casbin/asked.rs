//! One question: may this request have this action?

use std::cell::RefCell;
use std::collections::{HashMap, HashSet};
use std::net::IpAddr;

use token_auth_core::Labels;

use super::roles::Roles;

/// Why a question has no answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub(super) enum Untold {
    #[error("the address of the client is not known")]
    Address,
    #[error("a pattern is missing")]
    Pattern,
}

/// A question, with what was found out for it already.
pub(super) struct Asked<'a> {
    /// In the order of the request's definition. Labels are asked for with a function, and are no text.
    pub(super) parts: [&'a str; 6],
    pub(super) address: Option<IpAddr>,
    pub(super) labels: &'a Labels,
    pub(super) roles: &'a Roles,
    /// By somebody and the domain: most lines ask for the roles of the same account.
    pub(super) found: RefCell<HashMap<(&'a str, &'a str), HashSet<&'a str>>>,
}

impl<'a> Asked<'a> {
    pub(super) fn part(&self, at: usize) -> &'a str {
        self.parts.get(at).copied().unwrap_or_default()
    }

    pub(super) fn address(&self) -> Option<IpAddr> {
        self.address
    }

    pub(super) fn labels(&self) -> &Labels {
        self.labels
    }

    pub(super) fn has_role(&self, who: &'a str, role: &str, domain: &'a str) -> bool {
        if who == role {
            return true;
        }
        let mut found = self.found.borrow_mut();
        found.entry((who, domain)).or_insert_with(|| self.roles.of(who, domain)).contains(role)
    }
}
