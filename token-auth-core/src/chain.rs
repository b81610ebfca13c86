//! Several sources asked in order: the first that does not abstain decides.

use std::borrow::Cow;
use std::sync::Arc;

use async_trait::async_trait;

use crate::{
    AccessRequest, AccountRequest, Authenticator, Authn, AuthnRequest, Authorizer, Authz, BackendError,
    Credentials,
};

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
    async fn authenticate(&self, request: &AuthnRequest<'_>) -> Result<Authn, BackendError> {
        let signed = self.is_signed(request.credentials);
        for member in &self.0 {
            if signed && !member.is_signed(request.credentials) {
                continue;
            }
            match member.authenticate(request).await? {
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

    /// Asks only the members that are called what the source is called that is asked for, so that an account of one source does
    /// not live on through a namesake in another. Without a source, asks all.
    async fn revalidate(&self, request: &AccountRequest<'_>) -> Result<Authn, BackendError> {
        for member in &self.0 {
            if request.source.is_some_and(|source| source != member.name()) {
                continue;
            }
            match member.revalidate(request).await? {
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

    fn is_signed(&self, credentials: &Credentials) -> bool {
        self.0.iter().any(|member| member.is_signed(credentials))
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Credentials, Identity};

    /// Knows one account, and says so in its label.
    struct Source {
        name: &'static str,
        account: &'static str,
    }

    #[async_trait]
    impl Authenticator for Source {
        async fn authenticate(&self, request: &AuthnRequest<'_>) -> Result<Authn, BackendError> {
            self.revalidate(&AccountRequest::new(request.credentials.username())).await
        }

        async fn revalidate(&self, request: &AccountRequest<'_>) -> Result<Authn, BackendError> {
            Ok(match request.account == self.account {
                true => Authn::Accept(Identity::new(self.account)),
                false => Authn::Abstain,
            })
        }

        fn name(&self) -> Cow<'static, str> {
            self.name.into()
        }
    }

    #[tokio::test]
    async fn an_account_does_not_live_on_through_a_namesake() {
        let before: AuthenticatorChain = [("directory", "bob"), ("directory", "alice"), ("file", "alice")]
            .map(source)
            .into_iter()
            .collect();
        let after: AuthenticatorChain =
            [("directory", "bob"), ("file", "alice")].map(source).into_iter().collect();
        let credentials = Credentials::password("alice", "x");
        let login = before.authenticate(&AuthnRequest::new(&credentials)).await.unwrap();
        let Authn::Accept(identity) = login else { panic!("{login:?}") };
        assert_eq!(identity.source.as_deref(), Some("directory"));

        let request = AccountRequest::of(&identity);
        assert_eq!(before.revalidate(&request).await.unwrap(), Authn::Accept(identity.clone()));
        assert_eq!(after.revalidate(&request).await.unwrap(), Authn::Abstain);
        let of_no_source = AccountRequest::new("alice");
        let found = after.revalidate(&of_no_source).await.unwrap();
        assert!(matches!(found, Authn::Accept(identity) if identity.source.as_deref() == Some("file")));
    }

    fn source((name, account): (&'static str, &'static str)) -> Arc<dyn Authenticator> {
        Arc::new(Source { name, account })
    }
}
