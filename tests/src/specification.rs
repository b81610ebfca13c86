//! The specification of the ACL: a plain evaluator that walks the rules as they are written, from docker_auth's behaviour,
//! its defects included if they are asked for. It shares only the engines for single patterns with ours.

use std::cell::RefCell;
use std::collections::HashMap;
use std::net::{IpAddr, Ipv6Addr};
use std::rc::Rc;
use std::sync::LazyLock;

use token_auth_core::acl::{GoRegex, Match, Rule, glob_matches};
use token_auth_core::{AccessRequest, Origin};

/// Defects of docker_auth that we do not have.
#[derive(Clone, Copy, Default)]
pub struct Defects {
    /// What a group captured acts as a piece of pattern.
    pub groups_are_patterns: bool,
    /// A literal value may bring the slashes that make a regular expression.
    pub values_have_slashes: bool,
}

/// The first rule whose every condition holds.
pub fn first_match(rules: &[Rule], request: &AccessRequest<'_>, defects: Defects) -> Option<usize> {
    rules.iter().position(|rule| Evaluation::new(&rule.conditions, request, defects).holds())
}

/// A placeholder and what it is replaced by.
#[derive(Clone)]
struct Variable {
    key: String,
    value: String,
    /// Whether the value was written by someone who may not write patterns.
    foreign: bool,
}

impl Variable {
    fn new(key: impl Into<String>, value: impl Into<String>, foreign: bool) -> Self {
        Self { key: key.into(), value: value.into(), foreign }
    }
}

struct Evaluation<'e> {
    conditions: &'e Match,
    request: &'e AccessRequest<'e>,
    defects: Defects,
    variables: Vec<Variable>,
}

impl<'e> Evaluation<'e> {
    fn new(conditions: &'e Match, request: &'e AccessRequest<'e>, defects: Defects) -> Self {
        let mut variables = vec![
            Variable::new("${account}", quote(request.account), true),
            Variable::new("${type}", quote(request.resource_type), true),
            Variable::new("${name}", quote(request.name), true),
            Variable::new("${service}", quote(request.service), true),
        ];
        static SEARCH: LazyLock<GoRegex> = LazyLock::new(|| GoRegex::new(r"\$\{(.+?):(\d+)\}").unwrap());
        for (pattern, _) in fields(conditions, request) {
            let mut rest = pattern.unwrap_or_default();
            while let Some(found) = SEARCH.group(rest, 0) {
                let group = (SEARCH.group(rest, 1).unwrap(), SEARCH.group(rest, 2).unwrap());
                if let Some(text) = captured(conditions, request, group.0, group.1) {
                    let value = if defects.groups_are_patterns { text.to_owned() } else { quote(text) };
                    variables.push(Variable::new(found, value, true));
                }
                rest = rest.split_once(found).unwrap().1;
            }
        }
        Self { conditions, request, defects, variables }
    }

    fn holds(&self) -> bool {
        fields(self.conditions, self.request)
            .into_iter()
            .all(|(pattern, text)| pattern.is_none_or(|pattern| self.field_holds(pattern, text)))
            && self
                .conditions
                .ip
                .as_deref()
                .is_none_or(|network| self.request.address.is_some_and(|address| contains(network, address)))
            && self.conditions.labels.iter().all(|(label, pattern)| {
                let mut values = self.request.labels.get(label).iter();
                values.any(|value| self.matches(pattern, value.as_str(), &self.variables))
            })
    }

    fn field_holds(&self, pattern: &str, text: &str) -> bool {
        if self.matches(pattern, text, &self.variables) {
            return true;
        }
        let mut combinations: Vec<Vec<Variable>> = Vec::new();
        for (label, values) in self.request.labels.iter() {
            let key = format!("${{labels:{label}}}");
            if !pattern.contains(&key) {
                continue;
            }
            if combinations.is_empty() {
                combinations.push(Vec::new());
            }
            let mut more = Vec::new();
            for combination in &combinations {
                for value in values {
                    let variable = match value.origin() {
                        Origin::Administrator => Variable::new(&key, value.as_str(), false),
                        Origin::Directory => Variable::new(&key, quote(value.as_str()), true),
                    };
                    more.push(combination.iter().cloned().chain([variable]).collect());
                }
            }
            if more.is_empty() {
                return false;
            }
            combinations = more;
        }
        combinations.iter().any(|labels| {
            let variables: Vec<_> = self.variables.iter().chain(labels).cloned().collect();
            self.matches(pattern, text, &variables)
        })
    }

