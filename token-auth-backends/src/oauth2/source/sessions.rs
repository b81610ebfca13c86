//! Which sessions on the pages are good: those that were begun since someone signed out of the account.

use aws_lc_rs::rand;
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use token_auth_core::{BackendError, BlobKey};

use super::SignInSource;
use crate::oauth2::exchange::unavailable;

impl SignInSource {
    /// What a session of this account carries. It is another one once they have all [ended](Self::end_sessions).
    pub(in crate::oauth2) async fn session_mark(&self, account: &str) -> Result<String, BackendError> {
        let blob = self.store.read_blob(&self.mark_key(account)).await?;
        Ok(blob.map(|blob| URL_SAFE_NO_PAD.encode(blob.data)).unwrap_or_default())
    }

    /// Ends all sessions of this account, in whatever browser, and copies of their cookies.
    pub(in crate::oauth2) async fn end_sessions(&self, account: &str) -> Result<(), BackendError> {
        let mut mark = [0; 16];
        rand::fill(&mut mark).map_err(|_| unavailable(&self.id, "the system has no randomness"))?;
        let key = self.mark_key(account);
        let before = self.store.read_blob(&key).await?;
        // A conflict is someone else who has just ended them.
        self.store.write_blob(&key, before.as_ref().map(|blob| &blob.version), &mark).await?;
        Ok(())
    }

    /// Apart from the provider's tokens, which one process at a time may write.
    fn mark_key(&self, account: &str) -> BlobKey {
        BlobKey::new(format!("{}/sessions", self.id), account)
    }
}
