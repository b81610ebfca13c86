//! A model: what a request and a policy consist of, and when one allows the other.

use std::collections::BTreeMap;

use super::error::Problem;
use super::matcher::Matcher;
use super::reader::Vocabulary;

/// What docker_auth asks with: account, type, name, service, ip, action, labels.
pub(super) const PARTS: usize = 7;

/// What the lines that speak of a request make of it together.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Effect {
    /// One allows.
    SomeAllow,
    /// None denies.
    NoDeny,
    /// One allows, and none denies.
    SomeAllowNoDeny,
    /// The first allows.
    First,
}

impl Effect {
    /// In the words of casbin, which knows no others.
    const ALL: [(&str, Self); 4] = [
        ("some(where (p.eft == allow))", Self::SomeAllow),
        ("!some(where (p.eft == deny))", Self::NoDeny),
        ("some(where (p.eft == allow)) && !some(where (p.eft == deny))", Self::SomeAllowNoDeny),
        ("priority(p.eft) || deny", Self::First),
    ];

    pub(super) fn of(self, is_allowed: bool, is_denied: bool) -> bool {
        match self {
            Self::SomeAllow | Self::First => is_allowed,
            Self::NoDeny => !is_denied,
            Self::SomeAllowNoDeny => is_allowed && !is_denied,
        }
    }
}

const SECTIONS: [(&str, &str); 5] = [
    ("request_definition", "r"),
    ("policy_definition", "p"),
    ("role_definition", "g"),
    ("policy_effect", "e"),
    ("matchers", "m"),
];

pub(super) struct Model {
    pub(super) policy: Vec<String>,
    /// Of how many parts the definition of roles consists, if there is one.
    pub(super) roles: Option<usize>,
    pub(super) effect: Effect,
    pub(super) matcher: Matcher,
}

impl Model {
    pub(super) fn parse(text: &str) -> Result<Self, Problem> {
        let mut written = definitions(text)?;
        let mut take = |key: &str| {
            let missing = || Problem::new(1, format!("{key:?} is not defined"));
            written.remove(key).ok_or_else(missing)
        };
        let (request, policy, effect, matcher) = (take("r")?, take("p")?, take("e")?, take("m")?);
        let roles = take("g").ok();
        let request_parts = parts(&request)?;
        if request_parts.len() != PARTS {
            let message =
                "a request consists of account, type, name, service, ip, action, labels, in this order";
            return Err(Problem::new(request.line, message));
        }
        let policy_parts = parts(&policy)?;
        if policy_parts.iter().any(|part| part == "priority") {
            let message = "a column `priority` orders the policy in Go and not here: put its lines in order, and remove it";
            return Err(Problem::new(policy.line, message));
        }
        let roles = roles.map(|roles| roles_of(&roles)).transpose()?;
        let dense = |text: &str| text.split_whitespace().collect::<String>();
        let known = Effect::ALL.into_iter().find(|(known, _)| dense(known) == dense(&effect.text));
        let unknown = || {
            let message = format!(
                "not an effect that means the same everywhere: write one of {}",
                Effect::ALL.map(|(known, _)| known).join("; ")
            );
            Problem::new(effect.line, message)
        };
        let (_, effect) = known.ok_or_else(unknown)?;
        let vocabulary = Vocabulary { request: &request_parts, policy: &policy_parts, roles };
        let matcher =
            Matcher::parse(&matcher.text, &vocabulary).map_err(|why| Problem::new(matcher.line, why))?;
        Ok(Self { policy: policy_parts, roles, effect, matcher })
    }
}

struct Definition {
    line: usize,
    text: String,
}

/// The definitions by their keys, as Go's casbin reads its files: comments begin at `#` or `;`, and a `\` goes on in the next
/// line.
fn definitions(text: &str) -> Result<BTreeMap<String, Definition>, Problem> {
    let mut found = BTreeMap::new();
    let mut section: Option<&str> = None;
    let mut pending: Option<Definition> = None;
    for (index, line) in text.lines().enumerate() {
        let number = index + 1;
        let line = line.trim();
        let line = line.split_once(['#', ';']).map_or(line, |(line, _)| line).trim();
        let (line, goes_on) = line.strip_suffix('\\').map_or((line, false), |line| (line.trim(), true));
        if pending.is_none() && line.is_empty() {
            continue;
        }
        if let (None, Some(name)) = (&pending, line.strip_prefix('[').and_then(|line| line.strip_suffix(']')))
        {
            let known = SECTIONS.iter().find(|(known, _)| *known == name);
            let (_, key) =
                known.ok_or_else(|| Problem::new(number, format!("the section {name:?} is not known")))?;
            section = Some(key);
            continue;
        }
        let definition = pending.get_or_insert(Definition { line: number, text: String::new() });
        definition.text.push_str(line);
        definition.text.push(' ');
        if !goes_on && let Some(whole) = pending.take() {
            define(&mut found, section, whole)?;
        }
    }
    match pending {
        Some(whole) => define(&mut found, section, whole).map(|()| found),
        None => Ok(found),
    }
}

fn define(
    found: &mut BTreeMap<String, Definition>,
    section: Option<&str>,
    Definition { line, text }: Definition,
) -> Result<(), Problem> {
    let (key, value) =
        text.split_once('=').ok_or_else(|| Problem::new(line, "is not of the form `key = value`"))?;
    let (key, value) = (key.trim(), value.trim());
    if section != Some(key) {
        let message = "only one definition counts in each section: r, p, g, e or m";
        return Err(Problem::new(line, format!("{key:?}: {message}")));
    }
    match found.insert(key.to_owned(), Definition { line, text: value.to_owned() }) {
        None => Ok(()),
        Some(_) => Err(Problem::new(line, format!("{key:?} is defined twice"))),
    }
}

fn parts(definition: &Definition) -> Result<Vec<String>, Problem> {
    let parts: Vec<_> = definition.text.split(',').map(|part| part.trim().to_owned()).collect();
    let is_name = |part: &String| {
        part.starts_with(|c: char| c.is_ascii_alphabetic())
            && part.bytes().all(|c| c.is_ascii_alphanumeric() || c == b'_')
    };
    let mut sorted: Vec<_> = parts.iter().collect();
    sorted.sort();
    sorted.dedup();
    match parts.iter().all(is_name) && sorted.len() == parts.len() {
        true => Ok(parts),
        false => Err(Problem::new(definition.line, "is no list of names, each of them once")),
    }
}

fn roles_of(definition: &Definition) -> Result<usize, Problem> {
    match definition.text.split(',').map(str::trim).collect::<Vec<_>>().as_slice() {
        ["_", "_"] => Ok(2),
        ["_", "_", "_"] => Ok(3),
        _ => Err(Problem::new(definition.line, "write `_, _`, or `_, _, _` with a domain")),
    }
}
