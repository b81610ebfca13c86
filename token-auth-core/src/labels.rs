//! What an identity source says of an account, and how far it may be believed.

use std::collections::BTreeMap;

use serde::ser::{Serialize, SerializeMap, Serializer};

/// Where a label value came from, and so what it may do inside an ACL pattern.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Origin {
    /// The administrator wrote the value: inserted into a pattern, it acts as a piece of pattern (`test/*`).
    Administrator,
    /// A directory or an identity provider supplied it, so its user may be able to edit it: it is escaped.
    Directory,
}

/// One value of a label.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct LabelValue {
    text: Box<str>,
    origin: Origin,
}

impl LabelValue {
    /// A value that stands for itself wherever it is inserted. The right choice for everything that the
    /// administrator of this server did not write.
    pub fn literal(text: impl Into<Box<str>>) -> Self {
        Self { text: text.into(), origin: Origin::Directory }
    }

    /// A value that acts as a piece of pattern where a rule says `${labels:…}`.
    ///
    /// Danger: whoever can edit this value can open what the rule protects (`*` matches any name).
    pub fn dangerous_pattern(text: impl Into<Box<str>>) -> Self {
        Self { text: text.into(), origin: Origin::Administrator }
    }

    /// The value itself.
    pub fn as_str(&self) -> &str {
        &self.text
    }

    /// Where the value came from.
    pub fn origin(&self) -> Origin {
        self.origin
    }
}

/// The labels of an account: name to values, both in a stable order.
///
/// ```
/// use token_auth_core::{LabelValue, Labels};
///
/// let labels = Labels::new().with("group", LabelValue::literal("dev")).with("group", LabelValue::literal("ops"));
/// assert_eq!(labels.get("group").len(), 2);
/// assert!(labels.get("team").is_empty());
/// ```
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Labels {
    values: BTreeMap<Box<str>, Vec<LabelValue>>,
}

impl Labels {
    /// No labels.
    pub const fn new() -> Self {
        Self { values: BTreeMap::new() }
    }

    /// Adds a value to a label.
    pub fn insert(&mut self, name: impl Into<Box<str>>, value: LabelValue) {
        self.values.entry(name.into()).or_default().push(value);
    }

    /// Adds a label without values, if the account does not have it. Not the same as a label that is missing: for an ACL
    /// that says `${labels:team}`, no value means no match, and without the label the placeholder stays text.
    pub fn declare(&mut self, name: impl Into<Box<str>>) {
        self.values.entry(name.into()).or_default();
    }

    /// [`insert`](Self::insert), for building in one expression.
    #[must_use]
    pub fn with(mut self, name: impl Into<Box<str>>, value: LabelValue) -> Self {
        self.insert(name, value);
        self
    }

    /// The values of a label; none if the account does not have it.
    pub fn get(&self, name: &str) -> &[LabelValue] {
        self.values.get(name).map_or(&[], Vec::as_slice)
    }

    /// Whether the account has the label, be it without values.
    pub fn contains(&self, name: &str) -> bool {
        self.values.contains_key(name)
    }

    /// All labels by name.
    pub fn iter(&self) -> impl Iterator<Item = (&str, &[LabelValue])> {
        self.values.iter().map(|(name, values)| (&**name, values.as_slice()))
    }

    /// Whether there are no labels.
    pub fn is_empty(&self) -> bool {
        self.values.is_empty()
    }
}

/// `{"group": ["dev", "ops"]}`: the form in which labels are told to programs outside.
impl Serialize for Labels {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(Some(self.values.len()))?;
        for (name, values) in self.iter() {
            map.serialize_entry(name, &values.iter().map(LabelValue::as_str).collect::<Vec<_>>())?;
        }
        map.end()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn serializes_as_lists_by_name() {
        let labels = Labels::new()
            .with("b", LabelValue::literal("2"))
            .with("a", LabelValue::dangerous_pattern("x/*"))
            .with("b", LabelValue::literal("1"));
        assert_eq!(serde_json::to_string(&labels).unwrap(), r#"{"a":["x/*"],"b":["2","1"]}"#);
    }

    #[test]
    fn a_label_without_values_is_not_a_missing_one() {
        let mut labels = Labels::new().with("a", LabelValue::literal("1"));
        labels.declare("a");
        labels.declare("b");
        assert_eq!((labels.get("a").len(), labels.get("b").len()), (1, 0));
        assert!(labels.contains("b") && !labels.contains("c") && !labels.is_empty());
        assert_eq!(serde_json::to_string(&labels).unwrap(), r#"{"a":["1"],"b":[]}"#);
    }
}
