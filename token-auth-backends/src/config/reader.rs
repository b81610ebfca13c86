//! Typed values out of the tree, every complaint collected with its line and key.

use std::cell::RefCell;
use std::fmt::Write;
use std::rc::Rc;
use std::sync::Arc;
use std::time::Duration;

use super::duration;
use super::finding::Finding;
use super::suggest;
use super::yaml::{Node, Position, Scalar, Value};

/// Collects what is found.
pub(super) struct Reader {
    file: Arc<str>,
    lenient: bool,
    errors: RefCell<Vec<Finding>>,
    warnings: RefCell<Vec<Finding>>,
}

impl Reader {
    pub(super) fn new(file: &str, lenient: bool) -> Self {
        let (errors, warnings) = (RefCell::default(), RefCell::default());
        Self { file: file.into(), lenient, errors, warnings }
    }

    pub(super) fn error(&self, position: Position, key: &str, message: impl Into<String>) {
        self.errors.borrow_mut().push(Finding::new(&self.file, position, key, message));
    }

    pub(super) fn warn(&self, position: Position, key: &str, message: impl Into<String>) {
        self.warnings.borrow_mut().push(Finding::new(&self.file, position, key, message));
    }

    /// Errors, and warnings.
    pub(super) fn finish(self) -> (Vec<Finding>, Vec<Finding>) {
        (self.errors.into_inner(), self.warnings.into_inner())
    }
}

/// A value and the key under which it stands. The methods that read it complain and return `None` if it is another kind
/// of value; they never show it.
#[derive(Clone)]
pub(super) struct Field<'a> {
    reader: &'a Reader,
    node: &'a Node,
    path: String,
    /// Of its key, or of the item itself.
    position: Position,
}

impl<'a> Field<'a> {
    pub(super) fn root(reader: &'a Reader, node: &'a Node) -> Self {
        Self { reader, node, path: String::new(), position: node.position }
    }

    pub(super) fn position(&self) -> Position {
        self.position
    }

    pub(super) fn error(&self, message: impl Into<String>) {
        self.reader.error(self.position, &self.path, message);
    }

    pub(super) fn warn(&self, message: impl Into<String>) {
        self.reader.warn(self.position, &self.path, message);
    }

    pub(super) fn is_null(&self) -> bool {
        matches!(&self.node.value, Value::Scalar(scalar) if scalar.is_null())
    }

    pub(super) fn text(&self) -> Option<&'a str> {
        self.scalar("must be a text")
            .filter(|scalar| !scalar.is_null() || self.must("must be a text"))
            .map(Scalar::text)
    }

    /// A text that is not empty.
    pub(super) fn filled(&self) -> Option<&'a str> {
        self.text().filter(|text| !text.is_empty() || self.must("must not be empty"))
    }

    /// What the text parses to, or else what the parser says.
    pub(super) fn parsed<T>(&self, parse: impl FnOnce(&str) -> Result<T, String>) -> Option<T> {
        parse(self.text()?).map_err(|message| self.error(message)).ok()
    }

    pub(super) fn flag(&self) -> Option<bool> {
        let complaint = "must be true or false, without quotes";
        let flag = self.scalar(complaint)?.as_bool();
        flag.or_else(|| self.complain(complaint))
    }

    pub(super) fn integer(&self, smallest: i64, largest: i64) -> Option<i64> {
        let complaint = "must be a whole number, without quotes, unit or leading zeros";
        let number = self.scalar(complaint)?.as_integer().or_else(|| self.complain(complaint))?;
        match (smallest..=largest).contains(&number) {
            true => Some(number),
            false => self.complain(format!("must be from {smallest} to {largest}, and is {number}")),
        }
    }

    /// A count or size that fits in memory.
    pub(super) fn count(&self, smallest: i64) -> Option<usize> {
        usize::try_from(self.integer(smallest, i64::from(u32::MAX))?).ok()
    }

    pub(super) fn duration(&self) -> Option<Duration> {
        self.parsed(|text| duration::parse(text).map_err(str::to_owned))
    }

    pub(super) fn items(&self) -> Option<Vec<Self>> {
        let Value::Sequence(items) = &self.node.value else {
            return self.complain("must be a list: [..], or lines that begin with `-`");
        };
        let item = |(index, node): (usize, &'a Rc<Node>)| Self {
            reader: self.reader,
            node,
            path: format!("{}[{}]", self.path, index + 1),
            position: node.position,
        };
        Some(items.iter().enumerate().map(item).collect())
    }

    /// A list, each item of which is read so; what cannot be is left out.
    pub(super) fn list<T>(&self, read: impl FnMut(&Self) -> Option<T>) -> Vec<T> {
        self.items().unwrap_or_default().iter().filter_map(read).collect()
    }

    pub(super) fn texts(&self) -> Vec<String> {
        self.list(|item| item.text().map(str::to_owned))
    }

    /// The entries of a mapping whose keys are names.
    pub(super) fn entries(&self) -> Option<Vec<(&'a str, Self)>> {
        let Value::Mapping(entries) = &self.node.value else {
            return self.complain("must be a mapping: lines of `key: value`, indented below it");
        };
        let entry = |(key, node): &'a (super::yaml::Key, Rc<Node>)| {
            let path = join(&self.path, &key.text);
            (&*key.text, Self { reader: self.reader, node, path, position: key.position })
        };
        Some(entries.iter().map(entry).collect())
    }

    /// The entries of a mapping whose keys are known.
    pub(super) fn section(&self) -> Option<Section<'a>> {
        let entries = self.entries()?;
        Some(Section { field: self.clone(), entries, asked: RefCell::default() })
    }

    fn scalar(&self, complaint: &str) -> Option<&'a Scalar> {
        match &self.node.value {
            Value::Scalar(scalar) => Some(scalar),
            _ => self.complain(complaint),
        }
    }

    fn complain<T>(&self, message: impl Into<String>) -> Option<T> {
        self.error(message);
        None
    }

    fn must(&self, complaint: &str) -> bool {
        self.error(complaint);
        false
    }
}

/// A mapping with known keys: those that were asked for. Ends with [`finish`](Self::finish).
pub(super) struct Section<'a> {
    field: Field<'a>,
    entries: Vec<(&'a str, Field<'a>)>,
    asked: RefCell<Vec<&'static str>>,
}

impl<'a> Section<'a> {
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
        let path = join(&self.field.path, key);
        self.field.reader.error(self.field.position, &path, message);
    }

    /// Names the keys that nobody asked for.
    pub(super) fn finish(self) {
        let lenient = self.field.reader.lenient;
        self.report_unknown(lenient);
    }

    /// The same where an unknown key means that a condition or a password is missing: never only a warning.
    pub(super) fn finish_strictly(self) {
        self.report_unknown(false);
    }

    fn report_unknown(&self, lenient: bool) {
        let asked = self.asked.borrow();
        for (key, field) in self.entries.iter().filter(|(key, _)| !asked.contains(key)) {
            let mut message = "unknown key".to_owned();
            if let Some(hint) = suggest::hint(key, &asked, &self.field.path) {
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

/// `users.alice`, `users[""]`.
fn join(path: &str, key: &str) -> String {
    let simple = |c: char| c.is_alphanumeric() || matches!(c, '_' | '-' | '@');
    match () {
        () if key.is_empty() || !key.chars().all(simple) => format!("{path}[{key:?}]"),
        () if path.is_empty() => key.to_owned(),
        () => format!("{path}.{key}"),
    }
}
