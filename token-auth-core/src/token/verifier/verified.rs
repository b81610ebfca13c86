//! A token that is good.

use crate::token::Claims;

/// A token that was verified: its claims are true, at the time for which it was asked.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct VerifiedToken {
    claims: Claims,
}

impl VerifiedToken {
    pub(super) fn new(claims: Claims) -> Self {
        Self { claims }
    }

    /// Whose token it is; empty for the anonymous account.
    pub fn account(&self) -> &str {
        &self.claims.subject
    }

    /// Whether it allows the action on the resource: as distribution has it, type and name are compared byte for byte, and
    /// the action `*` stands for all.
    pub fn allows(&self, resource_type: &str, name: &str, action: &str) -> bool {
        let granted = &self.claims.access;
        granted
            .iter()
            .any(|entry| entry.name == name && entry.resource_type == resource_type && entry.allows(action))
    }

    /// All that it says.
    pub fn claims(&self) -> &Claims {
        &self.claims
    }

    /// All that it says.
    pub fn into_claims(self) -> Claims {
        self.claims
    }
}
