//! What stands where in the file.

use std::ops::Bound;
use std::time::SystemTime;

use redb::{
    Database, ReadOnlyTable, ReadTransaction, ReadableTable, Table, TableDefinition, WriteTransaction,
};
use token_auth_core::{
    Blob, BlobKey, BlobVersion, BlobWrite, LastUse, TokenId, TokenKind, TokenPage, TokenQuery, TokenRecord,
};

use super::error::Fault;
use crate::token_store::coded::{decode, encode};
use crate::token_store::listed::{Listed, page, surplus};

/// Records as JSON, by id.
const TOKENS: TableDefinition<'_, &str, &[u8]> = TableDefinition::new("tokens");
/// The kind of each token, by account and id.
const ACCOUNTS: TableDefinition<'_, (&str, &str), &str> = TableDefinition::new("accounts");
/// Version and content of blobs, by source and account.
const BLOBS: TableDefinition<'_, (&str, &str), (u64, &[u8])> = TableDefinition::new("blobs");
/// Numbers by name.
const NUMBERS: TableDefinition<'_, &str, u64> = TableDefinition::new("numbers");

/// The number of this layout.
const FORMAT: (&str, u64) = ("format", 1);
/// The last version that was given to a blob.
const VERSION: &str = "blob version";

/// Beyond every id.
const LAST_ID: &str = "\u{10ffff}";

/// The tables of a transaction that reads.
pub(super) struct Reading {
    tokens: ReadOnlyTable<&'static str, &'static [u8]>,
    accounts: ReadOnlyTable<(&'static str, &'static str), &'static str>,
    blobs: ReadOnlyTable<(&'static str, &'static str), (u64, &'static [u8])>,
}

impl Reading {
    pub(super) fn begin(transaction: &ReadTransaction) -> Result<Self, Fault> {
        Ok(Self {
            tokens: transaction.open_table(TOKENS)?,
            accounts: transaction.open_table(ACCOUNTS)?,
            blobs: transaction.open_table(BLOBS)?,
        })
    }

    pub(super) fn get(&self, id: &TokenId) -> Result<Option<TokenRecord>, Fault> {
        Ok(self.tokens.get(id.as_str())?.map(|json| decode(json.value())).transpose()?)
    }

    pub(super) fn list(
        &self,
        query: &TokenQuery,
        after: Option<&TokenId>,
        limit: usize,
    ) -> Result<TokenPage, Fault> {
        let after = after.map_or("", TokenId::as_str);
        let mut found = Vec::new();
        // One more than asked for tells whether there is another page.
        let mut take = |token: Listed| {
            found.push(token);
            found.len() > limit
        };
        match &query.account {
            Some(account) => self.each_of(account, after, query.kind, &mut take)?,
            None => self.each(after, query.kind, &mut take)?,
        }
        Ok(page(found, limit))
    }

    /// Shows the tokens of an account after this id, until one is enough.
    fn each_of(
        &self,
        account: &str,
        after: &str,
        kind: Option<TokenKind>,
        enough: &mut dyn FnMut(Listed) -> bool,
    ) -> Result<(), Fault> {
        let range = (Bound::Excluded((account, after)), Bound::Excluded((account, LAST_ID)));
        for entry in self.accounts.range::<(&str, &str)>(range)? {
            let (key, of_kind) = entry?;
            if kind.is_some_and(|kind| kind.as_str() != of_kind.value()) {
                continue;
            }
            if let Some(json) = self.tokens.get(key.value().1)?
                && let Some(token) = listed(key.value().1, json.value())
                && enough(token)
            {
                break;
            }
        }
        Ok(())
    }

    /// Shows all tokens after this id, until one is enough.
    fn each(
        &self,
        after: &str,
        kind: Option<TokenKind>,
        enough: &mut dyn FnMut(Listed) -> bool,
    ) -> Result<(), Fault> {
        for entry in self.tokens.range::<&str>((Bound::Excluded(after), Bound::Unbounded))? {
            let (key, json) = entry?;
            let Some(token) = listed(key.value(), json.value()) else { continue };
            let is_other = |record: &TokenRecord| kind.is_some_and(|kind| kind != record.kind);
            if !token.record.as_ref().is_some_and(is_other) && enough(token) {
                break;
            }
        }
        Ok(())
    }

    /// The tokens that have ended.
    pub(super) fn ended(&self, now: SystemTime) -> Result<Vec<TokenId>, Fault> {
        let mut ended = Vec::new();
        self.each("", None, &mut |token| {
            if token.record.is_some_and(|record| record.has_ended(now)) {
                ended.push(token.id);
            }
            false
        })?;
        Ok(ended)
    }

    /// The tokens of an account and a kind beyond this many, the ones that were active the longest ago.
    pub(super) fn surplus(&self, account: &str, kind: TokenKind, keep: usize) -> Result<Vec<TokenId>, Fault> {
        let range = (Bound::Included((account, "")), Bound::Excluded((account, LAST_ID)));
        let mut count = 0;
        for entry in self.accounts.range::<(&str, &str)>(range)? {
            count += usize::from(entry?.1.value() == kind.as_str());
        }
        if count <= keep {
            return Ok(Vec::new());
        }
        let mut found = Vec::with_capacity(count);
        self.each_of(account, "", Some(kind), &mut |token| {
            found.push(token);
            false
        })?;
        Ok(surplus(found, keep))
    }

    #[cfg(all(feature = "config", feature = "oauth2"))]
    pub(super) fn has_blobs(&self) -> Result<bool, Fault> {
        use redb::ReadableTableMetadata as _;
        Ok(!self.blobs.is_empty()?)
    }

