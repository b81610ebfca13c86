//! The ways to find a rule by one of its patterns.

use super::expression::ExpressionKeys;
use super::key::{Access, Key, Path, Placeholder, Reading, Subject};
use super::scan::{self, Scan};
use crate::acl::field::Field;
use crate::acl::groups::Group;
use crate::acl::matching::Template;
use crate::acl::network::Network;
use crate::acl::pattern::Pattern;
use crate::pattern::expression;

impl Access {
    /// By the network that the client's address must be in.
    pub(in super::super) fn network(network: Network) -> Self {
        Self { subject: None, keys: vec![Key::Network(network.masked())], unless: Vec::new() }
    }
}

/// The ways to find a rule by one of its patterns; `keys` are those of a regular expression without
/// placeholders.
pub(in super::super) fn accesses(
    subject: &Subject,
    pattern: &Pattern,
    keys: Option<&ExpressionKeys>,
    groups: &[Group],
) -> Vec<Access> {
    let plain = |keys: Vec<Key>| Access { subject: Some(subject.clone()), keys, unless: Vec::new() };
    match pattern {
        Pattern::Never(_) => vec![plain(Vec::new())],
        Pattern::Literal(text) => vec![plain(vec![Key::Path(Path::whole(text.as_bytes()))])],
        Pattern::Glob(glob) => scan::glob(glob).into_iter().map(|key| plain(vec![key])).collect(),
        Pattern::Regex(_) => keys.into_iter().flat_map(|keys| &keys.0).cloned().map(plain).collect(),
        Pattern::Template(template) => {
            let of_template = of_template(template, matches!(subject, Subject::Field(_)), groups);
            let access = |(path, unless)| Access {
                subject: Some(subject.clone()),
                keys: vec![Key::Path(path)],
                unless,
            };
            of_template.map(access).into_iter().collect()
        }
    }
}

type Unless = Vec<(Placeholder, Reading)>;

fn of_template(template: &Template, of_field: bool, groups: &[Group]) -> Option<(Path, Unless)> {
    let text = &*template.text;
    let scan = |text| Scan { text, groups, of_field };
    let fields = Field::ALL.into_iter().filter(|field| text.contains(field.placeholder()));
    let fields = fields.map(Placeholder::Field);
    let labels = template.labels.iter().cloned().map(Placeholder::Label);
    if let Some(expression) = expression(text) {
        let path = scan(expression).expression()?;
        return Some((path, labels.map(|label| (label, Reading::Expression)).collect()));
    }
    let path = scan(text).glob()?;
    if !(may_open(text) && may_close(text)) {
        let labels = path.labels().into_iter().map(Placeholder::Label);
        return Some((path, labels.map(|label| (label, Reading::Glob)).collect()));
    }
    if groups.iter().any(|group| text.contains(&*group.placeholder)) {
        return None;
    }
    Some((path, fields.chain(labels).map(|placeholder| (placeholder, Reading::Either)).collect()))
}

/// Whether the first character that is not a value may be a slash, be it one that a label brings.
fn may_open(mut text: &str) -> bool {
    while let Some(rest) = Field::ALL.iter().find_map(|field| text.strip_prefix(field.placeholder())) {
        text = rest;
    }
    text.starts_with('/') || text.starts_with("${")
}

/// The same for the last one.
fn may_close(mut text: &str) -> bool {
    while let Some(rest) = Field::ALL.iter().find_map(|field| text.strip_suffix(field.placeholder())) {
        text = rest;
    }
    text.ends_with('/') || text.ends_with('}')
}
