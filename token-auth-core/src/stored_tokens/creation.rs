//! How every token comes to be: its record is kept, and its account has no more of its kind than it may.

use std::time::SystemTime;

use super::{OpaqueToken, StoredTokens};
use crate::{BackendError, TokenKind, TokenPages, TokenQuery, TokenRecord};

/// How many tokens of a kind an account has at most.
#[derive(Clone, Copy, Debug)]
pub(super) enum Quota {
    /// Any number.
    Unlimited,
    /// With one more the one that was used the longest ago goes. The new one is always kept.
    Replacing(usize),
    /// One more is not made. Of these those count that are good now, of the same source and the same person.
    Refusing(usize),
}

impl StoredTokens {
    /// Makes a token of this issuer, which `describe` says more of; nothing if the quota refuses. Durable.
    pub(super) async fn make(
        &self,
        kind: TokenKind,
        account: &str,
        now: SystemTime,
        quota: Quota,
        describe: impl FnOnce(&mut TokenRecord),
    ) -> Result<Option<(OpaqueToken, TokenRecord)>, BackendError> {
        let token = OpaqueToken::generate(kind)?;
        let mut record = TokenRecord::new(token.id().clone(), kind, account, token.digest(), now);
        record.issuer = Some(self.issuer.to_string());
        describe(&mut record);
        if let Quota::Refusing(most) = quota
            && self.has(most, &record, now).await?
        {
            return Ok(None);
        }
        self.store.insert(&record).await?;
        if let Quota::Replacing(most) = quota {
            // The new one is among the most active, and stays.
            self.store.trim(account, kind, most.max(1)).await?;
        }
        Ok(Some((token, record)))
    }

    /// Whether there are this many tokens beside that one.
    async fn has(&self, most: usize, new: &TokenRecord, now: SystemTime) -> Result<bool, BackendError> {
        let counts = |record: &&TokenRecord| {
            let is_same = |stamp| new.security_stamp.as_ref() == Some(stamp);
            record.source == new.source
                && record.security_stamp.as_ref().is_none_or(is_same)
                && !record.has_ended(now)
        };
        let query = TokenQuery::all().of_account(&*new.account).of_kind(new.kind);
        let mut pages = TokenPages::new(&*self.store, query);
        let mut count = 0;
        while count < most
            && let Some(page) = pages.next().await?
        {
            count += page.records.iter().filter(counts).count();
        }
        Ok(count >= most)
    }
}
