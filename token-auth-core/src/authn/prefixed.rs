//! A source whose accounts have a prefix, so that they are no other source's.

use std::borrow::Cow;
use std::sync::Arc;

use async_trait::async_trait;

use crate::{
    AccountRequest, Authenticator, Authn, AuthnRequest, BackendError, Credentials, Memory, Precedence,
    SourceId, Succeed, hand_over,
};

/// A source whose accounts begin with a prefix (`partners/`), to everyone but itself. Who logs in there types the prefix, too:
/// the passwords of others are not shown to the source.
///
/// In a chain all accounts that begin with the prefix are this source's, and no other one's ([`Precedence::Prefix`]).
///
/// ```
/// use token_auth_core::{AuthenticatorChain, Prefixed};
/// # use token_auth_core::{authenticator_fn, Authn, Credentials, SourceError};
/// # let directory = || authenticator_fn(|_: Credentials| async { Ok(Authn::Abstain) });
///
/// let mut chain = AuthenticatorChain::new();
/// chain.push("staff", directory())?;
/// chain.push("partners", Prefixed::new("partners/", directory()))?;
/// # Ok::<(), SourceError>(())
/// ```
#[derive(Clone, Debug)]
pub struct Prefixed<A> {
    prefix: Arc<str>,
    inner: A,
}

impl<A> Prefixed<A> {
    /// The accounts of this source with this prefix, which best ends in a character that names do not have.
    pub fn new(prefix: impl Into<Arc<str>>, inner: A) -> Self {
        Self { prefix: prefix.into(), inner }
    }

    /// What the source calls an account of this name, which is nobody's if it is all prefix.
    fn inside<'n>(&self, name: &'n str) -> Option<&'n str> {
        name.strip_prefix(&*self.prefix).filter(|rest| !rest.is_empty() || self.prefix.is_empty())
    }

    fn outside(&self, answer: Authn) -> Authn {
        match answer {
            Authn::Accept(mut identity) if !identity.account.is_empty() => {
                identity.account = format!("{}{}", self.prefix, identity.account).into();
                Authn::Accept(identity)
            }
            answer => answer,
        }
    }
}

#[async_trait]
impl<A: Authenticator + 'static> Authenticator for Prefixed<A> {
    async fn authenticate(&self, request: &AuthnRequest<'_>) -> Result<Authn, BackendError> {
        let credentials = match request.credentials {
            Credentials::Password { username, password } => match self.inside(username) {
                Some(name) => {
                    let password = password.clone();
                    Cow::Owned(Credentials::Password { username: name.to_owned(), password })
                }
                None => return Ok(Authn::Abstain),
            },
            nameless => Cow::Borrowed(nameless),
        };
        let answer = self.inner.authenticate(&request.with_credentials(&credentials)).await?;
        Ok(self.outside(answer))
    }

    async fn revalidate(&self, request: &AccountRequest<'_>) -> Result<Authn, BackendError> {
        let Some(account) = self.inside(request.account) else { return Ok(Authn::Abstain) };
        Ok(self.outside(self.inner.revalidate(&request.with_account(account)).await?))
    }

    async fn owns(&self, request: &AccountRequest<'_>) -> Result<bool, BackendError> {
        match self.inside(request.account) {
            Some(account) => self.inner.owns(&request.with_account(account)).await,
            None => Ok(false),
        }
    }

    fn is_signed(&self, credentials: &Credentials) -> bool {
        self.inner.is_signed(credentials)
    }

    fn precedence(&self, request: &AccountRequest<'_>) -> Precedence {
        let Some(account) = self.inside(request.account) else { return Precedence::None };
        match (self.inner.precedence(&request.with_account(account)), self.prefix.len()) {
            (own, 0) => own,
            (Precedence::None | Precedence::Place, length) => Precedence::Prefix(length),
            (Precedence::Prefix(further), length) => Precedence::Prefix(length + further),
            (Precedence::Listed, _) => Precedence::Listed,
        }
    }

    fn sources(&self) -> Vec<SourceId> {
        self.inner.sources()
    }

    fn memory(&self) -> Option<&dyn Memory> {
        Some(self)
    }
}

/// What was remembered of accounts with another prefix is of other accounts.
impl<A: Authenticator + 'static> Succeed for Prefixed<A> {
    fn succeed(&self, previous: &Self) {
        if self.prefix == previous.prefix {
            hand_over(previous.inner.memory(), self.inner.memory());
        }
    }
}
