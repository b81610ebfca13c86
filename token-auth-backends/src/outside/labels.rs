//! The labels that a program or a webhook tells of an account.

use std::collections::BTreeMap;

use serde::Deserialize;
use token_auth_core::{LabelValue, Labels};

/// `{"team": ["dev", "ops"]}`.
#[derive(Debug, Default, Deserialize)]
#[serde(transparent)]
pub(crate) struct ToldLabels(BTreeMap<String, Option<Vec<String>>>);

impl ToldLabels {
    /// The labels, with values of this kind. A label without values is one, and not a missing one.
    pub(crate) fn into_labels(self, value: fn(String) -> LabelValue) -> Labels {
        let mut labels = Labels::new();
        for (name, values) in self.0 {
            labels.declare(name.as_str());
            for text in values.into_iter().flatten() {
                labels.insert(name.as_str(), value(text));
            }
        }
        labels
    }
}
