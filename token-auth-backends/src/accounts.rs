//! A table of accounts with password hashes, as static users and password files have it.
#![cfg_attr(
    not(any(feature = "static-users", feature = "htpasswd")),
    expect(dead_code, reason = "`password` alone has no table of accounts")
)]

use std::collections::HashMap;
use std::hash::{BuildHasher, RandomState};
use std::sync::Arc;

use token_auth_core::{Authn, BackendError, Credentials, Identity, Labels};

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
    decoys: Vec<PasswordHash>,
}

impl Accounts {
    /// A later account of the same name replaces an earlier one.
    pub(crate) fn new(accounts: impl IntoIterator<Item = (Arc<str>, Option<PasswordHash>, Labels)>) -> Self {
        let with_identity = |(name, hash, labels): (Arc<str>, _, _)| {
            let identity = Identity::new(Arc::clone(&name)).with_labels(labels);
            (name, Account { hash, identity })
        };
        let by_name: HashMap<_, _> = accounts.into_iter().map(with_identity).collect();
        let decoys = by_name.values().filter_map(|account| account.hash.clone()).collect();
        Self { by_name, decoys }
    }

    /// The same accounts, with nothing computed for names that are not in the table.
    #[cfg(feature = "static-users")]
    pub(crate) fn without_decoys(self) -> Self {
        Self { decoys: Vec::new(), ..self }
    }

    pub(crate) fn len(&self) -> usize {
        self.by_name.len()
    }

    /// Judges credentials. Without credentials only the anonymous account, `""`, is looked up.
    pub(crate) async fn authenticate(
        &self,
        credentials: &Credentials,
        verifier: &PasswordVerifier,
        decoy_choice: &RandomState,
    ) -> Result<Authn, BackendError> {
        let (name, password) = match credentials {
            Credentials::Anonymous => ("", None),
            Credentials::Password { username, password } => (username.as_str(), Some(password)),
            _ => return Ok(Authn::Abstain),
        };
        let Some(account) = self.by_name.get(name) else {
            if let (Some(decoy), Some(password)) = (self.decoy(name, decoy_choice), password) {
                verifier.spend(decoy, password).await?;
            }
            return Ok(Authn::Abstain);
        };
        let accepted = match (&account.hash, password) {
            (None, _) => true,
            (Some(_), None) => false,
            (Some(hash), Some(password)) => verifier.verify(hash, password).await?,
        };
        Ok(match accepted {
            true => Authn::Accept(account.identity.clone()),
            false => Authn::Reject("wrong password".into()),
        })
    }

    /// Which hash an unknown name costs: always the same for the same name, as it would be if it existed.
    fn decoy(&self, name: &str, choice: &RandomState) -> Option<&PasswordHash> {
        let count = u64::try_from(self.decoys.len()).ok()?;
        let index = choice.hash_one(name).checked_rem(count)?;
        self.decoys.get(usize::try_from(index).ok()?)
    }
}
