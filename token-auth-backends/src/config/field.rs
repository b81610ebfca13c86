//! A value, where it stands, and what it is described as.

use std::path::PathBuf;
use std::rc::Rc;
use std::time::Duration;

use super::finding::Spot;
use super::kind::{Key as Described, Kind};
use super::reader::Reader;
use super::section::Section;
use super::yaml::{Key, Node, Position, Scalar, Value};
use crate::go_duration;

/// A value and the key under which it stands. The methods that read it complain and return `None` if it is another kind
/// of value; they never show it. To read it as another kind than the one that it is described as is an error, too.
#[derive(Clone)]
pub struct Field<'a> {
    reader: &'a Reader,
    node: &'a Node,
    kind: &'static Kind,
    path: String,
    /// Of its key, or of the item itself.
    position: Position,
}

impl<'a> Field<'a> {
    pub(super) fn root(reader: &'a Reader, node: &'a Node) -> Self {
        Self { reader, node, kind: &Kind::Anything, path: String::new(), position: node.position }
    }

    /// The whole configuration, whose keys are those of the blocks.
    pub(super) fn blocks(&self) -> Option<Section<'a>> {
        let known: Vec<&'static Described> = self.reader.blocks().iter().map(|block| &block.key).collect();
        Some(Section::new(self.clone(), self.described(&known)?, known))
    }

    pub(super) fn position(&self) -> Position {
        self.position
    }

    /// Complains of it.
    pub fn error(&self, message: impl Into<String>) {
        self.reader.error(self.position, &self.path, message);
    }

    /// Says of it what is good to know, and no warning.
    pub fn note(&self, message: impl Into<String>) {
        self.reader.note(self.position, &self.path, message);
    }

    /// Warns of it.
    pub fn warn(&self, message: impl Into<String>) {
        self.reader.warn(self.position, &self.path, message);
    }

    pub(super) fn reader(&self) -> &'a Reader {
        self.reader
    }

    /// Its key as a path, `users.alice`.
    pub fn path(&self) -> &str {
        &self.path
    }

    /// Where to complain of it later.
    pub fn spot(&self) -> Spot {
        self.reader.spot(self.position, &self.path)
    }

    /// Whether it says nothing.
    pub fn is_null(&self) -> bool {
        matches!(&self.node.value, Value::Scalar(scalar) if scalar.is_null())
    }

    /// A text, be it empty.
    pub fn text(&self) -> Option<&'a str> {
        self.read_as(matches!(
            self.kind,
            Kind::Text | Kind::Choice(_) | Kind::Duration { .. } | Kind::File | Kind::TendedFile | Kind::Path
        ));
        self.scalar("must be a text")
            .filter(|scalar| !scalar.is_null() || self.must("must be a text"))
            .map(Scalar::text)
    }

    /// A text that is not empty.
    pub fn filled(&self) -> Option<&'a str> {
        self.text().filter(|text| !text.is_empty() || self.must("must not be empty"))
    }

    /// What the text parses to, or else what the parser says.
    pub fn parsed<T>(&self, parse: impl FnOnce(&str) -> Result<T, String>) -> Option<T> {
        let text = self.text()?;
        let complain = |message: String| match text.contains("{{") && text.contains("}}") {
            true => self.error(format!("{message}: a template that was not rendered")),
            false => self.error(message),
        };
        parse(text).map_err(complain).ok()
    }

    /// A flag.
    pub fn flag(&self) -> Option<bool> {
        self.read_as(matches!(self.kind, Kind::Flag));
        let complaint = "must be true or false, without quotes";
        let flag = self.scalar(complaint)?.as_bool();
        flag.or_else(|| self.complain(complaint))
    }

    /// A whole number within its bounds.
    pub fn integer(&self) -> Option<i64> {
        let (smallest, largest) = match self.kind {
            Kind::Integer { smallest, largest } => (*smallest, *largest),
            _ => {
                self.read_as(false);
                (i64::MIN, i64::MAX)
            }
        };
        self.integer_between(smallest, largest)
    }

    fn integer_between(&self, smallest: i64, largest: i64) -> Option<i64> {
        let complaint = "must be a whole number, without quotes, unit or leading zeros";
        let number = self.scalar(complaint)?.as_integer().or_else(|| self.complain(complaint))?;
        match (smallest..=largest).contains(&number) {
            true => Some(number),
            false => self.complain(format!("must be from {smallest} to {largest}, and is {number}")),
        }
    }

    /// A count or size that fits in memory.
    pub fn count(&self) -> Option<usize> {
        usize::try_from(self.integer()?).ok()
    }

    /// A duration.
    pub fn duration(&self) -> Option<Duration> {
        self.read_as(matches!(self.kind, Kind::Duration { .. }));
        let duration = self.parsed(|text| go_duration::parse(text).map_err(str::to_owned))?;
        match (self.kind, duration) {
            (Kind::Duration { zero: false }, Duration::ZERO) => self.complain("must be longer than 0"),
            _ => Some(duration),
        }
    }

    /// One of the texts that it is described as.
    pub fn choice(&self) -> Option<&'static str> {
        let Kind::Choice(choices) = self.kind else {
            self.read_as(false);
            return None;
        };
        let text = self.text()?;
        choices.iter().find(|choice| **choice == text).copied().or_else(|| {
            let filled: Vec<_> = choices.iter().copied().filter(|choice| !choice.is_empty()).collect();
            let (last, others) = filled.split_last()?;
            let before = if others.is_empty() { String::new() } else { format!("{} or ", others.join(", ")) };
            self.complain(format!("must be {before}{last}, and is {text:?}"))
        })
    }

    /// The path of a file; of an empty one it complains.
    pub fn file(&self) -> Option<PathBuf> {
        self.filled().map(PathBuf::from)
    }

    /// The items of a list, or the only one that is not in a list.
    pub fn one_or_more(&self) -> Vec<Self> {
        let kind = match self.kind {
            Kind::OneOrMore(kind) => kind,
            other => {
                self.read_as(false);
                other
            }
        };
        match &self.node.value {
            Value::Sequence(items) => self.numbered(items, kind),
            _ => vec![Self { kind, ..self.clone() }],
        }
    }

    /// The items of a list.
    pub fn items(&self) -> Option<Vec<Self>> {
        let Value::Sequence(items) = &self.node.value else {
            return self.complain("must be a list: [..], or lines that begin with `-`");
        };
        let kind = match self.kind {
            Kind::List(kind) => kind,
            other => {
                self.read_as(false);
                other
            }
        };
        Some(self.numbered(items, kind))
    }

    fn numbered(&self, items: &'a [Rc<Node>], kind: &'static Kind) -> Vec<Self> {
        let item = |(index, node): (usize, &'a Rc<Node>)| Self {
            reader: self.reader,
            node,
            kind: kind.something(),
            path: format!("{}[{}]", self.path, index + 1),
            position: node.position,
        };
        items.iter().enumerate().map(item).collect()
    }

    /// A list, each item of which is read so; what cannot be is left out.
    pub fn list<T>(&self, read: impl FnMut(&Self) -> Option<T>) -> Vec<T> {
        self.items().unwrap_or_default().iter().filter_map(read).collect()
    }

    /// A list of texts.
    pub fn texts(&self) -> Vec<String> {
        self.list(|item| item.text().map(str::to_owned))
    }

    /// The entries of a mapping whose keys are names.
    pub fn entries(&self) -> Option<Vec<(&'a str, Self)>> {
        let kind = match self.kind {
            Kind::Each(_, kind) => kind,
            other => {
                self.read_as(false);
                other
            }
        };
        let entries = self.mapping()?;
        Some(entries.iter().map(|entry| self.entry(entry, kind)).collect())
    }

    /// The entries of a mapping whose keys are known.
    pub fn section(&self) -> Option<Section<'a>> {
        self.read_as(matches!(self.kind, Kind::Keys(_)));
        let known: Vec<&'static Described> = self.kind.keys().collect();
        Some(Section::new(self.clone(), self.described(&known)?, known))
    }

    /// The entries, each described as the key of its name is.
    fn described(&self, known: &[&'static Described]) -> Option<Vec<(&'a str, Self)>> {
        let kind =
            |name: &str| known.iter().find(|key| key.name == name).map_or(&Kind::Anything, |key| &key.kind);
        let entries = self.mapping()?;
        Some(entries.iter().map(|entry| self.entry(entry, kind(&entry.0.text))).collect())
    }

    fn mapping(&self) -> Option<&'a [(Key, Rc<Node>)]> {
        match &self.node.value {
            Value::Mapping(entries) => Some(entries),
            _ => self.complain("must be a mapping: lines of `key: value`, indented below it"),
        }
    }

    fn entry(&self, (key, node): &'a (Key, Rc<Node>), kind: &'static Kind) -> (&'a str, Self) {
        let path = join(&self.path, &key.text);
        let kind = kind.something();
        (&*key.text, Self { reader: self.reader, node, kind, path, position: key.position })
    }

    /// The value of a key that is there and not null, without asking for it: no complaint if this is not a mapping.
    pub fn child(&self, key: &str) -> Option<Self> {
        let (_, child) = self.children().into_iter().find(|(name, _)| *name == key)?;
        (!child.is_null()).then_some(child)
    }

    /// The entries, whatever they are described as: none, and no complaint, if this is not a mapping.
    pub fn children(&self) -> Vec<(&'a str, Self)> {
        let Value::Mapping(entries) = &self.node.value else { return Vec::new() };
        let kind = |name: &str| match self.kind {
            Kind::Each(_, kind) => kind,
            kind => kind.keys().find(|key| key.name == name).map_or(&Kind::Anything, |key| &key.kind),
        };
        entries.iter().map(|entry| self.entry(entry, kind(&entry.0.text))).collect()
    }

    /// The items, or the only one that is not in a list: no complaint, whatever it is described as.
    pub fn elements(&self) -> Vec<Self> {
        let kind = match self.kind {
            Kind::List(kind) => kind,
            kind => kind.one(),
        };
        match &self.node.value {
            Value::Sequence(items) => self.numbered(items, kind),
            _ => vec![Self { kind, ..self.clone() }],
        }
    }

    /// The text of a scalar that is not null, whatever it is described as: no complaint if it is none.
    pub fn scalar_text(&self) -> Option<&'a str> {
        match &self.node.value {
            Value::Scalar(scalar) if !scalar.is_null() => Some(scalar.text()),
            _ => None,
        }
    }

    /// Complains of the program that reads, not of who wrote the configuration.
    pub(super) fn mistake(&self, message: &str) {
        self.error(format!("a mistake in this program: {message}"));
    }

    fn read_as(&self, as_described: bool) {
        if !as_described && !matches!(self.kind, Kind::Anything) {
            self.mistake("it is read otherwise than it is described");
        }
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
