//! The scopes of a request, merged by resource.

use super::{ResourceScope, ScopeError};

/// How much one request may ask for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ScopeLimits {
    /// Scopes a request, malformed ones included. Default 100.
    pub scopes: usize,
    /// Actions a scope. Default 32.
    pub actions: usize,
}

impl Default for ScopeLimits {
    fn default() -> Self {
        Self { scopes: 100, actions: 32 }
    }
}

/// What one request asks for: each resource once, in the order in which it was first named.
///
/// Clients repeat the `scope` parameter, join scopes with spaces, and name one resource twice with different actions;
/// all of that is one set. A malformed scope does not spoil the others: it is kept apart in
/// [`rejected`](Self::rejected), and nothing is granted for it.
///
/// ```
/// use token_auth_core::{ScopeLimits, ScopeSet};
///
/// let set = ScopeSet::parse(["repository:a:pull  repository:a:push", "oops"], ScopeLimits::default())?;
/// assert_eq!(set.scopes()[0].to_string(), "repository:a:pull,push");
/// assert_eq!(set.rejected()[0].scope(), "oops");
/// # Ok::<(), token_auth_core::TooManyScopes>(())
/// ```
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ScopeSet {
    scopes: Vec<ResourceScope>,
    rejected: Vec<ScopeError>,
}

impl ScopeSet {
    /// Reads the values of all `scope` parameters of a request.
    ///
    /// # Errors
    ///
    /// When the request asks for more than the limits allow. Nothing of it is then read.
    pub fn parse<'a>(
        parameters: impl IntoIterator<Item = &'a str>,
        limits: ScopeLimits,
    ) -> Result<Self, TooManyScopes> {
        let mut set = Self::default();
        let texts = parameters.into_iter().flat_map(|value| value.split(' ')).filter(|text| !text.is_empty());
        for (at, text) in texts.enumerate() {
            if at >= limits.scopes {
                return Err(TooManyScopes::Scopes { limit: limits.scopes });
            }
            match text.parse() {
                Ok(scope) => set.merge(scope),
                Err(error) => set.rejected.push(error),
            }
        }
        if set.scopes.iter().any(|scope| scope.actions().len() > limits.actions) {
            return Err(TooManyScopes::Actions { limit: limits.actions });
        }
        Ok(set)
    }

    /// The scopes asked for.
    pub fn scopes(&self) -> &[ResourceScope] {
        &self.scopes
    }

    /// What could not be read.
    pub fn rejected(&self) -> &[ScopeError] {
        &self.rejected
    }

    fn merge(&mut self, scope: ResourceScope) {
        match self.scopes.iter_mut().find(|have| have.same_resource(&scope)) {
            Some(have) => have.add_actions(scope.actions()),
            None => self.scopes.push(scope),
        }
    }
}

/// A request asks for more than the limits allow.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum TooManyScopes {
    /// Too many scopes.
    #[error("more than {limit} scopes")]
    Scopes {
        /// How many are allowed.
        limit: usize,
    },
    /// A scope with too many actions.
    #[error("more than {limit} actions in one scope")]
    Actions {
        /// How many are allowed.
        limit: usize,
    },
}

#[cfg(test)]
mod tests {
    use super::*;

    fn printed(parameters: &[&str]) -> Vec<String> {
        let set = ScopeSet::parse(parameters.iter().copied(), ScopeLimits::default()).unwrap();
        set.scopes().iter().map(ToString::to_string).collect()
    }

    #[test]
    fn merges_what_containerd_sends() {
        assert_eq!(
            printed(&["repository:alice/x:pull repository:b:pull repository:alice/x:pull,push"]),
            ["repository:alice/x:pull,push", "repository:b:pull"]
        );
    }

    #[test]
    fn empty_scopes_ask_for_nothing() {
        assert!(printed(&["", " ", "  "]).is_empty());
    }

    #[test]
    fn limits_are_exact() {
        let limits = ScopeLimits { scopes: 2, actions: 2 };
        assert!(ScopeSet::parse(["a:b:c,d e:f:g"], limits).is_ok());
        assert_eq!(ScopeSet::parse(["a:b:c", "e:f:g oops"], limits), Err(TooManyScopes::Scopes { limit: 2 }));
        assert_eq!(ScopeSet::parse(["a:b:c,d a:b:e"], limits), Err(TooManyScopes::Actions { limit: 2 }));
    }
}
