//! Pages of tokens, with those whose records cannot be read.
#![cfg_attr(
    not(all(feature = "token-store-object", feature = "token-store-redb", feature = "token-store-redis")),
    allow(dead_code, reason = "each store needs other parts of it")
)]

use std::time::{SystemTime, UNIX_EPOCH};

use token_auth_core::{PageCursor, TokenId, TokenPage, TokenRecord};

/// A token that was found, and its record if that can be read.
pub(super) struct Listed {
    pub(super) id: TokenId,
    pub(super) record: Option<TokenRecord>,
}

impl Listed {
    pub(super) fn new(record: TokenRecord) -> Self {
        Self { id: record.id.clone(), record: Some(record) }
    }

    /// The later, the longer it is kept. What cannot be read is of no use to anyone.
    pub(super) fn last_active(&self) -> SystemTime {
        self.record.as_ref().map_or(UNIX_EPOCH, TokenRecord::last_active)
    }
}

/// A page of what was found, in order and one more than the page may have if there are as many. The next one begins behind the
/// last of this one.
pub(super) fn page(mut found: Vec<Listed>, limit: usize) -> TokenPage {
    let more = found.len() > limit;
    found.truncate(limit);
    let next = found.last().filter(|_| more).map(|last| PageCursor::new(last.id.as_str()));
    let (mut records, mut unreadable) = (Vec::with_capacity(found.len()), Vec::new());
    for Listed { id, record } in found {
        match record {
            Some(record) => records.push(record),
            None => unreadable.push(id),
        }
    }
    TokenPage::new(records, next).with_unreadable(unreadable)
}

/// Those beyond as many as are kept, of these: what was active the longest ago.
pub(super) fn surplus(mut found: Vec<Listed>, keep: usize) -> Vec<TokenId> {
    found.sort_by(|a, b| (a.last_active(), &a.id).cmp(&(b.last_active(), &b.id)));
    let surplus = found.len().saturating_sub(keep);
    found.into_iter().take(surplus).map(|token| token.id).collect()
}
