//! How long stored tokens live, and how many there may be.

use std::time::Duration;

/// How refresh tokens live.
///
/// ```
/// use std::time::Duration;
/// use token_auth_core::RefreshPolicy;
///
/// let policy = RefreshPolicy::default().with_lifetime(Some(Duration::from_secs(90 * 86_400)));
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct RefreshPolicy {
    /// How long a token is good, used or not; nothing for as long as it is used. Default 180 days.
    pub lifetime: Option<Duration>,
    /// How long a token is good without being used; nothing for its whole lifetime. Default 30 days.
    pub idle: Option<Duration>,
    /// How many tokens an account has at most: with one more the one that was used the longest ago goes. Default 1000.
    pub per_account: usize,
}

impl Default for RefreshPolicy {
    fn default() -> Self {
        Self { lifetime: Some(DAY * 180), idle: Some(DAY * 30), per_account: 1000 }
    }
}

impl RefreshPolicy {
    /// Replaces the lifetime.
    #[must_use]
    pub fn with_lifetime(self, lifetime: Option<Duration>) -> Self {
        Self { lifetime, ..self }
    }

    /// Replaces how long a token is good without being used.
    #[must_use]
    pub fn with_idle(self, idle: Option<Duration>) -> Self {
        Self { idle, ..self }
    }

    /// Replaces how many tokens an account has at most.
    #[must_use]
    pub fn with_per_account(self, per_account: usize) -> Self {
        Self { per_account, ..self }
    }
}

/// How personal access tokens live.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct PersonalPolicy {
    /// How long a new token may be good at most; nothing for any time, and for ever. Default one year.
    pub max_lifetime: Option<Duration>,
    /// How long a token is good without being used; nothing for its whole lifetime, which is the default.
    pub idle: Option<Duration>,
    /// How many passwords an account may have at once that were given [in exchange](crate::RequestedToken::Password) for a
    /// credential of a build job: with one more the one that was used the longest ago goes. Default 1000.
    pub exchanged_per_account: usize,
}

impl Default for PersonalPolicy {
    fn default() -> Self {
        Self { max_lifetime: Some(DAY * 366), idle: None, exchanged_per_account: 1000 }
    }
}

impl PersonalPolicy {
    /// Replaces how long a new token may be good at most.
    #[must_use]
    pub fn with_max_lifetime(self, max_lifetime: Option<Duration>) -> Self {
        Self { max_lifetime, ..self }
    }

    /// Replaces how long a token is good without being used.
    #[must_use]
    pub fn with_idle(self, idle: Option<Duration>) -> Self {
        Self { idle, ..self }
    }
}

const DAY: Duration = Duration::from_secs(86_400);
