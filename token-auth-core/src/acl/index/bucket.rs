//! The rules that are filed under one key.

use super::Index;
use super::candidates::Lists;
use crate::AccessRequest;

/// Rules that are found by the same key.
#[derive(Clone, Debug)]
pub(super) enum Bucket {
    /// In their order.
    Rules(Box<[u32]>),
    /// So many that it pays to look at another of their conditions.
    Index(Box<Index>),
}

impl Bucket {
    pub(super) fn find<'i>(&'i self, request: &AccessRequest<'_>, lists: &mut Lists<'i>) {
        match self {
            Self::Rules(rules) => lists.add(rules),
            Self::Index(index) => index.find(request, lists),
        }
    }
}
