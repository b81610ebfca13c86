//! What a claim has to be for a token to be taken.

use serde_json::{Map, Value};
use token_auth_core::acl::{MalformedGlob, glob_matches};

use super::claims;

/// A claim that a token must have, with one of these values.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Requirement {
    pub(super) claim: String,
    globs: Vec<String>,
}

impl Requirement {
    pub(super) fn new(claim: String, globs: Vec<String>) -> Result<Self, MalformedGlob> {
        globs.iter().try_for_each(|glob| glob_matches(glob, "").map(drop))?;
        Ok(Self { claim, globs })
    }

    /// The values.
    pub(super) fn globs(&self) -> impl Iterator<Item = &str> {
        self.globs.iter().map(String::as_str)
    }

    /// Whether the claim is there and has one of the values; of a list, one element.
    pub(super) fn holds(&self, claims: &Map<String, Value>) -> bool {
        let values = claims::texts(claims, &self.claim);
        values.iter().any(|value| self.globs.iter().any(|glob| glob_matches(glob, value).unwrap_or(false)))
    }
}
