//! What a provider says of one person: in the ID token, and at the userinfo endpoint.

use serde_json::{Map, Value};

use crate::oauth2::claims::{find, text};

type Claims = Map<String, Value>;

/// The claims of one person. The ID token's count first; an address counts only with what its own document says of it.
pub(super) struct Statement {
    /// In the order in which they count: at least one, at most two.
    documents: Vec<Claims>,
}

/// What is said of an address.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Verified {
    Yes,
    No,
    Unsaid,
}

impl Statement {
    pub(super) fn new(claims: Claims) -> Self {
        Self { documents: vec![claims] }
    }

    pub(super) fn add(&mut self, further: Claims) {
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
        let (Some(flag), Some(address)) = (flag_of(path), self.find(path)) else { return true };
        let of_it = self.documents.iter().filter(|claims| find(claims, path) == Some(address));
        let said: Vec<_> = of_it.map(|claims| verified(find(claims, &flag))).collect();
        !said.contains(&Verified::No) && (unsaid_will_do || said.contains(&Verified::Yes))
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