    pub(super) fn blob(&self, key: &BlobKey) -> Result<Option<Blob>, Fault> {
        let found = self.blobs.get((&*key.room(), key.name()))?;
        Ok(found.map(|found| {
            let (version, data) = found.value();
            Blob::new(data, BlobVersion::new(version.to_string()))
        }))
    }
}

/// A token under its key, which is always an id.
fn listed(key: &str, json: &[u8]) -> Option<Listed> {
    Some(Listed { id: key.parse().ok()?, record: decode(json).ok() })
}

/// The tables of a transaction that writes.
pub(super) struct Writing<'t> {
    tokens: Table<'t, &'static str, &'static [u8]>,
    accounts: Table<'t, (&'static str, &'static str), &'static str>,
    blobs: Table<'t, (&'static str, &'static str), (u64, &'static [u8])>,
    numbers: Table<'t, &'static str, u64>,
}

impl<'t> Writing<'t> {
    pub(super) fn begin(transaction: &'t WriteTransaction) -> Result<Self, Fault> {
        Ok(Self {
            tokens: transaction.open_table(TOKENS)?,
            accounts: transaction.open_table(ACCOUNTS)?,
            blobs: transaction.open_table(BLOBS)?,
            numbers: transaction.open_table(NUMBERS)?,
        })
    }

    /// Makes the tables of a new file; looks whether those of an old one can be read.
    pub(super) fn prepare(database: &Database) -> Result<(), Fault> {
        let transaction = database.begin_write()?;
        let mut tables = Writing::begin(&transaction)?;
        let (key, current) = FORMAT;
        let format = tables.numbers.get(key)?.map(|number| number.value());
        match format {
            Some(format) if format != current => return Err(Fault::Format(format)),
            Some(_) => {}
            None => drop(tables.numbers.insert(key, current)?),
        }
        drop(tables);
        Ok(transaction.commit()?)
    }

    /// Says whether it was new.
    pub(super) fn insert(&mut self, record: &TokenRecord) -> Result<bool, Fault> {
        if self.tokens.get(record.id.as_str())?.is_some() {
            return Ok(false);
        }
        self.put(record)?;
        self.accounts.insert((&*record.account, record.id.as_str()), record.kind.as_str())?;
        Ok(true)
    }

    fn put(&mut self, record: &TokenRecord) -> Result<(), Fault> {
        let json = encode(record)?;
        self.tokens.insert(record.id.as_str(), json.as_slice())?;
        Ok(())
    }

    fn get(&self, id: &TokenId) -> Result<Option<TokenRecord>, Fault> {
        Ok(self.tokens.get(id.as_str())?.map(|json| decode(json.value())).transpose()?)
    }

    pub(super) fn touch(&mut self, id: &TokenId, last_use: LastUse) -> Result<(), Fault> {
        match self.get(id)? {
            Some(mut record) => {
                record.last_use = Some(last_use);
                self.put(&record)
            }
            None => Ok(()),
        }
    }

    pub(super) fn remove(&mut self, id: &TokenId) -> Result<bool, Fault> {
        let record = match self.tokens.remove(id.as_str())? {
            Some(json) => decode(json.value()),
            None => return Ok(false),
        };
        // One that cannot be read goes all the same; what is left of it in the index is passed over there.
        if let Ok(record) = record {
            self.accounts.remove((&*record.account, id.as_str()))?;
        }
        Ok(true)
    }

    pub(super) fn remove_account(&mut self, account: &str, kind: Option<TokenKind>) -> Result<u64, Fault> {
        let Self { tokens, accounts, .. } = self;
        let range = (Bound::Included((account, "")), Bound::Excluded((account, LAST_ID)));
        let mut removed = 0;
        for entry in accounts.extract_from_if::<(&str, &str), _>(range, |_, of_kind| {
            kind.is_none_or(|kind| kind.as_str() == of_kind)
        })? {
            let (key, _) = entry?;
            removed += u64::from(tokens.remove(key.value().1)?.is_some());
        }
        Ok(removed)
    }

    /// Removes those of these tokens that have ended.
    pub(super) fn remove_ended(&mut self, ids: &[TokenId], now: SystemTime) -> Result<u64, Fault> {
        let mut removed = 0;
        for id in ids {
            let record = match self.get(id) {
                // One that cannot be read stays, for somebody to look at.
                Err(Fault::Record(_)) => None,
                record => record?,
            };
            if record.is_some_and(|record| record.has_ended(now)) {
                removed += u64::from(self.remove(id)?);
            }
        }
        Ok(removed)
    }

    pub(super) fn write_blob(
        &mut self,
        key: &BlobKey,
        expected: Option<&BlobVersion>,
        data: &[u8],
    ) -> Result<BlobWrite, Fault> {
        let room = key.room();
        let place = (&*room, key.name());
        let present = self.blobs.get(place)?.map(|found| found.value().0.to_string());
        if present.as_deref() != expected.map(BlobVersion::as_str) {
            return Ok(BlobWrite::Conflict);
        }
        let version = 1 + self.numbers.get(VERSION)?.map_or(0, |number| number.value());
        self.numbers.insert(VERSION, version)?;
        self.blobs.insert(place, (version, data))?;
        Ok(BlobWrite::Written(BlobVersion::new(version.to_string())))
    }

    pub(super) fn remove_blob(&mut self, key: &BlobKey) -> Result<bool, Fault> {
        Ok(self.blobs.remove((&*key.room(), key.name()))?.is_some())
    }
}