    fn matches(&self, pattern: &str, text: &str, variables: &[Variable]) -> bool {
        // The filled-in pattern, and for each of its characters whether it is foreign.
        let mut filled: Vec<(char, bool)> = Vec::new();
        let mut rest = pattern;
        while let Some(char) = rest.chars().next() {
            if let Some(variable) = variables.iter().find(|variable| rest.starts_with(&variable.key)) {
                filled.extend(variable.value.chars().map(|char| (char, variable.foreign)));
                rest = rest.strip_prefix(&*variable.key).unwrap();
            } else {
                filled.push((char, false));
                rest = rest.strip_prefix(char).unwrap();
            }
        }
        let slash = |at: Option<&(char, bool)>| match at {
            Some(('/', foreign)) => !foreign || self.defects.values_have_slashes,
            _ => false,
        };
        let enclosed = filled.len() > 2 && slash(filled.first()) && slash(filled.last());
        let filled: String = filled.into_iter().map(|(char, _)| char).collect();
        match filled.strip_prefix('/').and_then(|rest| rest.strip_suffix('/')) {
            Some(expression) if enclosed => compiled(expression).is_some_and(|regex| regex.is_match(text)),
            _ => glob_matches(&filled, text).unwrap_or(false),
        }
    }
}

/// The patterns of the four fields, and their texts.
fn fields<'e>(conditions: &'e Match, request: &AccessRequest<'e>) -> [(Option<&'e str>, &'e str); 4] {
    [
        (conditions.account.as_deref(), request.account),
        (conditions.resource_type.as_deref(), request.resource_type),
        (conditions.name.as_deref(), request.name),
        (conditions.service.as_deref(), request.service),
    ]
}

/// What `${field:index}` stands for.
fn captured<'e>(
    conditions: &'e Match,
    request: &AccessRequest<'e>,
    field: &str,
    index: &str,
) -> Option<&'e str> {
    let mut title = field.replacen('ſ', "S", usize::from(field.starts_with('ſ')));
    if let Some(first) = title.get_mut(..1) {
        first.make_ascii_uppercase();
    }
    let at = ["Account", "Type", "Name", "Service"].iter().position(|name| *name == title)?;
    let (pattern, text) = *fields(conditions, request).get(at)?;
    let expression = pattern?.strip_prefix('/')?.strip_suffix('/')?;
    let index = index.parse().ok().filter(|index| *index >= 1)?;
    compiled(expression)?.group(text, index)
}

/// An expression, if it is one. To compile it costs a thousand times what it costs to ask it, and it is asked for each
/// request and each combination of labels.
fn compiled(expression: &str) -> Option<Rc<GoRegex>> {
    const MOST: usize = 512;
    thread_local!(static KNOWN: RefCell<HashMap<String, Option<Rc<GoRegex>>>> = RefCell::default());
    KNOWN.with_borrow_mut(|known| {
        if let Some(regex) = known.get(expression) {
            return regex.clone();
        }
        if known.len() == MOST {
            known.clear();
        }
        let regex = GoRegex::new(expression).ok().map(Rc::new);
        known.insert(expression.to_owned(), regex.clone());
        regex
    })
}

fn quote(text: &str) -> String {
    let mut quoted = String::new();
    for char in text.chars() {
        if r"\.+*?()|[]{}^$".contains(char) {
            quoted.push('\\');
        }
        quoted.push(char);
    }
    quoted
}

/// Whether the network contains the address, by the bytes as Go compares them.
fn contains(network: &str, address: IpAddr) -> bool {
    let (base, bits) = match network.split_once('/') {
        None => (network, None),
        Some((base, bits)) => (base, Some(bits.parse::<usize>().unwrap())),
    };
    let base: IpAddr = base.parse().unwrap();
    // IPv4 counts as the last four of sixteen bytes.
    let bits = match (bits, base) {
        (None, _) => 128,
        (Some(bits), IpAddr::V4(_)) => bits + 96,
        (Some(bits), IpAddr::V6(_)) => bits,
    };
    let mask = |at: usize| -> u8 {
        let bits = bits.saturating_sub(at * 8).min(8);
        u8::try_from(0xFF00_u16 >> bits & 0xFF).unwrap()
    };
    let mut base = sixteen(base);
    base.iter_mut().enumerate().for_each(|(at, byte)| *byte &= mask(at));
    let address = sixteen(address);
    is_v4(base) == is_v4(address) && (0..16).all(|at| base[at] == address[at] & mask(at))
}

fn sixteen(address: IpAddr) -> [u8; 16] {
    match address {
        IpAddr::V4(address) => address.to_ipv6_mapped().octets(),
        IpAddr::V6(address) => address.octets(),
    }
}

fn is_v4(bytes: [u8; 16]) -> bool {
    Ipv6Addr::from(bytes).to_ipv4_mapped().is_some()
}
