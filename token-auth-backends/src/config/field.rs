use std::rc::Rc;
use std::time::Duration;

use super::duration;
use super::finding::Spot;
use super::reader::Reader;
use super::section::Section;
use super::yaml::{Key, Node, Position, Scalar, Value};

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

    pub(super) fn reader(&self) -> &'a Reader {
        self.reader
    }

    pub(super) fn path(&self) -> &str {
        &self.path
    }

    /// Where to complain of it later.
    pub(super) fn spot(&self) -> Spot {
        self.reader.spot(self.position, &self.path)
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

    #[cfg(any(feature = "ldap", feature = "oauth2", feature = "workload"))]
    pub(super) fn is_list(&self) -> bool {
        matches!(&self.node.value, Value::Sequence(_))
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
        let entry = |(key, node): &'a (Key, Rc<Node>)| {
            let path = join(&self.path, &key.text);
            (&*key.text, Self { reader: self.reader, node, path, position: key.position })
        };
        Some(entries.iter().map(entry).collect())
    }

    /// The entries, if this is a mapping; no complaint if it is not.
    pub(super) fn children(&self) -> Vec<(&'a str, Self)> {
        match &self.node.value {
            Value::Mapping(_) => self.entries().unwrap_or_default(),
            _ => Vec::new(),
        }
    }

    /// The items, if this is a list; no complaint if it is not.
    pub(super) fn elements(&self) -> Vec<Self> {
        match &self.node.value {
            Value::Sequence(_) => self.items().unwrap_or_default(),
            _ => Vec::new(),
        }
    }

    /// The text of a scalar that is not null; no complaint if this is something else.
    pub(super) fn scalar_text(&self) -> Option<&'a str> {
        match &self.node.value {
            Value::Scalar(scalar) if !scalar.is_null() => Some(scalar.text()),
            _ => None,
        }
    }

    pub(super) fn is_scalar(&self) -> bool {
        matches!(self.node.value, Value::Scalar(_))
    }

    /// The value of a key that is there and not null, without asking for it.
    pub(super) fn child(&self, key: &str) -> Option<Self> {
        let (_, child) = self.children().into_iter().find(|(name, _)| *name == key)?;
        (!child.is_null()).then_some(child)
    }

    /// The entries of a mapping whose keys are known.
    pub(super) fn section(&self) -> Option<Section<'a>> {
        Some(Section::new(self.clone(), self.entries()?))
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

/// `users.alice`, `users[""]`.
pub(super) fn join(path: &str, key: &str) -> String {
    let simple = |c: char| c.is_alphanumeric() || matches!(c, '_' | '-' | '@');
    match () {
        () if key.is_empty() || !key.chars().all(simple) => format!("{path}[{key:?}]"),
        () if path.is_empty() => key.to_owned(),
        () => format!("{path}.{key}"),
    }
}
