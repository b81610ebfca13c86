//! A table of accounts with password hashes, as static users and password files have it.
#![cfg_attr(
    not(any(feature = "static-users", feature = "htpasswd")),
    expect(dead_code, reason = "`password` alone has no table of accounts")
)]

use std::collections::HashMap;
use std::sync::Arc;

use token_auth_core::{
    Authn, AuthnRequest, BackendError, Credentials, Identity, Labels, Precedence, Restriction,
};

use crate::decoys::Decoys;
use crate::password::{PasswordHash, PasswordVerifier};

/// One account, its identity ready to be handed out.
struct Account {
    /// Without it any password is accepted.
    hash: Option<PasswordHash>,
    identity: Identity,
}

/// Accounts by name.
pub(crate) struct Accounts {
    by_name: HashMap<Arc<str>, Account>,
    /// What is computed for names that are not in the table.
    decoys: Decoys,
}

impl Accounts {
    /// A later account of the same name replaces an earlier one.
    pub(crate) fn new(accounts: impl IntoIterator<Item = (Arc<str>, Option<PasswordHash>, Labels)>) -> Self {
        let with_identity = |(name, hash, labels): (Arc<str>, Option<PasswordHash>, _)| {
            let identity = Identity::new(Arc::clone(&name)).with_labels(labels);
            let identity = match &hash {
                Some(hash) => identity.with_security_stamp(hash.security_stamp()),
                // Whoever is let in without a password has proved nothing that a token could be made of.
                None => identity.restricted(Restriction::none().without_refresh_tokens()),
            };
            (name, Account { hash, identity })
        };
        let by_name: HashMap<_, _> = accounts.into_iter().map(with_identity).collect();
        let decoys = by_name.values().filter_map(|account| account.hash.clone()).collect();
        Self { by_name, decoys }
    }

    /// Takes the decoys out: nothing is computed for names that are not in the table.
    #[cfg(feature = "static-users")]
    pub(crate) fn take_decoys(&mut self) -> Vec<PasswordHash> {
        self.decoys = Decoys::default();
        self.by_name.values().filter_map(|account| account.hash.clone()).collect()
    }

    /// What is in the table stands there by the administrator's word.
    pub(crate) fn precedence(&self, account: &str) -> Precedence {
        match self.by_name.contains_key(account) {
            true => Precedence::Listed,
            false => Precedence::None,
        }
    }

    pub(crate) fn len(&self) -> usize {
        self.by_name.len()
    }

    /// Says what is in the table now for an account that came from it.
    pub(crate) fn revalidate(&self, account: &str) -> Authn {
        match self.by_name.get(account) {
            Some(account) => Authn::Accept(account.identity.clone()),
            None => Authn::Abstain,
        }
    }

    /// Judges credentials. Without credentials only the anonymous account, `""`, is looked up.
    pub(crate) async fn authenticate(
        &self,
        request: &AuthnRequest<'_>,
        verifier: &PasswordVerifier,
        further: &Decoys,
    ) -> Result<Authn, BackendError> {
        let (name, password) = match request.credentials {
            Credentials::Anonymous => ("", None),
            Credentials::Password { username, password } => (username.as_str(), Some(password)),
            _ => return Ok(Authn::Abstain),
        };
        let Some(account) = self.by_name.get(name) else {
            if let Some(decoy) = self.decoys.choose(name, further) {
                verifier.spend(request, decoy).await?;
            }
            return Ok(Authn::Abstain);
        };
        let accepted = match (&account.hash, password) {
            (None, _) => true,
            (Some(_), None) => false,
            (Some(hash), Some(_)) => verifier.check(request, hash).await?,
        };
        Ok(match accepted {
            true => Authn::Accept(account.identity.clone()),
            false => Authn::Reject("wrong password".into()),
        })
    }
}
