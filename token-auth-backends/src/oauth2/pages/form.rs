//! The fields of a form that a person has filled in, or of a query. Apart from the reader of the protocol's requests, which refuses
//! what it cannot read with a code for programs: here what is amiss is a field without a value, and the page asks for it again.

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
