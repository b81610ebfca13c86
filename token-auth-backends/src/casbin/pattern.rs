//! Patterns of a policy, and of a matcher: read once, with the meaning that the functions of Go's casbin give them.

use std::collections::BTreeMap;
use std::net::IpAddr;

use ipnet::IpNet;
use token_auth_core::Labels;
use token_auth_core::pattern::{GoRegex, glob_matches};

use super::matcher::Function;

/// A pattern that was read once.
pub(super) enum Pattern {
    /// All of it, or what it begins with.
    Key {
        text: String,
        is_prefix: bool,
    },
    Regex(GoRegex),
    /// The same, and a query behind `?` does not count.
    Path(GoRegex),
    Glob(String),
    Network(IpNet),
    Labels(BTreeMap<String, Vec<String>>),
}

impl Pattern {
    pub(super) fn read(function: Function, text: &str) -> Result<Self, String> {
        let regex = |expression: &str| {
            GoRegex::new(expression).map_err(|error| format!("{}: {text:?}: {error}", function.name()))
        };
        match function {
            Function::KeyMatch => Ok(match text.split_once('*') {
                Some((prefix, _)) => Self::Key { text: prefix.to_owned(), is_prefix: true },
                None => Self::Key { text: text.to_owned(), is_prefix: false },
            }),
            Function::RegexMatch => regex(text).map(Self::Regex),
            Function::KeyMatch2 => regex(&path(text, |rest| {
                let name = rest.strip_prefix(':')?;
                let end = name.find('/').unwrap_or(name.len());
                (end > 0).then(|| name.get(end..).unwrap_or_default())
            }))
            .map(Self::Regex),
            Function::KeyMatch3 => regex(&path(text, braces)).map(Self::Regex),
            Function::KeyMatch5 => regex(&path(text, braces)).map(Self::Path),
            Function::GlobMatch => match glob_matches(text, "") {
                Ok(_) => Ok(Self::Glob(text.to_owned())),
                Err(error) => Err(format!("globMatch: {text:?}: {error}")),
            },
            Function::IpMatch => {
                let one = |text: &str| {
                    text.parse::<IpAddr>().ok().map(|address| IpNet::from(address.to_canonical()))
                };
                let network = one(text).or_else(|| text.parse::<IpNet>().ok().filter(is_plain));
                let wrong = || format!("ipMatch: {text:?} is neither an address nor a network");
                network.map(Self::Network).ok_or_else(wrong)
            }
            Function::LabelMatch => serde_json::from_str(text).map(Self::Labels).map_err(|_| {
                format!(
                    r#"labelMatch: {text:?} is not of the form {{"group": ["dev"]}}; {{}} asks for no label"#
                )
            }),
            Function::Role => Err("a role is no pattern".to_owned()),
        }
    }

    /// Whether it holds for a text.
    pub(super) fn holds(&self, text: &str) -> bool {
        match self {
            Self::Key { text: prefix, is_prefix: true } => text.as_bytes().starts_with(prefix.as_bytes()),
            Self::Key { text: whole, is_prefix: false } => text == whole,
            Self::Regex(regex) => regex.is_match(text),
            Self::Path(regex) => regex.is_match(text.split_once('?').map_or(text, |(path, _)| path)),
            Self::Glob(glob) => glob_matches(glob, text).unwrap_or_default(),
            // These are not held against texts.
            Self::Network(_) | Self::Labels(_) => false,
        }
    }

    pub(super) fn holds_address(&self, address: IpAddr) -> bool {
        matches!(self, Self::Network(network) if network.contains(&address))
    }

    /// Whether the account has every value of every label that is asked for.
    pub(super) fn holds_labels(&self, labels: &Labels) -> bool {
        let Self::Labels(wanted) = self else { return false };
        wanted.iter().all(|(label, values)| {
            let has = labels.get(label);
            values.iter().all(|value| has.iter().any(|own| own.as_str() == value))
        })
    }
}

/// IPv4 written as IPv6 means different things to different programs.
fn is_plain(network: &IpNet) -> bool {
    !matches!(network, IpNet::V6(network) if network.addr().to_ipv4_mapped().is_some())
}

/// A path with parts that stand for anything as an expression; all else in it is an expression, as in Go. `part` tells what is
/// left behind such a part, if one begins here.
fn path(text: &str, part: impl Fn(&str) -> Option<&str>) -> String {
    let text = text.replace("/*", "/.*");
    let (mut expression, mut rest) = ("^".to_owned(), &*text);
    while let Some(first) = rest.chars().next() {
        match part(rest) {
            Some(left) => {
                expression.push_str("[^/]+");
                rest = left;
            }
            None => {
                expression.push(first);
                rest = rest.get(first.len_utf8()..).unwrap_or_default();
            }
        }
    }
    expression.push('$');
    expression
}

/// `\{[^/]+\}`: up to the last closing one before a slash.
fn braces(rest: &str) -> Option<&str> {
    let name = rest.strip_prefix('{')?;
    let before_slash = name.find('/').map_or(name, |slash| name.get(..slash).unwrap_or(name));
    let end = before_slash.rfind('}').filter(|end| *end > 0)?;
    name.get(end + 1..)
}
