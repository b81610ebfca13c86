//! What a token says, as texts.

use serde_json::{Map, Value};

use crate::issuer::claims::{find, scalar};

/// The values of a claim as texts: one, or one for each element of a list. What has no text is left out, as is the empty
/// one: no condition and no account should come of it.
pub(super) fn texts(claims: &Map<String, Value>, path: &str) -> Vec<String> {
    let text = |value: &Value| scalar(value).filter(|text| !text.is_empty());
    match find(claims, path) {
        Some(Value::Array(values)) => values.iter().filter_map(text).collect(),
        Some(value) => text(value).into_iter().collect(),
        None => Vec::new(),
    }
}
