//! Several sources asked in order: the first that does not abstain decides.

use std::borrow::Cow;
use std::sync::Arc;

use async_trait::async_trait;

use crate::{AccessRequest, Authenticator, Authn, Authorizer, Authz, BackendError, Credentials};

/// Authenticators asked in order. The first that does not abstain decides; an `Err` stops the chain, since a source that
/// is away might have rejected what the next one accepts.
///
/// ```
/// use token_auth_core::{authenticator_fn, Authn, AuthenticatorChain, Credentials};
///
/// let nobody = authenticator_fn(|_: Credentials| async { Ok(Authn::Abstain) });
/// let chain: AuthenticatorChain = [std::sync::Arc::new(nobody) as _].into_iter().collect();
/// # let _: &dyn token_auth_core::Authenticator = &chain;
/// ```
#[derive(Clone, Default)]
pub struct AuthenticatorChain(Vec<Arc<dyn Authenticator>>);

impl AuthenticatorChain {
    /// A chain that abstains from everything, until something is pushed.
    pub fn new() -> Self {
        Self::default()
    }

    /// Appends one that is asked when all before it have abstained.
    pub fn push(&mut self, authenticator: impl Authenticator + 'static) {
        self.0.push(Arc::new(authenticator));
    }
}

impl FromIterator<Arc<dyn Authenticator>> for AuthenticatorChain {
    fn from_iter<I: IntoIterator<Item = Arc<dyn Authenticator>>>(members: I) -> Self {
        Self(members.into_iter().collect())
    }
}

#[async_trait]
impl Authenticator for AuthenticatorChain {
    async fn authenticate(&self, credentials: &Credentials) -> Result<Authn, BackendError> {
        for member in &self.0 {
            match member.authenticate(credentials).await? {
                Authn::Abstain => {}
                Authn::Accept(mut identity) => {
                    identity.source.get_or_insert_with(|| member.name());
                    return Ok(Authn::Accept(identity));
                }
                Authn::Reject(reason) => return Ok(Authn::Reject(reason)),
            }
        }
        Ok(Authn::Abstain)
    }

    fn name(&self) -> Cow<'static, str> {
        "chain".into()
    }
}

/// Authorizers asked in order. The first that does not abstain decides, be it to deny; an `Err` stops the chain.
///
/// ```
/// use token_auth_core::{authorizer_fn, AccessRequest, AuthorizerChain, Authz};
///
/// let mut chain = AuthorizerChain::new();
/// chain.push(authorizer_fn(|_: &AccessRequest<'_>| Authz::Abstain));
/// # let _: &dyn token_auth_core::Authorizer = &chain;
/// ```
#[derive(Clone, Default)]
pub struct AuthorizerChain(Vec<Arc<dyn Authorizer>>);

impl AuthorizerChain {
    /// A chain that abstains from everything, until something is pushed.
    pub fn new() -> Self {
        Self::default()
    }

    /// Appends one that is asked when all before it have abstained.
    pub fn push(&mut self, authorizer: impl Authorizer + 'static) {
        self.0.push(Arc::new(authorizer));
    }
}

impl FromIterator<Arc<dyn Authorizer>> for AuthorizerChain {
    fn from_iter<I: IntoIterator<Item = Arc<dyn Authorizer>>>(members: I) -> Self {
        Self(members.into_iter().collect())
    }
}

#[async_trait]
impl Authorizer for AuthorizerChain {
    async fn authorize(&self, request: &AccessRequest<'_>) -> Result<Authz, BackendError> {
        for member in &self.0 {
            match member.authorize(request).await? {
                Authz::Abstain => {}
                Authz::Grant(mut grant) => {
                    grant.decided_by.get_or_insert_with(|| member.name().into());
                    return Ok(Authz::Grant(grant));
                }
            }
        }
        Ok(Authz::Abstain)
    }

    fn name(&self) -> Cow<'static, str> {
        "chain".into()
    }
}
