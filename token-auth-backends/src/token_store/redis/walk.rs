//! Going through the index, page by page.

use std::collections::VecDeque;

use futures_util::{StreamExt as _, TryStreamExt as _, stream};
use redis::cmd;
use token_auth_core::{TokenId, TokenKind, TokenQuery, TokenRecord};

use super::error::Fault;
use super::keys::{BEGIN, Entry, behind};
use super::{Found, Inner};

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
    pub(super) async fn entries(&mut self, count: usize) -> Result<Option<Vec<Entry>>, Fault> {
        let count = count.clamp(16, PAGE);
        while let Some(set) = self.sets.front() {
            let mut range = cmd("ZRANGEBYLEX");
            range.arg(set).arg(&self.begin).arg("+").arg("LIMIT").arg(0).arg(count);
            let members: Vec<Vec<u8>> = self.store.link.ask(&range).await?;
            let entries = members.iter().map(|bytes| Entry::parse(bytes)).collect::<Result<Vec<_>, _>>()?;
            match entries.last() {
                Some(last) if entries.len() == count => self.begin = behind(&last.id),
                _ => {
                    self.sets.pop_front();
                    self.begin = BEGIN.to_vec();
                }
            }
            let entries: Vec<_> =
                entries.into_iter().filter(|entry| self.kind.is_none_or(|kind| kind == entry.kind)).collect();
            if !entries.is_empty() {
                return Ok(Some(entries));
            }
        }
        Ok(None)
    }

    /// Some further records, with when they were last active; nothing behind the last. Entries whose records are gone are
    /// taken out of the index.
    pub(super) async fn records(&mut self, count: usize) -> Result<Option<Vec<TokenRecord>>, Fault> {
        let store = self.store;
        while let Some(entries) = self.entries(count).await? {
            let ask = |entry: Entry| async move { Ok::<_, Fault>((store.find(&entry.id).await?, entry)) };
            let found: Vec<_> = stream::iter(entries).map(ask).buffered(AT_ONCE).try_collect().await?;
            let mut records = Vec::with_capacity(found.len());
            let mut gone = Vec::new();
            for (found, entry) in found {
                match found {
                    Found::Record(record) if record.account == entry.account => records.push(*record),
                    // Also an entry of an insertion that failed.
                    Found::Record(_) | Found::Nothing => gone.push(entry),
                    Found::Pending => {}
                }
            }
            store.forget(&gone).await;
            if !records.is_empty() {
                return Ok(Some(records));
            }
        }
        Ok(None)
    }
}
