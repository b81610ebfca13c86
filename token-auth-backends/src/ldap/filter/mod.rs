//! Search filters, parsed when they are configured (RFC 4515).

mod encode;
mod parse;
#[cfg(test)]
mod tests;

use std::fmt;
use std::str::FromStr;

#[cfg(feature = "config")]
pub(crate) use parse::is_attribute;

/// A search filter with places for the account's name and the like.
///
/// Its text is that of RFC 4515, with spaces allowed between parentheses. What is inserted for a placeholder is escaped:
/// it is always a value, and never a piece of filter.
///
/// ```
/// use token_auth_backends::ldap::Filter;
///
/// let filter: Filter = "(&(objectClass=person)(uid=${account}))".parse()?;
/// assert_eq!(filter.to_string(), "(&(objectClass=person)(uid=${account}))");
/// let error = "(uid=${acount})".parse::<Filter>().unwrap_err();
/// assert_eq!(error.to_string(), "column 6: there is no placeholder `${acount}`: there are `${account}`, `${dn}`, `${user:ATTRIBUTE}`");
/// # Ok::<(), token_auth_backends::ldap::FilterError>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Filter(Node);

/// Why a text is not a filter.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("column {column}: {message}")]
pub struct FilterError {
    column: usize,
    message: String,
}

impl FilterError {
    /// Where, in characters counted from 1.
    pub fn column(&self) -> usize {
        self.column
    }
}

#[derive(Clone, Debug, PartialEq, Eq)]
enum Node {
    And(Vec<Node>),
    Or(Vec<Node>),
    Not(Box<Node>),
    Item(Item),
}

/// `attribute=value` and its relatives.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Item {
    /// All that stands before the operator: an attribute with options, for `:=` with a rule.
    attribute: String,
    operator: &'static str,
    value: Vec<Piece>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
enum Piece {
    /// As it was written: escapes are escapes, and `*` matches anything.
    Text(String),
    Placeholder(Placeholder),
}

/// What a filter has places for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Placeholder {
    /// `${account}`
    Account,
    /// `${dn}`
    Dn,
    /// `${user:uid}`
    User(String),
}

/// Active Directory's LDAP_MATCHING_RULE_IN_CHAIN: it follows groups of groups by itself.
const IN_CHAIN: &str = "1.2.840.113556.1.4.1941";

impl Filter {
    /// The filter that is sent; `None` if there is no value for one of its placeholders.
    pub(super) fn render(&self, value: &impl Fn(&Placeholder) -> Option<String>) -> Option<Self> {
        let mut filled = self.clone();
        let mut complete = true;
        filled.0.change_items(&mut |item| {
            for piece in &mut item.value {
                let Piece::Placeholder(placeholder) = piece else { continue };
                match value(placeholder) {
                    Some(value) => *piece = Piece::Text(escaped(&value)),
                    None => complete = false,
                }
            }
        });
        complete.then_some(filled)
    }

    /// The attributes that must equal the account's name, in their order.
    pub(crate) fn account_attributes(&self) -> Vec<&str> {
        let mut found = Vec::new();
        self.0.for_each_item(&mut |item| {
            if item.is_account() {
                found.push(&*item.attribute);
            }
        });
        found
    }

    /// Whether what finds an account is that an attribute equals its name, and nothing looser.
    pub(super) fn has_account_in_equalities_alone(&self) -> bool {
        let mut alone = true;
        self.0.for_each_item(&mut |item| {
            if item.has(&Placeholder::Account) {
                alone &= item.is_account();
            }
        });
        alone
    }

    /// The same filter, but that the account is looked for in this attribute alone.
    pub(super) fn with_account_in(&self, attribute: &str) -> Self {
        let mut filter = self.clone();
        filter.0.change_items(&mut |item| {
            let is_there = item.is_account() && item.attribute.eq_ignore_ascii_case(attribute);
            if item.has(&Placeholder::Account) && !is_there {
                *item = Item {
                    attribute: attribute.to_owned(),
                    operator: "=",
                    value: vec![Piece::Placeholder(Placeholder::Account)],
                };
            }
        });
        filter
    }

