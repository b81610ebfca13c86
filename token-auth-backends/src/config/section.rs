//! A mapping with known keys.

use std::cell::RefCell;

use super::field::{Field, join};
use super::finding::Spot;
use super::kind::{Key, Kind};
use super::suggest;

/// A mapping with known keys, which are asked for one by one. Ends with [`finish`](Self::finish), which names the others.
pub struct Section<'a> {
    field: Field<'a>,
    entries: Vec<(&'a str, Field<'a>)>,
    known: Vec<&'static Key>,
    asked: RefCell<Vec<&'static str>>,
}

impl<'a> Section<'a> {
    pub(super) fn new(
        field: Field<'a>,
        entries: Vec<(&'a str, Field<'a>)>,
        known: Vec<&'static Key>,
    ) -> Self {
        Self { field, entries, known, asked: RefCell::default() }
    }

    /// Where to complain of it later.
    pub fn spot(&self) -> Spot {
        self.field.spot()
    }

    /// The mapping itself.
    pub fn field(&self) -> &Field<'a> {
        &self.field
    }

    pub(super) fn entries(&self) -> &[(&'a str, Field<'a>)] {
        &self.entries
    }

    pub(super) fn is_root(&self) -> bool {
        self.field.path().is_empty()
    }

    pub(super) fn known(&self) -> &[&'static Key] {
        &self.known
    }

    /// The value of a key, if it is there: be it null.
    pub fn present(&self, key: &'static str) -> Option<Field<'a>> {
        self.asked.borrow_mut().push(key);
        if !self.known.iter().any(|known| known.name == key) {
            self.field.mistake(&format!("`{key}` is read, and is not described"));
        }
        self.entries.iter().find(|(name, _)| *name == key).map(|(_, field)| field.clone())
    }

    /// The value of a key, if it is there and not null.
    pub fn get(&self, key: &'static str) -> Option<Field<'a>> {
        self.present(key).filter(|field| !field.is_null())
    }

    /// The value of a key that must be there.
    pub fn require(&self, key: &'static str) -> Option<Field<'a>> {
        self.get(key).or_else(|| {
            self.missing(key, "is required");
            None
        })
    }

    /// Checks the values of all keys that were not asked for: they are known, and of no effect.
    pub fn check_others(&self) {
        for key in &self.known {
            if key.refusal.is_none()
                && !self.asked.borrow().contains(&key.name)
                && let Some(field) = self.get(key.name)
            {
                key.kind.check(&field);
            }
        }
    }

    /// Complains of a key that is not there.
    pub fn missing(&self, key: &str, message: impl Into<String>) {
        let path = join(self.field.path(), key);
        self.field.reader().error(self.field.position(), &path, message);
    }

    /// Warns of the whole.
    pub fn warn(&self, message: impl Into<String>) {
        self.field.warn(message);
    }

    /// Warns of a key that is not there, or does not say enough.
    pub fn advise(&self, key: &str, message: impl Into<String>) {
        let path = join(self.field.path(), key);
        self.field.reader().warn(self.field.position(), &path, message);
    }

    /// Names the keys that are not known, and those that this build does not serve.
    pub fn finish(self) {
        self.end(self.field.reader().lenient());
    }

    /// The same where an unknown key means that a condition or a password is missing: never only a warning.
    pub fn finish_strictly(self) {
        self.end(false);
    }

    fn end(&self, lenient: bool) {
        let asked = self.asked.borrow();
        for (name, field) in &self.entries {
            match self.known.iter().find(|known| known.name == *name) {
                // For anchors, as in compose files.
                None if self.is_root() && name.starts_with("x-") => {}
                None => self.report_unknown(name, field, lenient),
                Some(Key { kind: Kind::Instead(_), .. }) => self.report_unknown(name, field, lenient),
                Some(Key { refusal: Some(refusal), kind, .. }) if !field.is_null() => {
                    field.error(refusal.message());
                    kind.check(field);
                }
                Some(_) if !field.is_null() && !asked.contains(name) => {
                    field.mistake("it is described, and is not read");
                }
                Some(_) => {}
            }
        }
    }

    fn report_unknown(&self, name: &str, field: &Field<'a>, lenient: bool) {
        let message = match suggest::hint(name, self) {
            Some(hint) => format!("unknown key: {hint}"),
            None => "unknown key".to_owned(),
        };
        // What follows the colon in `password:"…"` is nobody's business.
        let shown = suggest::before_colon(name, &self.known).unwrap_or(name);
        let path = join(self.field.path(), shown);
        let reader = self.field.reader();
        match lenient {
            true => reader.warn(field.position(), &path, message),
            false => reader.error(field.position(), &path, message),
        }
    }
}
