//! Which rules a request has to be held against.
//!
//! Each rule is filed under one of its conditions, by something that is found in every request for which the condition
//! holds: the text that the account is or begins with, a text that the name contains, a network. A request finds these
//! keys in itself, and so the rules: a superset of those that apply, in their order. What decides stays the evaluation of
//! the rule.
//!
//! A condition that a limit keeps from being decided must not be taken for one that fails. So what is filed by a pattern
//! with placeholders is also found by every request whose values could exceed a limit ([`Bounds`]), and by every one whose
//! values could act as more than text ([`Reading`]).

mod access;
mod bounds;
mod bucket;
mod builder;
mod candidates;
mod expression;
mod inside;
mod key;
mod networks;
mod paths;
mod scan;
#[cfg(test)]
mod tests;
mod trie;
mod unusual;

use super::field::Field;
use crate::AccessRequest;
use candidates::Lists;
use inside::Inside;
use networks::Networks;
use paths::Paths;
use unusual::Unusual;

pub(super) use access::accesses;
pub(super) use bounds::Bounds;
pub(super) use candidates::Candidates;
pub(super) use expression::{ExpressionKeys, expression_keys, longest_literal};
pub(super) use key::{Access, Subject};

/// Rules by what a request must be for them to apply.
#[derive(Clone, Debug, Default)]
pub(super) struct Index {
    fields: Box<[(Field, Texts)]>,
    labels: Box<[(Box<str>, Texts)]>,
    networks: Networks,
    /// What placeholders with unusual values make candidates.
    unusual: Box<[Unusual]>,
    /// What cannot be filed.
    always: Box<[u32]>,
}

impl Index {
    /// Files rules, each with the ways to find it. Rules are numbered in the order in which they come.
    pub(super) fn new(rules: &[Vec<Access>]) -> Self {
        builder::build(rules)
    }

    /// Finds lists of rules, each in their order; together they have all that may apply.
    fn find<'i>(&'i self, request: &AccessRequest<'_>, lists: &mut Lists<'i>) {
        lists.add(&self.always);
        for (field, texts) in &self.fields {
            texts.find(field.of(request), request, lists);
        }
        for (label, texts) in &self.labels {
            for value in request.labels.get(label) {
                texts.find(value.as_str(), request, lists);
            }
        }
        if let Some(address) = request.address {
            self.networks.find(address, request, lists);
        }
        for unusual in &self.unusual {
            unusual.find(request, lists);
        }
    }
}

/// Rules by what one text of the request must be.
#[derive(Clone, Debug, Default)]
struct Texts {
    paths: Paths,
    inside: Option<Inside>,
}

impl Texts {
    fn find<'i>(&'i self, text: &str, request: &AccessRequest<'_>, lists: &mut Lists<'i>) {
        self.paths.find(text.as_bytes(), request, lists);
        if let Some(inside) = &self.inside {
            inside.find(text, request, lists);
        }
    }
}
