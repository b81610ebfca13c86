use std::cell::RefCell;
use std::fmt::Write;

use super::field::{Field, join};
use super::finding::Spot;
use super::suggest;

/// A mapping with known keys: those that were asked for. Ends with [`finish`](Self::finish).
pub(super) struct Section<'a> {
    field: Field<'a>,
    entries: Vec<(&'a str, Field<'a>)>,
    asked: RefCell<Vec<&'static str>>,
}

impl<'a> Section<'a> {
    pub(super) fn new(field: Field<'a>, entries: Vec<(&'a str, Field<'a>)>) -> Self {
        Self { field, entries, asked: RefCell::default() }
    }

    pub(super) fn spot(&self) -> Spot {
        self.field.spot()
    }

    /// All keys, without asking for them.
    pub(super) fn entries(&self) -> impl Iterator<Item = (&'a str, &Field<'a>)> {
        self.entries.iter().map(|(key, field)| (*key, field))
    }

    /// The value of a key, if it is there: be it null.
    pub(super) fn present(&self, key: &'static str) -> Option<Field<'a>> {
        self.asked.borrow_mut().push(key);
        self.entries.iter().find(|(name, _)| *name == key).map(|(_, field)| field.clone())
    }

    /// The value of a key, if it is there and not null.
    pub(super) fn get(&self, key: &'static str) -> Option<Field<'a>> {
        self.present(key).filter(|field| !field.is_null())
    }

    /// The value of a key that must be there.
    pub(super) fn require(&self, key: &'static str) -> Option<Field<'a>> {
        self.get(key).or_else(|| {
            self.missing(key, "is required");
            None
        })
    }

    /// Complains of a key that is not there.
    pub(super) fn missing(&self, key: &str, message: impl Into<String>) {
        let path = join(self.field.path(), key);
        self.field.reader().error(self.field.position(), &path, message);
    }

    #[cfg(feature = "ldap")]
    pub(super) fn warn(&self, message: impl Into<String>) {
        self.field.warn(message);
    }

    /// Warns of a key that is not there, or does not say enough.
    #[cfg(any(feature = "oauth2", feature = "workload"))]
    pub(super) fn advise(&self, key: &str, message: impl Into<String>) {
        let path = join(self.field.path(), key);
        self.field.reader().warn(self.field.position(), &path, message);
    }

    /// Names the keys that nobody asked for.
    pub(super) fn finish(self) {
        self.report_unknown(self.field.reader().lenient());
    }

    /// The same where an unknown key means that a condition or a password is missing: never only a warning.
    pub(super) fn finish_strictly(self) {
        self.report_unknown(false);
    }

    fn report_unknown(&self, lenient: bool) {
        let asked = self.asked.borrow();
        for (key, field) in self.entries.iter().filter(|(key, _)| !asked.contains(key)) {
            let mut message = "unknown key".to_owned();
            if let Some(hint) = suggest::hint(key, &asked, self.field.path()) {
                // Writing to a text does not fail.
                let _ = write!(message, ": {hint}");
            }
            match lenient {
                true => field.warn(message),
                false => field.error(message),
            }
        }
    }
}
