//! Accounts named in the configuration: docker_auth's `users`.

#[cfg(test)]
mod tests;

use std::fmt;
use std::sync::Arc;

use token_auth_core::{
    AccountRequest, Authenticator, Authn, AuthnRequest, BackendError, Labels, Memory, Precedence, Succeed,
    async_trait,
};

use crate::accounts::Accounts;
use crate::decoys::Decoys;
use crate::password::{PasswordHash, PasswordVerifier};

/// What is configured for one account.
#[derive(Clone, Debug)]
pub struct StaticUser {
    hash: Option<PasswordHash>,
    labels: Labels,
}

impl StaticUser {
    /// An account with a password.
    pub fn new(hash: PasswordHash) -> Self {
        Self { hash: Some(hash), labels: Labels::new() }
    }

    /// An account that any password opens. Under the name `""` it is the anonymous account, which is what it is good for.
    ///
    /// Danger: under any other name, everyone who knows the name is that account.
    pub fn dangerous_any_password() -> Self {
        Self { hash: None, labels: Labels::new() }
    }

    /// The same account with these labels. The administrator wrote them: they may be
    /// [patterns](token_auth_core::LabelValue::dangerous_pattern).
    #[must_use]
    pub fn with_labels(self, labels: Labels) -> Self {
        Self { labels, ..self }
    }

    /// The labels of the account.
    pub fn labels(&self) -> &Labels {
        &self.labels
    }
}

/// A fixed table of accounts.
///
/// A known account with a wrong password is rejected; an unknown one is left to the next in the chain, after as much work
/// as a known one would have cost. Without credentials only the account `""` is looked up.
///
/// ```
/// use std::sync::Arc;
/// use token_auth_backends::core::{Authenticator, Authn, AuthnRequest, Credentials};
/// use token_auth_backends::password::{PasswordVerifier, VerifierOptions};
/// use token_auth_backends::static_users::{StaticUser, StaticUsers};
///
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// let verifier = Arc::new(PasswordVerifier::new(VerifierOptions::default())?);
/// let users = StaticUsers::new(verifier, [("", StaticUser::dangerous_any_password())]);
/// let anonymous = users.authenticate(&AuthnRequest::new(&Credentials::Anonymous)).await?;
/// assert!(matches!(anonymous, Authn::Accept(_)));
/// let eve = users.authenticate(&AuthnRequest::new(&Credentials::password("eve", ""))).await?;
/// assert_eq!(eve, Authn::Abstain);
/// # Ok(())
/// # }
/// ```
pub struct StaticUsers {
    accounts: Accounts,
    verifier: Arc<PasswordVerifier>,
    decoys: Decoys,
}

impl StaticUsers {
    /// A table of accounts by name. A later account of the same name replaces an earlier one.
    pub fn new<N: Into<Arc<str>>>(
        verifier: Arc<PasswordVerifier>,
        users: impl IntoIterator<Item = (N, StaticUser)>,
    ) -> Self {
        let accounts = users.into_iter().map(|(name, user)| (name.into(), user.hash, user.labels));
        Self { accounts: Accounts::new(accounts), verifier, decoys: Decoys::default() }
    }

    /// Computes nothing for unknown names, and gives away the hashes that were computed for them: for a table that is
    /// followed by another one of passwords, which then computes them. Otherwise an unknown name would cost two hashes
    /// and be told apart by that.
    pub fn take_decoys(&mut self) -> Vec<PasswordHash> {
        self.accounts.take_decoys()
    }
}

#[async_trait]
impl Authenticator for StaticUsers {
    async fn authenticate(&self, request: &AuthnRequest<'_>) -> Result<Authn, BackendError> {
        self.accounts.authenticate(request, &self.verifier, &self.decoys).await
    }

    async fn revalidate(&self, request: &AccountRequest<'_>) -> Result<Authn, BackendError> {
        Ok(self.accounts.revalidate(request.account))
    }

    fn precedence(&self, request: &AccountRequest<'_>) -> Precedence {
        self.accounts.precedence(request.account)
    }

    fn memory(&self) -> Option<&dyn Memory> {
        Some(self)
    }
}

/// Goes on with the passwords that were verified: with each as long as its hash is the same.
impl Succeed for StaticUsers {
    fn succeed(&self, previous: &Self) {
        self.verifier.succeed(&previous.verifier);
    }
}

impl fmt::Debug for StaticUsers {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("StaticUsers").field("accounts", &self.accounts.len()).finish_non_exhaustive()
    }
}
