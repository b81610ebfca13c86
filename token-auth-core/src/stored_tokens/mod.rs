//! Tokens that live for days: refresh tokens, and personal access tokens.

mod creation;
mod exchange;
mod issue;
mod issuer;
mod opaque;
mod personal;
mod policy;
mod redeem;
mod sessions;
#[cfg(test)]
mod tests;

use std::fmt;
use std::sync::Arc;

pub use opaque::{DamagedToken, OpaqueToken};
pub use personal::{CreateTokenError, NewPersonalToken};
pub use policy::{PersonalPolicy, RefreshPolicy};
pub(crate) use redeem::{Presented, Redeemed};

use crate::Store;
#[cfg(doc)]
use crate::TokenStore;

/// Refresh tokens and personal access tokens on a [`Store`], for a [`TokenService`](crate::TokenService).
///
/// Neither kind is issued, or accepted, until its policy is set.
///
/// * A **refresh token** (docker's "identity token") is issued to an account that has just presented its password and asked
///   for one (`offline_token=true`, `access_type=offline`). It is bound to the account and the service, is accepted in the
///   refresh grant only, and is the same after each use. It ends when it expires, is idle for too long, is revoked, when the
///   source no longer knows the account, or when the account's password has changed (its
///   [security stamp](crate::Identity::security_stamp)).
/// * A **personal access token** is made by [`create`](Self::create) and stands in for the account's password. It may be
///   restricted to scopes and networks. It survives a change of the password, but not a change of the person whose the
///   account name is ([subject](crate::Identity::subject)); no refresh token is made of it.
///
/// Each use asks the source whether the account is still there, and what its labels are now
/// ([`Authenticator::revalidate`](crate::Authenticator::revalidate)): a source that cannot say gets no refresh tokens.
///
/// ```
/// use std::sync::Arc;
/// use token_auth_core::{MemoryTokenStore, RefreshPolicy, StoredTokens, TokenService};
///
/// fn with_docker_login(service: TokenService) -> TokenService {
///     let tokens = StoredTokens::new(service.issuer(), Arc::new(MemoryTokenStore::default()))
///         .with_refresh_tokens(RefreshPolicy::default());
///     service.with_stored_tokens(tokens)
/// }
/// ```
#[derive(Clone)]
pub struct StoredTokens {
    issuer: Arc<str>,
    store: Arc<dyn Store>,
    refresh: Option<RefreshPolicy>,
    personal: Option<PersonalPolicy>,
}

impl StoredTokens {
    /// The tokens of this issuer on this store, none of which is issued or accepted yet. The issuer is that of the
    /// [`TokenService`](crate::TokenService): what another one has made in the same store is not good here. What was made
    /// before records had an issuer belongs to the first that it is presented to.
    pub fn new(issuer: impl Into<Arc<str>>, store: Arc<dyn Store>) -> Self {
        Self { issuer: issuer.into(), store, refresh: None, personal: None }
    }

    /// Issues and accepts refresh tokens.
    #[must_use]
    pub fn with_refresh_tokens(self, policy: RefreshPolicy) -> Self {
        Self { refresh: Some(policy), ..self }
    }

    /// Makes and accepts personal access tokens.
    #[must_use]
    pub fn with_personal_tokens(self, policy: PersonalPolicy) -> Self {
        Self { personal: Some(policy), ..self }
    }

    /// Whose tokens these are. Others may be in the same store.
    pub fn issuer(&self) -> &str {
        &self.issuer
    }

    /// Where the tokens are kept: to list and revoke them, and to remove what has ended from time to time
    /// ([`TokenStore::purge`]).
    pub fn store(&self) -> &Arc<dyn Store> {
        &self.store
    }

    /// Whether refresh tokens are issued and accepted.
    pub fn has_refresh_tokens(&self) -> bool {
        self.refresh.is_some()
    }

    /// Whether personal access tokens are made and accepted.
    pub fn has_personal_tokens(&self) -> bool {
        self.personal.is_some()
    }
}

impl fmt::Debug for StoredTokens {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("StoredTokens")
            .field("issuer", &self.issuer)
            .field("store", &self.store.name())
            .field("refresh", &self.refresh)
            .field("personal", &self.personal)
            .finish()
    }
}
