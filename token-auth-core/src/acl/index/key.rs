//! What a rule can be filed under.

use super::super::field::Field;
use super::super::network::Network;

/// One way to find a rule: what one of its conditions requires of the request.
#[derive(Clone, Debug)]
pub(in super::super) struct Access {
    /// None for the client's address.
    pub(super) subject: Option<Subject>,
    /// Where the condition holds, at least one of these is found. Without any, it never holds.
    pub(super) keys: Vec<Key>,
    /// What may act as more than text where it is filled in: unless its value is plain, the keys say nothing.
    pub(super) unless: Vec<(Placeholder, Reading)>,
}

/// The part of the request that a condition is about.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(in super::super) enum Subject {
    Field(Field),
    /// Any value of this label.
    Label(Box<str>),
}

/// What is found in the subject where a condition holds.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(super) enum Key {
    Path(Path),
    /// Somewhere in it.
    Inside(Box<[u8]>),
    Network(Network),
}

/// How a text begins: with a literal, then with what `then` says.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(super) struct Path {
    pub(super) literal: Box<[u8]>,
    pub(super) then: Then,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(super) enum Then {
    /// Nothing.
    End,
    Anything,
    /// What a placeholder stands for, and more.
    Value(Placeholder, Box<Path>),
}

/// A placeholder that a request gives values to.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(super) enum Placeholder {
    Field(Field),
    Label(Box<str>),
}

/// What a value is inserted into, and so which values are no more than text there.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(super) enum Reading {
    /// What stays a glob whatever is inserted.
    Glob,
    /// What stays a regular expression.
    Expression,
    /// What is a glob, and becomes a regular expression if the value brings a slash, or nothing between two slashes.
    Either,
}

impl Key {
    /// How often it is found where nothing else is known, roughly: the less, the better.
    pub(super) fn weight(&self) -> u64 {
        let prefix = |length: usize| 16 / (1 + u64::try_from(length).unwrap_or(u64::MAX));
        match self {
            Self::Path(path) => path.weight(),
            Self::Inside(literal) => 6 + 4 * prefix(literal.len()),
            Self::Network(network) => 4 + prefix(usize::try_from(network.bits() / 4).unwrap_or(0)),
        }
    }
}

impl Path {
    /// What a text begins with; nothing if that is the empty text.
    pub(super) fn prefix(literal: &[u8]) -> Option<Self> {
        (!literal.is_empty()).then(|| Self { literal: literal.into(), then: Then::Anything })
    }

    pub(super) fn whole(literal: &[u8]) -> Self {
        Self { literal: literal.into(), then: Then::End }
    }

    /// The labels whose values it follows.
    pub(super) fn labels(&self) -> Vec<Box<str>> {
        let mut labels = Vec::new();
        let mut path = self;
        while let Then::Value(placeholder, rest) = &path.then {
            if let Placeholder::Label(label) = placeholder
                && !labels.contains(label)
            {
                labels.push(label.clone());
            }
            path = rest;
        }
        labels
    }

    fn weight(&self) -> u64 {
        match &self.then {
            Then::End => 4,
            Then::Anything => 5 + 16 / (1 + u64::try_from(self.literal.len()).unwrap_or(u64::MAX)),
            Then::Value(..) => 6,
        }
    }
}
