//! Passwords that are given in exchange for a credential that ends sooner.

use std::collections::BTreeMap;
use std::time::{Duration, SystemTime};

use super::creation::Quota;
use super::{OpaqueToken, StoredTokens};
use crate::{
    ActionSet, BackendError, Identity, LabelValue, Labels, ResourceScope, ScopePattern, TokenKind,
    TokenRecord, TokenRequest,
};

impl StoredTokens {
    /// A password for this identity, good for what has just been granted to it; nothing if that is nothing. Durable.
    pub(crate) async fn exchange(
        &self,
        request: &TokenRequest,
        identity: &Identity,
        granted: impl Iterator<Item = (&ResourceScope, &ActionSet)>,
        lifetime: Duration,
        now: SystemTime,
    ) -> Result<Option<OpaqueToken>, BackendError> {
        let Some(policy) = self.personal else { return Ok(None) };
        let granted = granted.filter(|(_, actions)| !actions.is_empty());
        // What no pattern can say, the password is not good for.
        let patterns = granted.filter_map(|(scope, actions)| ScopePattern::exactly(scope, actions).ok());
        let patterns: Vec<_> = patterns.collect();
        if patterns.is_empty() {
            return Ok(None);
        }
        let quota = Quota::Replacing(policy.exchanged_per_account);
        let made = self.make(TokenKind::Personal, &identity.account, now, quota, |record| {
            record.source = identity.source.clone();
            record.service = Some(request.service.clone());
            let client = request.client_id.as_deref().unwrap_or("token exchange");
            record.name = Some(client.chars().filter(|letter| !letter.is_control()).take(100).collect());
            record.labels = Some(labels(&identity.labels));
            record.scopes = vec![patterns];
            record.expires = record.created.checked_add(lifetime);
        });
        Ok(made.await?.map(|(token, _)| token))
    }
}

fn labels(labels: &Labels) -> BTreeMap<String, Vec<String>> {
    let texts = |values: &[LabelValue]| values.iter().map(|value| value.as_str().to_owned()).collect();
    labels.iter().map(|(name, values)| (name.to_owned(), texts(values))).collect()
}

/// Whom a password stands for that was given in exchange; nothing for any other token.
pub(super) fn bearer(record: &TokenRecord) -> Option<Identity> {
    let mut labels = Labels::new();
    for (name, values) in record.labels.as_ref()? {
        labels.declare(name.as_str());
        for value in values {
            labels.insert(name.as_str(), LabelValue::literal(value.as_str()));
        }
    }
    let identity = Identity::new(record.account.as_str()).with_labels(labels);
    Some(match &record.source {
        Some(source) => identity.with_source(source.clone()),
        None => identity,
    })
}
