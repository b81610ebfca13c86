//! Accounts that have signed in through another program, which has kept what the provider granted.

use token_auth_core::{Authn, BackendError, BlobKey, Labels};

use super::SignInSource;
use crate::oauth2::memory::Memory;
use crate::oauth2::provider::{Profile, ProviderGrant};

impl SignInSource {
    /// Answers for such an account as for one that has signed in here, from the provider's own word on: the grant says
    /// nothing of who it is. `origin` tells this grant from others of the account; what has become of it is kept apart from
    /// what a sign-in here has brought.
    pub(crate) async fn adopt(
        &self,
        account: &str,
        origin: &str,
        grant: ProviderGrant,
    ) -> Result<Authn, BackendError> {
        let (source, account) = (self.id.clone(), account.to_owned());
        let key = BlobKey::AdoptedGrant { source, origin: origin.to_owned(), account: account.clone() };
        if self.store.read_blob(&key).await?.is_none() {
            let profile = Profile { subject: String::new(), account, labels: Labels::new(), grant };
            // A conflict is another process that has just done the same.
            self.write(&key, None, &Memory::new(profile, 0)).await?;
        }
        self.judge(key).await
    }

    /// What the provider calls an account of this source.
    pub(crate) fn name_there<'a>(&self, account: &'a str) -> Option<&'a str> {
        account.strip_prefix(&*self.account_prefix)
    }
}
