//! Labels as they are written, and which labels there can be at all.

use std::collections::BTreeSet;

use token_auth_core::{LabelValue, Labels};

use super::field::Field;

/// `{group: [dev, ops]}`; `value` says whether the values may act as patterns.
pub(super) fn read(field: &Field<'_>, value: impl Fn(String) -> LabelValue) -> Labels {
    let mut labels = Labels::new();
    for (name, values) in field.entries().unwrap_or_default() {
        labels.declare(name);
        if values.is_null() {
            continue;
        }
        for text in values.texts() {
            labels.insert(name, value(text));
        }
    }
    labels
}

/// The labels that a block can supply; `None` if any.
pub(super) type Supplied = Option<BTreeSet<String>>;

/// These.
pub(super) fn these(labels: &[&str]) -> Supplied {
    Some(labels.iter().map(|label| (*label).to_owned()).collect())
}

/// Those of `label_claims` in each provider of a block, or else these.
pub(super) fn of_claims(block: &Field<'_>, usual: &[&str]) -> Supplied {
    let mut supplied = BTreeSet::new();
    for provider in block.elements() {
        match provider.child("label_claims").or_else(|| provider.child("labels_claims")) {
            None => supplied.extend(these(usual).into_iter().flatten()),
            Some(claims) => {
                let claims = claims.elements();
                let texts = claims.iter().filter_map(Field::scalar_text);
                supplied.extend(
                    texts.map(|text| text.split_once('=').map_or(text, |(label, _)| label).to_owned()),
                );
            }
        }
    }
    Some(supplied)
}
