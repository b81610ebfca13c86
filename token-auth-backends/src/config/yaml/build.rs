//! Events of the parser to a tree.

use std::collections::HashMap;
use std::rc::Rc;

use granit_parser::{Event, Marker, Parser, ScalarStyle, ScanError, Tag};

use super::entries::{drop_duplicates, merge};
use super::{Key, Node, Position, Problem, Scalar, Value};

/// What a text may cost. Aliases count as what they stand for.
#[derive(Clone, Copy)]
pub(in super::super) struct Budget {
    pub(in super::super) bytes: usize,
    pub(in super::super) nodes: usize,
    pub(in super::super) depth: usize,
}

/// Reads one document; nothing of an empty text.
///
/// A key that stands twice does not end the reading: all of them are reported.
pub(in super::super) fn parse(text: &str, budget: Budget) -> (Option<Rc<Node>>, Vec<Problem>) {
    let mut builder = Builder {
        budget,
        open: Vec::new(),
        anchors: HashMap::new(),
        nodes: 0,
        root: None,
        documents: 0,
        problems: Vec::new(),
    };
    if let Err(mut problem) = builder.read(text) {
        let line = text.lines().nth(problem.position.line.saturating_sub(1)).unwrap_or_default();
        if let Some(hint) = hint(line, &problem.message) {
            problem.message = format!("{}: {hint}", problem.message);
        }
        builder.problems.push(problem);
    }
    (builder.root, builder.problems)
}

struct Builder {
    budget: Budget,
    open: Vec<Collection>,
    anchors: HashMap<usize, Rc<Node>>,
    nodes: usize,
    root: Option<Rc<Node>>,
    documents: usize,
    problems: Vec<Problem>,
}

/// A sequence or mapping whose end has not been seen.
struct Collection {
    position: Position,
    anchor: usize,
    size: usize,
    height: usize,
    items: Items,
}

enum Items {
    Sequence(Vec<Rc<Node>>),
    Mapping { entries: Vec<(Key, Rc<Node>)>, merged: Vec<Rc<Node>>, key: Option<PendingKey> },
}

enum PendingKey {
    Plain(Key),
    Merge,
}

type Outcome<T = ()> = Result<T, Problem>;

impl Builder {
    fn read(&mut self, text: &str) -> Outcome {
        if text.len() > self.budget.bytes {
            let message = format!("larger than {} bytes", self.budget.bytes);
            return Err(Problem { position: Position { line: 1, column: 1 }, message });
        }
        let depth = self.budget.depth;
        let options = granit_parser::options! {
            emit_comments: false,
            flow_nesting_limit: depth,
            block_nesting_limit: depth,
        };
        for event in Parser::new_from_str_with_options(text, options) {
            let (event, span) = event.map_err(|error| unreadable(&error, depth))?;
            self.take(event, position(&span.start))?;
        }
        Ok(())
    }

    fn take(&mut self, event: Event<'_>, position: Position) -> Outcome {
        match event {
            Event::DocumentStart(..) => {
                self.documents += 1;
                if self.documents > 1 {
                    return Err(Problem::new(position, "a second document: everything belongs into one"));
                }
            }
            Event::Scalar(text, style, anchor, tag) => {
                let plain = self.resolves(style == ScalarStyle::Plain, tag.as_deref(), position)?;
                let value = Value::Scalar(Scalar::new(text.into_owned(), plain));
                self.finish(Node { position, value, size: 1, height: 1 }, anchor)?;
            }
            Event::SequenceStart(_, anchor, tag) => {
                self.check_tag(tag.as_deref(), "seq", position)?;
                self.open(position, anchor, Items::Sequence(Vec::new()))?;
            }
            Event::MappingStart(_, anchor, tag) => {
                self.check_tag(tag.as_deref(), "map", position)?;
                let items = Items::Mapping { entries: Vec::new(), merged: Vec::new(), key: None };
                self.open(position, anchor, items)?;
            }
            Event::SequenceEnd | Event::MappingEnd => self.close()?,
            Event::Alias(anchor) => match self.anchors.get(&anchor) {
                Some(node) => {
                    let node = Rc::clone(node);
                    self.count(node.size, position)?;
                    self.attach(node, position)?;
                }
                None => return Err(Problem::new(position, "an alias for what it is itself a part of")),
            },
            _ => {}
        }
        Ok(())
    }

    fn open(&mut self, position: Position, anchor: usize, items: Items) -> Outcome {
        self.open.push(Collection { position, anchor, size: 1, height: 1, items });
        match self.open.len() > self.budget.depth {
            true => Err(too_deep(position, self.budget.depth)),
            false => Ok(()),
        }
    }

