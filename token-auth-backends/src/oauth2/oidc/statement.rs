//! What a provider says of one person: in the ID token, and at the userinfo endpoint.

use serde_json::Value;

use super::ClaimMap;
use crate::oauth2::claims::{find, text};

/// The claims of one person. The ID token's count first; an address counts only with what its own document says of it.
pub(super) struct Statement {
    /// In the order in which they count: at least one, at most two.
    documents: Vec<ClaimMap>,
}

/// What is said of an address. Of what is no address nothing needs to be said.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Verified {
    Yes,
    No,
    Unsaid,
}

impl Statement {
    pub(super) fn new(claims: ClaimMap) -> Self {
        Self { documents: vec![claims] }
    }

    pub(super) fn add(&mut self, further: ClaimMap) {
        self.documents.push(further);
    }

    /// A claim, from the first document that has it.
    pub(super) fn find(&self, path: &str) -> Option<&Value> {
        self.documents.iter().find_map(|claims| find(claims, path))
    }

    /// A claim that is one text.
    pub(super) fn text(&self, path: &str) -> Option<String> {
        self.documents
            .iter()
            .find(|claims| find(claims, path).is_some())
            .and_then(|claims| text(claims, path))
    }

    /// Whether the value of this claim can be believed, as far as it is an address: some document that names this very
    /// address says that it is verified, and none denies it. With `unsaid_will_do` it is enough that none denies it.
    pub(super) fn vouches_for(&self, path: &str, unsaid_will_do: bool) -> bool {
        match self.said_of(path) {
            Verified::Yes => true,
            Verified::No => false,
            Verified::Unsaid => unsaid_will_do,
        }
    }

    /// Whether a further document could add to this claim: the claim itself, or what is said of an address.
    pub(super) fn lacks(&self, path: &str, unsaid_will_do: bool) -> bool {
        self.find(path).is_none() || (!unsaid_will_do && self.said_of(path) == Verified::Unsaid)
    }

    fn said_of(&self, path: &str) -> Verified {
        let (Some(flag), Some(address)) = (flag_of(path), self.find(path)) else { return Verified::Yes };
        let of_it = self.documents.iter().filter(|claims| find(claims, path) == Some(address));
        of_it.map(|claims| verified(find(claims, &flag))).fold(Verified::Unsaid, |sum, one| {
            match (sum, one) {
                (Verified::No, _) | (_, Verified::No) => Verified::No,
                (Verified::Yes, _) | (_, Verified::Yes) => Verified::Yes,
                (Verified::Unsaid, Verified::Unsaid) => Verified::Unsaid,
            }
        })
    }
}

/// The claim that tells whether the address in this claim is verified (OpenID Connect Core 1.0, section 5.1); none for a
/// claim that is not an address.
fn flag_of(path: &str) -> Option<String> {
    match path.strip_suffix("email") {
        Some(before) if before.is_empty() || before.ends_with('.') => Some(format!("{before}email_verified")),
        _ => None,
    }
}

/// Some providers write a text where a boolean belongs. Whatever is neither denies.
fn verified(flag: Option<&Value>) -> Verified {
    match flag {
        None => Verified::Unsaid,
        Some(Value::Bool(true)) => Verified::Yes,
        Some(Value::String(text)) if text == "true" => Verified::Yes,
        Some(_) => Verified::No,
    }
}
