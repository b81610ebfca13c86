//! What narrows a credential below its account.

mod pattern;

use std::sync::Arc;
use std::time::SystemTime;

pub use pattern::{ScopePattern, ScopePatternError};

use crate::{ActionSet, ResourceScope};

/// How a credential is good for less than its account: personal access tokens, refresh tokens and the tokens of build jobs
/// speak through it. It never grants: [`TokenService`](crate::TokenService) intersects what the authorizer grants with it,
/// and takes the earlier of two times.
///
/// ```
/// use std::time::{Duration, UNIX_EPOCH};
/// use token_auth_core::{Identity, Restriction};
///
/// let end = UNIX_EPOCH + Duration::from_secs(1_800_000_000);
/// let robot = Identity::new("alice").restricted(
///     Restriction::none()
///         .to_scopes(["repository:team/**:pull".parse()?])
///         .until(end)
///         .without_refresh_tokens(),
/// );
/// let asked = "repository:team/app:pull,push".parse()?;
/// assert_eq!(robot.restriction.narrow(&asked, asked.actions()).to_string(), "pull");
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Restriction {
    /// Lists of patterns; an action counts if each list allows it.
    scopes: Vec<Arc<[ScopePattern]>>,
    not_after: Option<SystemTime>,
    no_refresh_tokens: bool,
}

impl Restriction {
    /// None: the credential is good for all that its account may do.
    pub const fn none() -> Self {
        Self { scopes: Vec::new(), not_after: None, no_refresh_tokens: false }
    }

    /// Only what one of these patterns allows; an empty list allows nothing.
    #[must_use]
    pub fn to_scopes(mut self, patterns: impl IntoIterator<Item = ScopePattern>) -> Self {
        self.scopes.push(patterns.into_iter().collect());
        self
    }

    /// No token outlives this.
    #[must_use]
    pub fn until(mut self, not_after: SystemTime) -> Self {
        self.not_after = Some(self.not_after.map_or(not_after, |before| before.min(not_after)));
        self
    }

    /// No refresh token is made of the credential.
    #[must_use]
    pub fn without_refresh_tokens(mut self) -> Self {
        self.no_refresh_tokens = true;
        self
    }

    /// Both restrictions at once.
    #[must_use]
    pub fn and(mut self, other: Self) -> Self {
        self.scopes.extend(other.scopes);
        self.no_refresh_tokens |= other.no_refresh_tokens;
        match other.not_after {
            Some(not_after) => self.until(not_after),
            None => self,
        }
    }

    /// What of these actions on the resource of this scope is left.
    pub fn narrow(&self, scope: &ResourceScope, actions: &ActionSet) -> ActionSet {
        self.scopes.iter().fold(actions.clone(), |left, patterns| {
            let mut allowed = ActionSet::new();
            for pattern in patterns.iter() {
                allowed.extend_from(&pattern.narrow(scope, &left));
            }
            allowed
        })
    }

    /// The lists of patterns: an action counts if each list allows it. None, if scopes are not restricted.
    pub fn scopes(&self) -> &[Arc<[ScopePattern]>] {
        &self.scopes
    }

    /// What no token outlives.
    pub fn not_after(&self) -> Option<SystemTime> {
        self.not_after
    }

    /// Whether a refresh token may be made of the credential.
    pub fn allows_refresh_tokens(&self) -> bool {
        !self.no_refresh_tokens
    }
}

#[cfg(test)]
mod tests {
    use std::time::{Duration, UNIX_EPOCH};

    use super::*;

    fn patterns(texts: &[&str]) -> Vec<ScopePattern> {
        texts.iter().map(|text| text.parse().unwrap()).collect()
    }

    #[test]
    fn each_list_narrows_further() {
        let both = Restriction::none()
            .to_scopes(patterns(&["repository:a/*:pull,push", "repository:b:*"]))
            .and(Restriction::none().to_scopes(patterns(&["repository:**:pull,delete"])));
        let narrow = |scope: &str| {
            let scope: ResourceScope = scope.parse().unwrap();
            both.narrow(&scope, scope.actions()).to_string()
        };
        assert_eq!(narrow("repository:a/x:pull,push"), "pull");
        assert_eq!(narrow("repository:b:delete,pull,push"), "delete,pull");
        assert_eq!(narrow("repository:c:pull"), "");
        assert_eq!(narrow("registry:catalog:*"), "");
    }

    #[test]
    fn nothing_widens() {
        let time = |seconds| UNIX_EPOCH + Duration::from_secs(seconds);
        let narrow = Restriction::none().until(time(5)).without_refresh_tokens();
        for both in [narrow.clone().and(Restriction::none()), Restriction::none().and(narrow.clone())] {
            assert_eq!((both.not_after(), both.allows_refresh_tokens()), (Some(time(5)), false));
        }
        assert_eq!(narrow.clone().until(time(9)).not_after(), Some(time(5)));
        assert_eq!(narrow.until(time(3)).not_after(), Some(time(3)));
        let scope: ResourceScope = "repository:a:pull".parse().unwrap();
        assert!(Restriction::none().to_scopes([]).narrow(&scope, scope.actions()).is_empty());
    }
}