    fn close(&mut self) -> Outcome {
        let Some(Collection { position, anchor, size, height, items }) = self.open.pop() else {
            return Ok(());
        };
        let value = match items {
            Items::Sequence(items) => Value::Sequence(items),
            Items::Mapping { mut entries, merged, .. } => {
                drop_duplicates(&mut entries, &mut self.problems);
                merge(&mut entries, &merged)?;
                Value::Mapping(entries)
            }
        };
        self.finish(Node { position, value, size, height }, anchor)
    }

    fn finish(&mut self, node: Node, anchor: usize) -> Outcome {
        self.count(1, node.position)?;
        let (position, node) = (node.position, Rc::new(node));
        if anchor != 0 {
            self.anchors.insert(anchor, Rc::clone(&node));
        }
        self.attach(node, position)
    }

    /// Puts a node where it belongs: at the root, into a sequence, or as a key or value into a mapping.
    fn attach(&mut self, node: Rc<Node>, position: Position) -> Outcome {
        let depth = self.budget.depth;
        let Some(parent) = self.open.last_mut() else {
            self.root = Some(node);
            return Ok(());
        };
        parent.size = parent.size.saturating_add(node.size);
        parent.height = parent.height.max(node.height + 1);
        if parent.height > depth {
            return Err(too_deep(position, depth));
        }
        match &mut parent.items {
            Items::Sequence(items) => items.push(node),
            Items::Mapping { entries, merged, key } => match key.take() {
                None => *key = Some(pending_key(&node, position)?),
                Some(PendingKey::Merge) => merged.push(node),
                Some(PendingKey::Plain(key)) => entries.push((key, node)),
            },
        }
        Ok(())
    }

    fn count(&mut self, nodes: usize, position: Position) -> Outcome {
        self.nodes = self.nodes.saturating_add(nodes);
        match self.nodes > self.budget.nodes {
            true => Err(Problem::new(
                position,
                format!("more than {} values, aliases counted", self.budget.nodes),
            )),
            false => Ok(()),
        }
    }

    /// Whether a scalar may be more than text.
    fn resolves(&self, plain: bool, tag: Option<&Tag>, position: Position) -> Outcome<bool> {
        match tag.map(Tag::core_suffix) {
            None => Ok(plain),
            Some(Some("str")) => Ok(false),
            Some(Some("null" | "bool" | "int" | "float")) => Ok(true),
            Some(_) => Err(Problem::new(position, "a tag that has no meaning here: remove it")),
        }
    }

    fn check_tag(&self, tag: Option<&Tag>, expected: &str, position: Position) -> Outcome {
        match tag.map(Tag::core_suffix) {
            None => Ok(()),
            Some(name) if name == Some(expected) => Ok(()),
            Some(_) => Err(Problem::new(position, "a tag that has no meaning here: remove it")),
        }
    }
}

/// What is probably the matter with a line that cannot be read.
fn hint(line: &str, message: &str) -> Option<&'static str> {
    match line {
        line if line.contains("{{") || line.contains("{%") => {
            Some("a template that was not rendered: a program has to fill in what stands in `{{ … }}`")
        }
        line if line.contains('*') && message.starts_with("not YAML") && message.contains("anchor") => {
            Some("`*` without quotes is an alias: write \"*\"")
        }
        _ => None,
    }
}

fn pending_key(node: &Node, position: Position) -> Outcome<PendingKey> {
    match &node.value {
        Value::Scalar(scalar) if scalar.is_merge() => Ok(PendingKey::Merge),
        Value::Scalar(scalar) if scalar.is_null() => {
            Err(Problem::new(position, "a key is missing: write \"\" for the empty name"))
        }
        Value::Scalar(scalar) => Ok(PendingKey::Plain(Key { text: scalar.text().to_owned(), position })),
        _ => Err(Problem::new(position, "a key must be a plain text")),
    }
}

fn position(marker: &Marker) -> Position {
    Position { line: marker.line().max(1), column: marker.col() + 1 }
}

fn too_deep(position: Position, depth: usize) -> Problem {
    Problem::new(position, format!("nested more than {depth} levels deep"))
}

fn unreadable(error: &ScanError, depth: usize) -> Problem {
    let position = position(error.marker());
    match error.kind() {
        granit_parser::ErrorKind::RecursionLimitExceeded => too_deep(position, depth),
        kind => Problem::new(position, format!("not YAML: {kind}")),
    }
}
