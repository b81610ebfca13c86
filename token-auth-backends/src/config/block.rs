//! A block of the configuration: what it is, told once.

use std::collections::BTreeSet;

use super::field::Field;
use super::kind::Key;
use super::parts::Parts;
use super::section::Section;
use super::{Assembly, Config};

/// A key at the top of the configuration, with everything that the rest of the program wants to know of it.
///
/// Reading, refusing, linting, watching files, the reference and the schema are loops over a table of blocks. An embedder
/// adds blocks to it with [`ConfigOptions::with_block`](super::ConfigOptions::with_block);
/// `examples/own_block.rs` is a whole program.
#[derive(Clone, Copy, Debug)]
pub struct Block {
    pub(super) key: Key,
    role: Role,
    labels: Option<Labels>,
    distinguished: Option<fn(&Field<'_>) -> BTreeSet<String>>,
    handling: Option<Handling>,
}

/// The labels that a block can supply; `None` if any.
type Labels = fn(&Field<'_>) -> Option<BTreeSet<String>>;

/// What is made of a block that this build serves.
#[derive(Clone, Copy, Debug)]
pub(super) struct Handling {
    read: fn(&Field<'_>, &mut Parts),
    agree: Option<fn(&Field<'_>, &Parts)>,
    join: fn(&mut Config, &mut Assembly),
}

impl Handling {
    pub(super) const fn new(read: fn(&Field<'_>, &mut Parts), join: fn(&mut Config, &mut Assembly)) -> Self {
        Self { read, agree: None, join }
    }

    /// The same with what it needs of the other blocks.
    pub(super) const fn agreeing(self, agree: fn(&Field<'_>, &Parts)) -> Self {
        Self { agree: Some(agree), ..self }
    }
}

/// What a block is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Role {
    Settings,
    Authenticator,
    Authorizer,
}

impl Block {
    /// A block of settings.
    pub const fn settings(key: Key) -> Self {
        Self { key, role: Role::Settings, labels: None, distinguished: None, handling: None }
    }

    /// A block that says who someone is. It supplies no labels unless [`labels`](Self::labels) says which.
    pub const fn authenticator(key: Key) -> Self {
        Self { role: Role::Authenticator, ..Self::settings(key) }
    }

    /// A block that says what someone may do.
    pub const fn authorizer(key: Key) -> Self {
        Self { role: Role::Authorizer, ..Self::settings(key) }
    }

    /// Which labels it can supply; `None` if any.
    #[must_use]
    pub const fn labels(self, labels: fn(&Field<'_>) -> Option<BTreeSet<String>>) -> Self {
        Self { labels: Some(labels), ..self }
    }

    /// Which of them have distinguished names for values, which are never a part of a repository's name.
    #[must_use]
    pub const fn distinguished_labels(self, labels: fn(&Field<'_>) -> BTreeSet<String>) -> Self {
        Self { distinguished: Some(labels), ..self }
    }

    /// How it is read, and how it becomes a part of the service.
    #[must_use]
    pub const fn handled(
        self,
        read: fn(&Field<'_>, &mut Parts),
        join: fn(&mut Config, &mut Assembly),
    ) -> Self {
        Self { handling: Some(Handling::new(read, join)), ..self }
    }

    /// What it needs of the other blocks, complained of once all of them have been read. Of a block that is
    /// [handled](Self::handled).
    #[must_use]
    pub const fn agreeing(self, agree: fn(&Field<'_>, &Parts)) -> Self {
        match self.handling {
            Some(handling) => Self { handling: Some(handling.agreeing(agree)), ..self },
            None => self,
        }
    }

    /// The same if this build has the feature; otherwise the block is checked and refused.
    pub(super) const fn built(self, feature: &'static str, handling: Option<Handling>) -> Self {
        Self { key: self.key.feature((feature, handling.is_some())), handling, ..self }
    }

    /// Its key.
    pub fn name(&self) -> &'static str {
        self.key.name
    }

    pub(super) fn is_authenticator(&self) -> bool {
        self.role == Role::Authenticator
    }

    pub(super) fn is_authorizer(&self) -> bool {
        self.role == Role::Authorizer
    }

    /// The labels that the block of this configuration can supply; `None` if any.
    pub(super) fn supplied(&self, root: &Section<'_>) -> Option<BTreeSet<String>> {
        match (self.configured(root), self.labels) {
            (Some(field), Some(labels)) => labels(&field),
            _ => Some(BTreeSet::new()),
        }
    }

    /// Those of them that have distinguished names for values.
    pub(super) fn distinguished(&self, root: &Section<'_>) -> BTreeSet<String> {
        let labels = self.configured(root).zip(self.distinguished).map(|(field, labels)| labels(&field));
        labels.unwrap_or_default()
    }

    /// What stands there, if it says something.
    pub(super) fn configured<'a>(&self, root: &Section<'a>) -> Option<Field<'a>> {
        root.entries()
            .iter()
            .find(|(name, field)| *name == self.key.name && !field.is_null())
            .map(|(_, field)| field.clone())
    }

    /// Notes that the block is there.
    pub(super) fn note(&self, root: &Section<'_>, parts: &mut Parts) {
        if self.configured(root).is_some() {
            parts.note(self.key.name);
        }
    }

    /// Reads the block, if it is there and this build serves it.
    pub(super) fn read(&self, root: &Section<'_>, parts: &mut Parts) {
        match root.present(self.key.name) {
            Some(field) if field.is_null() => field.warn("has no value, and so is not configured"),
            Some(field) => {
                if let Some(handling) = self.served() {
                    (handling.read)(&field, parts);
                }
            }
            None => {}
        }
    }

    /// Complains of what does not agree with other blocks, once all of them have been read.
    pub(super) fn agree(&self, root: &Section<'_>, parts: &Parts) {
        let agree = self.served().and_then(|handling| handling.agree);
        if let (Some(agree), Some(field)) = (agree, self.configured(root)) {
            agree(&field, parts);
        }
    }

    fn served(&self) -> Option<Handling> {
        self.handling.filter(|_| self.key.refusal.is_none())
    }

    /// Makes what was read a part of the service.
    pub(super) fn join(&self, config: &mut Config, assembly: &mut Assembly) {
        if let Some(handling) = self.handling {
            (handling.join)(config, assembly);
        }
    }
}

/// What a build with a feature makes of a block.
macro_rules! with_feature {
    ($feature:tt, $handling:expr) => {{
        #[cfg(feature = $feature)]
        let handling = Some($handling);
        #[cfg(not(feature = $feature))]
        let handling = None;
        handling
    }};
}
pub(super) use with_feature;

/// Why a block of docker_auth is refused that has no backend yet.
pub(super) const NOT_YET: &str = "is not supported yet by this build";

/// Nothing is to be done.
pub(super) fn nothing(_: &mut Config, _: &mut Assembly) {}
