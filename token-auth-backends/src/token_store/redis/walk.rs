//! Going through the index, page by page.

use std::collections::VecDeque;

use futures_util::{StreamExt as _, TryStreamExt as _, stream};
use redis::cmd;
use token_auth_core::{TokenId, TokenKind, TokenQuery};

use super::error::Fault;
use super::keys::{BEGIN, IndexEntry, behind};
use super::{Found, Inner};
use crate::token_store::listed::Listed;

/// How many records are asked for at the same time.
pub(super) const AT_ONCE: usize = 64;
/// How many entries are read at once.
const PAGE: usize = 500;

/// What is left to go through.
pub(super) struct Walk<'s> {
    store: &'s Inner,
    kind: Option<TokenKind>,
    sets: VecDeque<Vec<u8>>,
    begin: Vec<u8>,
}

impl<'s> Walk<'s> {
    /// Goes through the tokens that a query asks for, in the order of their ids.
    pub(super) fn new(store: &'s Inner, query: &TokenQuery, after: Option<&TokenId>) -> Self {
        let sets = match &query.account {
            Some(account) => vec![store.keys.account(account)],
            None => store.keys.all_from(after),
        };
        let begin = after.map_or_else(|| BEGIN.to_vec(), behind);
        Self { store, kind: query.kind, sets: sets.into(), begin }
    }

    /// Some further entries, about as many as this; nothing behind the last.
    pub(super) async fn entries(&mut self, count: usize) -> Result<Option<Vec<IndexEntry>>, Fault> {
        let count = count.clamp(16, PAGE);
        while let Some(set) = self.sets.front() {
            let mut range = cmd("ZRANGEBYLEX");
            range.arg(set).arg(&self.begin).arg("+").arg("LIMIT").arg(0).arg(count);
            let members: Vec<Vec<u8>> = self.store.link.ask(&range).await?;
            match members.last() {
                Some(last) if members.len() == count => self.begin = [b"(", last.as_slice()].concat(),
                _ => {
                    self.sets.pop_front();
                    self.begin = BEGIN.to_vec();
                }
            }
            let entries = members.iter().filter_map(|bytes| {
                let entry = IndexEntry::parse(bytes).ok();
                if entry.is_none() {
                    tracing::warn!("an entry of the index of tokens cannot be read: it is passed over");
                }
                entry
            });
            let entries: Vec<_> =
                entries.filter(|entry| self.kind.is_none_or(|kind| kind == entry.kind)).collect();
            if !entries.is_empty() {
                return Ok(Some(entries));
            }
        }
        Ok(None)
    }

    /// Some further tokens, with their records; nothing behind the last. Entries whose records are gone are
    /// taken out of the index.
    pub(super) async fn records(&mut self, count: usize) -> Result<Option<Vec<Listed>>, Fault> {
        let store = self.store;
        while let Some(entries) = self.entries(count).await? {
            let ask = |entry: IndexEntry| async move {
                match store.find(&entry.id).await {
                    Err(Fault::Unreadable(_) | Fault::NoRecord) => Ok((None, entry)),
                    found => Ok::<_, Fault>((Some(found?), entry)),
                }
            };
            let found: Vec<_> = stream::iter(entries).map(ask).buffered(AT_ONCE).try_collect().await?;
            let mut tokens = Vec::with_capacity(found.len());
            let mut gone = Vec::new();
            for (found, entry) in found {
                match found {
                    None => tokens.push(Listed { id: entry.id, record: None }),
                    Some(Found::Record(record)) if record.account == entry.account => {
                        tokens.push(Listed::new(*record));
                    }
                    // Also an entry of an insertion that failed.
                    Some(Found::Record(_) | Found::Nothing) => gone.push(entry),
                    Some(Found::Pending) => {}
                }
            }
            store.forget(&gone).await;
            if !tokens.is_empty() {
                return Ok(Some(tokens));
            }
        }
        Ok(None)
    }
}
