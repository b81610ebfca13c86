//! What can stand under a key: the description that reading follows.

use super::field::Field;

/// A key: its name, what stands under it, and a sentence about it.
///
/// ```
/// use token_auth_backends::config::{Key, Kind};
///
/// const KEYS: &[Key] = &[
///     Key::new("file", Kind::File, "The badges and their accounts.").required().example("/etc/auth/badges"),
///     Key::new("readers", Kind::COUNT, "How many readers there are.").default("4"),
/// ];
/// ```
#[derive(Clone, Copy, Debug)]
pub struct Key {
    pub(super) name: &'static str,
    pub(super) kind: Kind,
    pub(super) about: &'static str,
    pub(super) is_required: bool,
    pub(super) is_usual: bool,
    pub(super) is_ours: bool,
    pub(super) is_secret: bool,
    pub(super) may_be_null: bool,
    pub(super) default: Option<&'static str>,
    pub(super) example: Option<&'static str>,
    pub(super) instead_of: &'static [&'static str],
    pub(super) beside: &'static [&'static str],
    pub(super) refusal: Option<Refusal>,
}

/// Why a key that is known cannot be served.
#[derive(Clone, Copy, Debug)]
pub(super) enum Refusal {
    /// This build lacks the feature.
    Feature(&'static str),
    /// For this reason.
    Because(&'static str),
}

/// What stands under a key.
#[derive(Clone, Copy, Debug)]
#[non_exhaustive]
pub enum Kind {
    /// A text, or any other scalar, as it is written: an account may be called `123`.
    Text,
    /// One of these texts.
    Choice(&'static [&'static str]),
    /// `true` or `false`.
    Flag,
    /// A whole number between these two.
    Integer {
        /// The smallest.
        smallest: i64,
        /// The largest.
        largest: i64,
    },
    /// A duration as Go writes it, `1h30m`.
    Duration {
        /// Whether it may be `0`.
        zero: bool,
    },
    /// The path of a file that is read when the configuration is loaded: when it changes, it is loaded again.
    File,
    /// The path of a file that is read then, too, and that its reader looks after from then on.
    TendedFile,
    /// Another path.
    Path,
    /// A list.
    List(&'static Kind),
    /// One, or a list of them.
    OneOrMore(&'static Kind),
    /// A mapping whose keys are names, here with an example of one.
    Each(&'static str, &'static Kind),
    /// A mapping with these keys, which may be listed in several places.
    Keys(&'static [&'static [Key]]),
    /// The same, or nothing.
    OrNothing(&'static Kind),
    /// Whatever it is: a key that is not known.
    #[doc(hidden)]
    Anything,
    /// Not a key (any more): what to write instead.
    Instead(&'static str),
}

impl Kind {
    /// A number from 1 on.
    pub const COUNT: Self = Self::Integer { smallest: 1, largest: u32::MAX as i64 };
    /// A number from 0 on.
    pub const COUNT_OR_ZERO: Self = Self::Integer { smallest: 0, largest: u32::MAX as i64 };
    /// A duration that is longer than 0.
    pub const TIME: Self = Self::Duration { zero: false };
    /// A duration, or 0.
    pub const TIME_OR_ZERO: Self = Self::Duration { zero: true };
    /// A list of texts.
    pub const TEXTS: Self = Self::List(&Self::Text);

    /// The keys of a mapping with known keys; none of another kind.
    pub(super) fn keys(&self) -> impl Iterator<Item = &'static Key> + use<> {
        let groups = match self {
            Self::Keys(groups) => groups,
            _ => &[] as &[&[Key]],
        };
        groups.iter().copied().flatten()
    }

    /// What stands in the lists and beneath the names, if it is one of those.
    fn within(&'static self) -> &'static Self {
        match self {
            Self::List(kind) | Self::OneOrMore(kind) | Self::Each(_, kind) | Self::OrNothing(kind) => {
                kind.within()
            }
            kind => kind,
        }
    }

    /// The kind, if there is something.
    pub(super) fn something(&'static self) -> &'static Self {
        match self {
            Self::OrNothing(kind) => kind,
            kind => kind,
        }
    }

    /// The kind of one, of what may be a list of them.
    pub(super) fn one(&'static self) -> &'static Self {
        match self {
            Self::OneOrMore(kind) => kind,
            kind => kind.something(),
        }
    }
}

impl Key {
    /// A key that need not be there.
    pub const fn new(name: &'static str, kind: Kind, about: &'static str) -> Self {
        Self {
            name,
            kind,
            about,
            is_required: false,
            is_usual: false,
            is_ours: false,
            is_secret: false,
            may_be_null: true,
            default: None,
            example: None,
            instead_of: &[],
            beside: &[],
            refusal: None,
        }
    }

    /// It must be there.
    #[must_use]
    pub const fn required(self) -> Self {
        Self { is_required: true, may_be_null: false, ..self }
    }

    /// Most have it: the reference shows it without a `#` before it.
    #[must_use]
    pub const fn usual(self) -> Self {
        Self { is_usual: true, ..self }
    }

    /// docker_auth does not have it.
    #[must_use]
    pub const fn ours(self) -> Self {
        Self { is_ours: true, ..self }
    }

    /// It is a secret, or the path of a file that holds one: nobody else may read that file or the configuration, which is looked
    /// at when it is loaded.
    #[must_use]
    pub const fn secret(self) -> Self {
        Self { is_secret: true, ..self }
    }

    /// If it is there, it has a value.
    #[must_use]
    pub const fn with_value(self) -> Self {
        Self { may_be_null: false, ..self }
    }

    /// What counts if it is not there, in YAML.
    #[must_use]
    pub const fn default(self, yaml: &'static str) -> Self {
        Self { default: Some(yaml), ..self }
    }

    /// What it may look like, in YAML: for the reference, where there is no default.
    #[must_use]
    pub const fn example(self, yaml: &'static str) -> Self {
        Self { example: Some(yaml), ..self }
    }

    /// It stands in place of these.
    #[must_use]
    pub const fn instead_of(self, others: &'static [&'static str]) -> Self {
        Self { instead_of: others, ..self }
    }

    /// It needs these beside it.
    #[must_use]
    pub const fn beside(self, others: &'static [&'static str]) -> Self {
        Self { beside: others, ..self }
    }

    /// It is served by builds with this feature, and whether this is one.
    #[must_use]
    pub const fn feature(self, (feature, is_here): (&'static str, bool)) -> Self {
        match is_here {
            true => self,
            false => Self { refusal: Some(Refusal::Feature(feature)), ..self },
        }
    }

    /// It is refused for this reason, once its values have been checked.
    #[must_use]
    pub const fn refused(self, because: &'static str) -> Self {
        Self { refusal: Some(Refusal::Because(because)), ..self }
    }
}

impl Refusal {
    pub(super) fn message(self) -> String {
        match self {
            Self::Feature(feature) => format!("needs a build with the feature `{feature}`"),
            Self::Because(reason) => reason.to_owned(),
        }
    }
}

/// A feature, and whether this build has it.
macro_rules! built {
    ($feature:tt) => {
        ($feature, cfg!(feature = $feature))
    };
}
pub(super) use built;

impl Kind {
    /// Complains of values that are of another kind, for who reads them no further.
    pub(super) fn check(&'static self, field: &Field<'_>) {
        match self {
            Self::Text | Self::File | Self::TendedFile | Self::Path => drop(field.text()),
            Self::Choice(_) => drop(field.choice()),
            Self::Flag => drop(field.flag()),
            Self::Integer { .. } => drop(field.integer()),
            Self::Duration { .. } => drop(field.duration()),
            Self::List(kind) => field.items().iter().flatten().for_each(|item| kind.check(item)),
            Self::OneOrMore(kind) => field.one_or_more().iter().for_each(|item| kind.check(item)),
            Self::Each(_, kind) => {
                field.entries().iter().flatten().for_each(|(_, entry)| kind.check(entry));
            }
            Self::Keys(_) => {
                let Some(section) = field.section() else { return };
                for key in self.keys().filter(|key| key.refusal.is_none()) {
                    if let Some(value) = section.get(key.name) {
                        key.kind.check(&value);
                    }
                }
                section.finish();
            }
            Self::OrNothing(kind) if !field.is_null() => kind.check(field),
            Self::OrNothing(_) | Self::Anything | Self::Instead(_) => {}
        }
    }
}

impl Key {
    /// Shows what stands under this key and those within it that are files or secrets.
    pub(super) fn visit(&'static self, field: &Field<'_>, see: &mut dyn FnMut(&'static Self, &Field<'_>)) {
        // Rules may be many, and have none.
        if self.is_of_files() {
            self.visit_within(&self.kind, field, see);
        }
    }

    fn visit_within(
        &'static self,
        kind: &'static Kind,
        field: &Field<'_>,
        see: &mut dyn FnMut(&'static Self, &Field<'_>),
    ) {
        match kind {
            Kind::Keys(_) => {
                for (name, child) in field.children() {
                    if let Some(key) = kind.keys().find(|key| key.name == name) {
                        key.visit(&child, see);
                    }
                }
            }
            Kind::Each(_, kind) => {
                field.children().iter().for_each(|(_, child)| self.visit_within(kind, child, see));
            }
            Kind::List(kind) | Kind::OneOrMore(kind) => {
                field.elements().iter().for_each(|item| self.visit_within(kind, item, see));
            }
            Kind::OrNothing(kind) => self.visit_within(kind, field, see),
            _ => see(self, field),
        }
    }

    /// Whether it is a file or a secret, or a key within it is.
    fn is_of_files(&'static self) -> bool {
        self.is_secret
            || matches!(self.kind, Kind::File | Kind::TendedFile)
            || self.kind.within().keys().any(Self::is_of_files)
    }
}
