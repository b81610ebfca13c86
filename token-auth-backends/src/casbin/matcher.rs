//! A matcher: what must hold between a request and a line of the policy.

use super::asked::{Asked, Untold};
use super::model::PARTS;
use super::pattern::Pattern;
use super::policy::Line;
use super::reader::{self, Vocabulary};

/// A matcher that means the same in Go and here.
pub(super) struct Matcher {
    expression: Expression,
    /// Where the pattern of each call comes from.
    sites: Vec<(Function, Term)>,
}

pub(super) enum Expression {
    Any(Vec<Self>),
    All(Vec<Self>),
    Not(Box<Self>),
    Equal(Term, Term),
    Role(Vec<Term>),
    /// The pattern of this call holds for a text.
    Call {
        site: usize,
        text: Term,
    },
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Term {
    Request(usize),
    Policy(usize),
    Text(String),
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Function {
    Role,
    KeyMatch,
    KeyMatch2,
    KeyMatch3,
    KeyMatch5,
    RegexMatch,
    GlobMatch,
    IpMatch,
    LabelMatch,
}

impl Function {
    const ALL: [(&str, Self); 9] = [
        ("g", Self::Role),
        ("keyMatch", Self::KeyMatch),
        ("keyMatch2", Self::KeyMatch2),
        ("keyMatch3", Self::KeyMatch3),
        ("keyMatch5", Self::KeyMatch5),
        ("regexMatch", Self::RegexMatch),
        ("globMatch", Self::GlobMatch),
        ("ipMatch", Self::IpMatch),
        ("labelMatch", Self::LabelMatch),
    ];

    pub(super) fn named(name: &str) -> Option<Self> {
        Self::ALL.iter().find(|(known, _)| *known == name).map(|(_, function)| *function)
    }

    pub(super) fn name(self) -> &'static str {
        Self::ALL.iter().find(|(_, function)| *function == self).map_or("", |(name, _)| name)
    }

    pub(super) fn check(self, arguments: &[Term], roles: Option<usize>) -> Result<(), String> {
        let name = self.name();
        let is_labels = |term: &Term| *term == Term::Request(PARTS - 1);
        match (self, arguments) {
            (Self::Role, _) => match roles {
                None => Err("g is not defined: there is no section role_definition".to_owned()),
                Some(parts) if parts != arguments.len() => {
                    Err(format!("g takes {parts} texts, as role_definition says"))
                }
                Some(_) if arguments.iter().any(is_labels) => Err("labels are no role".to_owned()),
                Some(_) => Ok(()),
            },
            (_, [_, Term::Request(_)]) => {
                Err(format!("{name}: a request is no pattern, since its client wrote it"))
            }
            (Self::LabelMatch, [first, _]) if is_labels(first) => Ok(()),
            (Self::LabelMatch, _) => {
                Err("labelMatch takes the labels of a request, and those of a policy".to_owned())
            }
            (Self::IpMatch, [Term::Request(4), _]) => Ok(()),
            (Self::IpMatch, _) => {
                Err("ipMatch takes the address of a request, and one of a policy".to_owned())
            }
            (_, [first, _]) if !is_labels(first) => Ok(()),
            _ => Err(format!("{name} takes a text and a pattern")),
        }
    }
}

impl Matcher {
    pub(super) fn parse(text: &str, vocabulary: &Vocabulary<'_>) -> Result<Self, String> {
        let (expression, sites) = reader::read(text, vocabulary)?;
        Ok(Self { expression, sites })
    }

    /// Each call that takes a pattern, in its order, with where that comes from.
    pub(super) fn sites(&self) -> &[(Function, Term)] {
        &self.sites
    }

    /// Whether a line of the policy speaks of what is asked.
    ///
    /// # Errors
    ///
    /// When that depends on what is not known.
    pub(super) fn holds<'a>(&'a self, asked: &Asked<'a>, line: &'a Line) -> Result<bool, Untold> {
        self.expression.holds(self, asked, line)
    }

    fn call<'a>(
        &'a self,
        site: usize,
        text: &'a Term,
        asked: &Asked<'a>,
        line: &'a Line,
    ) -> Result<bool, Untold> {
        let pattern: &Pattern = line.patterns.get(site).ok_or(Untold::Pattern)?;
        Ok(match self.sites.get(site).map(|(function, _)| *function) {
            Some(Function::LabelMatch) => pattern.holds_labels(asked.labels()),
            Some(Function::IpMatch) => pattern.holds_address(asked.address().ok_or(Untold::Address)?),
            _ => pattern.holds(text.of(asked, line)),
        })
    }
}

impl Expression {
    fn holds<'a>(&'a self, whole: &'a Matcher, asked: &Asked<'a>, line: &'a Line) -> Result<bool, Untold> {
        match self {
            Self::Any(parts) => {
                for part in parts {
                    if part.holds(whole, asked, line)? {
                        return Ok(true);
                    }
                }
                Ok(false)
            }
            Self::All(parts) => {
                for part in parts {
                    if !part.holds(whole, asked, line)? {
                        return Ok(false);
                    }
                }
                Ok(true)
            }
            Self::Not(inner) => inner.holds(whole, asked, line).map(|holds| !holds),
            Self::Equal(left, right) => Ok(left.of(asked, line) == right.of(asked, line)),
            Self::Role(terms) => {
                let mut terms = terms.iter().map(|term| term.of(asked, line));
                let mut next = || terms.next().unwrap_or_default();
                let (who, role, domain) = (next(), next(), next());
                Ok(asked.has_role(who, role, domain))
            }
            Self::Call { site, text } => whole.call(*site, text, asked, line),
        }
    }
}

impl Term {
    fn of<'a>(&'a self, asked: &Asked<'a>, line: &'a Line) -> &'a str {
        match self {
            Self::Request(at) => asked.part(*at),
            Self::Policy(at) => line.fields.get(*at).map_or("", String::as_str),
            Self::Text(text) => text,
        }
    }
}
