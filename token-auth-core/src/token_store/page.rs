//! What is asked of a list of tokens, and a part of the answer.

use super::{TokenId, TokenKind, TokenRecord};

/// Which records are asked for.
///
/// ```
/// use token_auth_core::{TokenKind, TokenQuery};
///
/// let robots = TokenQuery::all().of_account("alice").of_kind(TokenKind::Personal);
/// # assert_eq!(robots.account.as_deref(), Some("alice"));
/// ```
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct TokenQuery {
    /// Of this account only.
    pub account: Option<String>,
    /// Of this kind only.
    pub kind: Option<TokenKind>,
}

impl TokenQuery {
    /// All of them.
    pub fn all() -> Self {
        Self::default()
    }

    /// Of these, those of one account.
    #[must_use]
    pub fn of_account(mut self, account: impl Into<String>) -> Self {
        self.account = Some(account.into());
        self
    }

    /// Of these, those of one kind.
    #[must_use]
    pub fn of_kind(mut self, kind: TokenKind) -> Self {
        self.kind = Some(kind);
        self
    }

    /// Whether this record is one of them.
    pub fn matches(&self, record: &TokenRecord) -> bool {
        self.account.as_ref().is_none_or(|account| *account == record.account)
            && self.kind.is_none_or(|kind| kind == record.kind)
    }
}

/// Some of the records that were asked for.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct TokenPage {
    /// The records.
    pub records: Vec<TokenRecord>,
    /// Tokens whose records cannot be read, whatever their kind. They are good for nothing, and can be
    /// [revoked](super::TokenStore::revoke).
    pub unreadable: Vec<TokenId>,
    /// Where the next page begins; nothing after the last one.
    pub next: Option<PageCursor>,
}

impl TokenPage {
    /// A page, and where the next one begins.
    pub fn new(records: Vec<TokenRecord>, next: Option<PageCursor>) -> Self {
        Self { records, unreadable: Vec::new(), next }
    }

    /// The same, where the records of these tokens cannot be read.
    #[must_use]
    pub fn with_unreadable(self, unreadable: Vec<TokenId>) -> Self {
        Self { unreadable, ..self }
    }
}

/// Where a page begins; of no meaning but its store's.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PageCursor(String);

impl PageCursor {
    /// A cursor by its store's text.
    pub fn new(text: impl Into<String>) -> Self {
        Self(text.into())
    }

    /// The store's text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}