    /// What it has places for.
    pub(super) fn placeholders(&self) -> Vec<&Placeholder> {
        let mut found = Vec::new();
        self.0.for_each_item(&mut |item| {
            found.extend(item.value.iter().filter_map(|piece| match piece {
                Piece::Placeholder(placeholder) => Some(placeholder),
                Piece::Text(_) => None,
            }));
        });
        found
    }

    /// Whether the server follows groups of groups.
    pub(crate) fn is_transitive(&self) -> bool {
        let mut found = false;
        self.0.for_each_item(&mut |item| found |= item.operator == ":=" && item.attribute.contains(IN_CHAIN));
        found
    }

    /// Any of these filters.
    pub(super) fn any(filters: &[Self]) -> Self {
        match filters {
            [one] => one.clone(),
            several => Self(Node::Or(several.iter().map(|filter| filter.0.clone()).collect())),
        }
    }

    /// That an attribute has these bytes.
    pub(super) fn equal(attribute: &str, value: &[u8]) -> Self {
        let value = value.iter().map(|byte| format!("\\{byte:02x}")).collect();
        Self(Node::Item(Item {
            attribute: attribute.to_owned(),
            operator: "=",
            value: vec![Piece::Text(value)],
        }))
    }
}

impl FromStr for Filter {
    type Err = FilterError;

    fn from_str(text: &str) -> Result<Self, FilterError> {
        parse::filter(text).map(Self)
    }
}

impl fmt::Display for Filter {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl Node {
    fn for_each_item<'a>(&'a self, visit: &mut impl FnMut(&'a Item)) {
        match self {
            Self::And(nodes) | Self::Or(nodes) => nodes.iter().for_each(|node| node.for_each_item(visit)),
            Self::Not(node) => node.for_each_item(visit),
            Self::Item(item) => visit(item),
        }
    }

    fn change_items(&mut self, change: &mut impl FnMut(&mut Item)) {
        match self {
            Self::And(nodes) | Self::Or(nodes) => {
                nodes.iter_mut().for_each(|node| node.change_items(change));
            }
            Self::Not(node) => node.change_items(change),
            Self::Item(item) => change(item),
        }
    }
}

/// A text as a value, whatever is in it (RFC 4515, section 3).
fn escaped(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    for sign in text.chars() {
        match sign {
            '\\' | '*' | '(' | ')' | '\0' => escaped.push_str(&format!("\\{:02x}", u32::from(sign))),
            other => escaped.push(other),
        }
    }
    escaped
}

impl Item {
    /// Whether it is that the attribute equals the account's name.
    fn is_account(&self) -> bool {
        self.operator == "=" && self.value == [Piece::Placeholder(Placeholder::Account)]
    }

    fn has(&self, placeholder: &Placeholder) -> bool {
        self.value.iter().any(|piece| matches!(piece, Piece::Placeholder(found) if found == placeholder))
    }
}

impl fmt::Display for Node {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let all = |f: &mut fmt::Formatter<'_>, sign: char, nodes: &[Self]| {
            write!(f, "({sign}")?;
            nodes.iter().try_for_each(|node| node.fmt(f))?;
            f.write_str(")")
        };
        match self {
            Self::And(nodes) => all(f, '&', nodes),
            Self::Or(nodes) => all(f, '|', nodes),
            Self::Not(node) => write!(f, "(!{node})"),
            Self::Item(item) => {
                write!(f, "({}{}", item.attribute, item.operator)?;
                item.value.iter().try_for_each(|piece| piece.fmt(f))?;
                f.write_str(")")
            }
        }
    }
}

impl fmt::Display for Piece {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Text(text) => f.write_str(text),
            Self::Placeholder(Placeholder::Account) => f.write_str("${account}"),
            Self::Placeholder(Placeholder::Dn) => f.write_str("${dn}"),
            Self::Placeholder(Placeholder::User(attribute)) => write!(f, "${{user:{attribute}}}"),
        }
    }
}
