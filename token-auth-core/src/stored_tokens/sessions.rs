//! Sessions of people in browsers, who make tokens there: all of an account end at once, on every replica.

use super::StoredTokens;
use crate::{BackendError, BlobKey, BlobWrite, RandomIds, TokenIds as _, TokenKind};

/// Of writes that others were faster than.
const ATTEMPTS: usize = 8;

impl StoredTokens {
    /// What a session of this account carries that begins now. A session is good as long as this is the
    /// [present mark](Self::session_mark), which is random, and so another one in every store.
    ///
    /// # Errors
    ///
    /// When the store cannot be asked.
    pub async fn begin_session(&self, account: &str) -> Result<String, BackendError> {
        for _ in 0..ATTEMPTS {
            if let Some(mark) = self.session_mark(account).await? {
                return Ok(mark);
            }
            // A conflict is another session that has just begun.
            self.write_mark(account, false).await?;
        }
        Err(busy())
    }

    /// What the sessions of this account carry; nothing if none has ever begun.
    ///
    /// # Errors
    ///
    /// When the store cannot be asked.
    pub async fn session_mark(&self, account: &str) -> Result<Option<String>, BackendError> {
        let blob = self.store.read_blob(&key(account)).await?;
        Ok(blob.map(|blob| String::from_utf8_lossy(&blob.data).into_owned()))
    }

    /// Ends all sessions of this account, in whatever browser, and copies of their cookies.
    ///
    /// # Errors
    ///
    /// When the store cannot be asked. They may not have ended then.
    pub async fn end_sessions(&self, account: &str) -> Result<(), BackendError> {
        for _ in 0..ATTEMPTS {
            if self.write_mark(account, true).await? {
                return Ok(());
            }
        }
        Err(busy())
    }

    /// Removes all tokens of an account, of one kind or of all; says how many. With its personal tokens its sessions end,
    /// and before them: none of these makes another token.
    ///
    /// # Errors
    ///
    /// When the store cannot be asked. Some may have been removed.
    pub async fn revoke_account(&self, account: &str, kind: Option<TokenKind>) -> Result<u64, BackendError> {
        if kind != Some(TokenKind::Refresh) {
            self.end_sessions(account).await?;
        }
        self.store.revoke_account(account, kind).await
    }

    /// Writes a new mark, over an old one or where there is none; says whether it was written.
    async fn write_mark(&self, account: &str, over: bool) -> Result<bool, BackendError> {
        let key = key(account);
        let before = if over { self.store.read_blob(&key).await? } else { None };
        let mark = RandomIds.next_id()?;
        let written = self.store.write_blob(&key, before.as_ref().map(|blob| &blob.version), mark.as_bytes());
        Ok(matches!(written.await?, BlobWrite::Written(_)))
    }
}

fn key(account: &str) -> BlobKey {
    BlobKey::Sessions { account: account.to_owned() }
}

fn busy() -> BackendError {
    BackendError::new("token store", "it is written by others all the time")
}
