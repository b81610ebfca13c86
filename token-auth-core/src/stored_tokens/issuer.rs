//! Which issuer a token is of, where several keep theirs in one store.

use super::StoredTokens;
use crate::{BackendError, BlobKey, BlobWrite, TokenRecord};

impl StoredTokens {
    /// Whether the token was made by this issuer. One that nobody has noted an issuer of becomes this one's: for good, and of
    /// several that ask at once only one's.
    pub(super) async fn is_own(&self, record: &TokenRecord) -> Result<bool, BackendError> {
        if let Some(issuer) = &record.issuer {
            return Ok(**issuer == *self.issuer);
        }
        let (key, own) = (BlobKey::Issuer { token: record.id.clone() }, self.issuer.as_bytes());
        if let Some(issuer) = self.store.read_blob(&key).await? {
            return Ok(issuer.data == own);
        }
        Ok(match self.store.write_blob(&key, None, own).await? {
            BlobWrite::Written(_) => true,
            BlobWrite::Conflict => self.store.read_blob(&key).await?.is_some_and(|issuer| issuer.data == own),
        })
    }
}
