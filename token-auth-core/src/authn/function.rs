//! A closure as an authenticator.

use std::future::Future;

use async_trait::async_trait;

use crate::{AccountRequest, Authenticator, Authn, AuthnRequest, BackendError, Credentials};

/// An [`Authenticator`] made of a function; see [`authenticator_fn`].
#[derive(Clone, Copy)]
pub struct AuthenticatorFn<F>(F);

/// Makes an authenticator of an async closure, which owns the credentials that it is given. It can say nothing of an account
/// whose credentials are not at hand, so that no refresh tokens are made for it: what can, or wants to know more of the
/// request, implements [`Authenticator`].
///
/// ```
/// use token_auth_core::{authenticator_fn, Authn, Credentials, Identity};
///
/// let guest = authenticator_fn(|credentials: Credentials| async move {
///     Ok(match credentials {
///         Credentials::Anonymous => Authn::Accept(Identity::new("")),
///         _ => Authn::Abstain,
///     })
/// });
/// # let _: &dyn token_auth_core::Authenticator = &guest;
/// ```
pub fn authenticator_fn<F, Fut>(function: F) -> AuthenticatorFn<F>
where
    F: Fn(Credentials) -> Fut + Send + Sync,
    Fut: Future<Output = Result<Authn, BackendError>> + Send,
{
    AuthenticatorFn(function)
}

#[async_trait]
impl<F, Fut> Authenticator for AuthenticatorFn<F>
where
    F: Fn(Credentials) -> Fut + Send + Sync,
    Fut: Future<Output = Result<Authn, BackendError>> + Send,
{
    async fn authenticate(&self, request: &AuthnRequest<'_>) -> Result<Authn, BackendError> {
        (self.0)(request.credentials.clone()).await
    }

    async fn revalidate(&self, _: &AccountRequest<'_>) -> Result<Authn, BackendError> {
        Ok(Authn::Abstain)
    }
}
