//! Where tokens that live for days are kept: refresh tokens and personal access tokens.

mod blob;
mod id;
mod memory;
mod page;
mod pages;
mod record;
mod time;

use std::borrow::Cow;
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use async_trait::async_trait;

pub use blob::{Blob, BlobKey, BlobStore, BlobVersion, BlobWrite};
pub use id::{MalformedTokenId, TokenId};
pub use memory::MemoryTokenStore;
pub use page::{PageCursor, TokenPage, TokenQuery};
pub use pages::TokenPages;
pub use record::{LastUse, SecretDigest, TokenKind, TokenRecord};

use crate::{BackendError, Memory};

/// How exactly the last use of a token is known: it is written again only when it has become this much later.
pub const TOUCH_RESOLUTION: Duration = Duration::from_secs(60);

/// Keeps the records of refresh tokens and personal access tokens.
///
/// A store decides nothing: whether a token is good is judged from its record. What a store owes:
///
/// * **Durable.** What [`insert`](Self::insert), [`revoke`](Self::revoke) and [`revoke_account`](Self::revoke_account) have
///   answered survives a crash of the process at any moment.
/// * **A revocation is final.** Once a revocation has been answered, no operation that ran beside it, and none that comes
///   later, makes the record appear again.
/// * **Read your writes.** What one process has written, it reads; another one may be behind by seconds, but never
///   loses a revocation.
/// * **No transactions.** Each operation stands for itself and touches one record, apart from those that name an
///   account; these may be made of several steps, as long as what was inserted before they began is dealt with.
///
/// An `Err` means only "could not answer". Names of accounts and sources are any text, also an empty one.
///
/// [`MemoryTokenStore`] is one that forgets. `token-auth-backends` has lasting ones, and in its `testkit` the tests of this
/// contract.
#[async_trait]
pub trait TokenStore: Send + Sync {
    /// Adds a record.
    ///
    /// # Errors
    ///
    /// When the store cannot be asked, or has a record of this id already, which stays as it is.
    async fn insert(&self, record: &TokenRecord) -> Result<(), BackendError>;

    /// The record of this id, be the token expired or not.
    ///
    /// # Errors
    ///
    /// When the store cannot be asked, or the record cannot be read.
    async fn get(&self, id: &TokenId) -> Result<Option<TokenRecord>, BackendError>;

    /// Notes the last use of a token. Without a record of this id nothing happens. Need not be durable at once: a crash
    /// may lose some minutes of it. Called at most once in [`TOUCH_RESOLUTION`] for a token and a process.
    ///
    /// # Errors
    ///
    /// When the store cannot be asked. The token is good all the same.
    async fn touch(&self, id: &TokenId, last_use: &LastUse) -> Result<(), BackendError>;

    /// A page of the records that the query asks for: at most `limit` of them, with those that cannot be read, of which at
    /// least one is returned if there is one. A record that cannot be read fails nothing but its own token. A record that is there from the first page to the last is listed once. The order is the store's.
    ///
    /// # Errors
    ///
    /// When the store cannot be asked, or the cursor is not one of its own.
    async fn list(
        &self,
        query: &TokenQuery,
        after: Option<&PageCursor>,
        limit: usize,
    ) -> Result<TokenPage, BackendError>;

    /// Removes a record; says whether it was there.
    ///
    /// # Errors
    ///
    /// When the store cannot be asked.
    async fn revoke(&self, id: &TokenId) -> Result<bool, BackendError>;

    /// Removes all records of an account, of one kind or of all; says how many.
    ///
    /// # Errors
    ///
    /// When the store cannot be asked. Some may have been removed.
    async fn revoke_account(&self, account: &str, kind: Option<TokenKind>) -> Result<u64, BackendError>;

    /// Removes the records whose tokens [have ended](TokenRecord::has_ended); says how many. A store that lets records
    /// expire by itself may find none; it keeps them for at least ten minutes after their end, since the clocks of servers
    /// differ.
    ///
    /// # Errors
    ///
    /// When the store cannot be asked.
    async fn purge(&self, now: SystemTime) -> Result<u64, BackendError>;

    /// Removes the records of an account and a kind that were [active](TokenRecord::last_active) the longest ago, until
    /// no more than `keep` are left; says how many. Called whenever a refresh token has been issued: a store that can
    /// count should do better than this one, which lists them.
    ///
    /// # Errors
    ///
    /// When the store cannot be asked.
    async fn trim(&self, account: &str, kind: TokenKind, keep: usize) -> Result<u64, BackendError> {
        let query = TokenQuery::all().of_account(account).of_kind(kind);
        let mut pages = TokenPages::new(self, query);
        let mut found = Vec::new();
        while let Some(page) = pages.next().await? {
            found.extend(page.records.into_iter().map(|record| (record.last_active(), record.id)));
        }
        found.sort_unstable();
        let surplus = found.len().saturating_sub(keep);
        let mut removed = 0;
        for (_, id) in found.iter().take(surplus) {
            removed += u64::from(self.revoke(id).await?);
        }
        Ok(removed)
    }

    /// What the operator's log calls this store. Default: the name of its type.
    fn name(&self) -> Cow<'static, str> {
        std::any::type_name::<Self>().into()
    }

    /// What it remembers, such as its connections, for the store that has its place when the configuration is loaded again; and
    /// what goes on with the memory of the one before: [`Succeed`](crate::Succeed). Default: nothing, it begins anew each time.
    fn memory(&self) -> Option<&dyn Memory> {
        None
    }
}

/// A store of tokens that keeps blobs, too: what [`StoredTokens`](crate::StoredTokens) stand on. Everything that is both is one.
pub trait Store: TokenStore + BlobStore {}

impl<S: TokenStore + BlobStore + ?Sized> Store for S {}

macro_rules! forward {
    ($($pointer:ty),*) => {$(
        #[async_trait]
        impl<S: TokenStore + ?Sized> TokenStore for $pointer {
            async fn insert(&self, record: &TokenRecord) -> Result<(), BackendError> {
                (**self).insert(record).await
            }

            async fn get(&self, id: &TokenId) -> Result<Option<TokenRecord>, BackendError> {
                (**self).get(id).await
            }

            async fn touch(&self, id: &TokenId, last_use: &LastUse) -> Result<(), BackendError> {
                (**self).touch(id, last_use).await
            }

            async fn list(
                &self,
                query: &TokenQuery,
                after: Option<&PageCursor>,
                limit: usize,
            ) -> Result<TokenPage, BackendError> {
                (**self).list(query, after, limit).await
            }

            async fn revoke(&self, id: &TokenId) -> Result<bool, BackendError> {
                (**self).revoke(id).await
            }

            async fn revoke_account(
                &self,
                account: &str,
                kind: Option<TokenKind>,
            ) -> Result<u64, BackendError> {
                (**self).revoke_account(account, kind).await
            }

            async fn purge(&self, now: SystemTime) -> Result<u64, BackendError> {
                (**self).purge(now).await
            }

            async fn trim(&self, account: &str, kind: TokenKind, keep: usize) -> Result<u64, BackendError> {
                (**self).trim(account, kind, keep).await
            }

            fn name(&self) -> Cow<'static, str> {
                (**self).name()
            }

            fn memory(&self) -> Option<&dyn Memory> {
                (**self).memory()
            }
        }
    )*};
}

forward!(&S, Box<S>, Arc<S>);
