//! What is kept of an account between two questions to its provider.

use std::collections::BTreeMap;
use std::time::{Duration, UNIX_EPOCH};

use serde::{Deserialize, Serialize};
use token_auth_core::{LabelValue, Labels, Password, unix_seconds};
use zeroize::Zeroizing;

use super::provider::{Profile, ProviderGrant};

/// The provider's last word on an account.
pub(super) struct Memory {
    pub(super) profile: Profile,
    /// When it was said, in seconds since the epoch.
    pub(super) checked: u64,
    pub(super) lease: Option<Lease>,
    /// Why nobody is let in any more, until the next sign-in.
    pub(super) ended: Option<String>,
}

/// Someone is asking the provider, or has just asked it in vain.
#[derive(Clone, Copy, Serialize, Deserialize)]
pub(super) struct Lease {
    pub(super) until: u64,
    pub(super) failed: bool,
}

impl Memory {
    pub(super) fn new(profile: Profile, checked: u64) -> Self {
        Self { profile, checked, lease: None, ended: None }
    }

    pub(super) fn leased(self, until: u64, failed: bool) -> Self {
        Self { lease: Some(Lease { until, failed }), ..self }
    }

    /// What is not needed any more is forgotten.
    pub(super) fn ended(mut self, reason: String) -> Self {
        self.profile.grant =
            ProviderGrant { access_token: Password::new(""), expires: None, refresh_token: None };
        Self { ended: Some(reason), lease: None, ..self }
    }

    pub(super) fn to_json(&self) -> Zeroizing<Vec<u8>> {
        let Profile { subject, account, labels, grant } = &self.profile;
        let texts = |values: &[LabelValue]| values.iter().map(|value| value.as_str().to_owned()).collect();
        let stored = Stored {
            subject: subject.clone(),
            account: account.clone(),
            labels: labels.iter().map(|(name, values)| (name.to_owned(), texts(values))).collect(),
            access_token: grant.access_token.expose().to_owned().into(),
            expires: grant.expires.map(unix_seconds),
            refresh_token: grant.refresh_token.as_ref().map(|token| token.expose().to_owned().into()),
            checked: self.checked,
            lease: self.lease,
            ended: self.ended.clone(),
        };
        // Maps of texts: nothing in it can fail to be written.
        Zeroizing::new(serde_json::to_vec(&stored).unwrap_or_default())
    }

    pub(super) fn from_json(json: &[u8]) -> Option<Self> {
        let stored: Stored = serde_json::from_slice(json).ok()?;
        let mut labels = Labels::new();
        for (name, values) in stored.labels {
            labels.declare(name.as_str());
            for value in values {
                labels.insert(name.as_str(), LabelValue::literal(value));
            }
        }
        let grant = ProviderGrant {
            access_token: Password::new(stored.access_token.as_str()),
            expires: stored.expires.map(|expires| UNIX_EPOCH + Duration::from_secs(expires)),
            refresh_token: stored.refresh_token.map(|token| Password::new(token.as_str())),
        };
        let profile = Profile { subject: stored.subject, account: stored.account, labels, grant };
        Some(Self { profile, checked: stored.checked, lease: stored.lease, ended: stored.ended })
    }
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Stored {
    subject: String,
    account: String,
    labels: BTreeMap<String, Vec<String>>,
    access_token: Zeroizing<String>,
    expires: Option<u64>,
    refresh_token: Option<Zeroizing<String>>,
    checked: u64,
    lease: Option<Lease>,
    ended: Option<String>,
}
