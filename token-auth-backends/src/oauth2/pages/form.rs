//! The fields of a form or a query.

use std::borrow::Cow;
use std::collections::BTreeMap;

/// Fields by name. A field that is given twice is as good as none: two readers could take different ones.
pub(super) struct Fields<'a>(BTreeMap<Cow<'a, str>, Option<Cow<'a, str>>>);

impl<'a> Fields<'a> {
    pub(super) fn parse(encoded: &'a [u8]) -> Self {
        let mut fields = BTreeMap::new();
        for (name, value) in url::form_urlencoded::parse(encoded) {
            fields.entry(name).and_modify(|value| *value = None).or_insert(Some(value));
        }
        Self(fields)
    }

    /// A field that is not empty.
    pub(super) fn get(&self, name: &str) -> Option<&str> {
        self.0.get(name)?.as_deref().filter(|value| !value.is_empty())
    }

    pub(super) fn has(&self, name: &str) -> bool {
        self.0.contains_key(name)
    }
}
