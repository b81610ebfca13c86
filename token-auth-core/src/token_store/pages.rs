//! All pages of a list, one after the other.

use super::{PageCursor, TokenPage, TokenQuery, TokenStore};
use crate::BackendError;

/// How many records are asked for at a time.
const PAGE: usize = 500;

/// What a store has of a query, page by page: one page is in memory at a time.
///
/// ```
/// use token_auth_core::{BackendError, TokenPages, TokenQuery, TokenStore};
///
/// async fn count(store: &dyn TokenStore) -> Result<usize, BackendError> {
///     let mut pages = TokenPages::new(store, TokenQuery::all());
///     let mut count = 0;
///     while let Some(page) = pages.next().await? {
///         count += page.records.len();
///     }
///     Ok(count)
/// }
/// ```
#[derive(Debug)]
pub struct TokenPages<'s, S: ?Sized> {
    store: &'s S,
    query: TokenQuery,
    after: Option<PageCursor>,
    has_ended: bool,
}

impl<'s, S: TokenStore + ?Sized> TokenPages<'s, S> {
    /// All pages, from the first.
    pub fn new(store: &'s S, query: TokenQuery) -> Self {
        Self { store, query, after: None, has_ended: false }
    }

    /// The next page; nothing after the last one.
    ///
    /// # Errors
    ///
    /// When the store cannot be asked. The same page may be asked for again.
    pub async fn next(&mut self) -> Result<Option<TokenPage>, BackendError> {
        if self.has_ended {
            return Ok(None);
        }
        let page = self.store.list(&self.query, self.after.as_ref(), PAGE).await?;
        self.after.clone_from(&page.next);
        self.has_ended = self.after.is_none();
        Ok(Some(page))
    }
}
