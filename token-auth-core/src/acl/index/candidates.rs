//! The rules that may apply to a request, in their order.

use super::{Bounds, Index};
use crate::AccessRequest;
use crate::acl::AclLimits;

/// How many lists are merged without looking each up again for every step. No request of a usual list of rules finds more.
const ROOM: usize = 16;

/// The lists of rules that a request finds.
pub(super) struct Lists<'i> {
    lists: [&'i [u32]; ROOM],
    count: usize,
    /// There were more than there is room for: only `next` is right.
    full: bool,
    /// The first rule that is looked for, and the first that was found from there on.
    from: u32,
    next: Option<u32>,
}

impl<'i> Lists<'i> {
    pub(super) fn add(&mut self, rules: &'i [u32]) {
        let Some(first) = rules.first() else { return };
        match self.lists.get_mut(self.count) {
            Some(list) => {
                *list = rules;
                self.count += 1;
            }
            None => self.full = true,
        }
        let found = match *first >= self.from {
            true => Some(*first),
            false => rules.get(rules.partition_point(|rule| *rule < self.from)).copied(),
        };
        self.next = match (self.next, found) {
            (Some(next), Some(found)) => Some(next.min(found)),
            (next, found) => next.or(found),
        };
    }

    fn clear(&mut self) {
        self.count = 0;
        self.next = None;
    }

    /// Finds the next rule in the lists themselves.
    fn merge(&mut self) {
        self.next = None;
        for list in self.lists.iter_mut().take(self.count) {
            while let [first, rest @ ..] = list
                && *first < self.from
            {
                *list = rest;
            }
            if let Some(first) = list.first() {
                self.next = Some(self.next.map_or(*first, |next| next.min(*first)));
            }
        }
    }
}

/// The rules that may apply to a request, in their order. Allocates nothing.
pub(in super::super) struct Candidates<'i, 'r> {
    index: &'i Index,
    request: &'r AccessRequest<'r>,
    /// What is found in any case.
    besides: &'i [u32],
    lists: Lists<'i>,
}

impl<'i, 'r> Candidates<'i, 'r> {
    pub(in super::super) fn new(
        index: &'i Index,
        bounds: &'i Bounds,
        limits: &AclLimits,
        request: &'r AccessRequest<'r>,
    ) -> Self {
        let lists = Lists { lists: [&[]; ROOM], count: 0, full: false, from: 0, next: None };
        let besides = if bounds.exceeded(request, limits) { bounds.templates() } else { &[] };
        let mut candidates = Self { index, request, besides, lists };
        candidates.find();
        candidates
    }

    fn find(&mut self) {
        self.lists.clear();
        self.lists.add(self.besides);
        self.index.find(self.request, &mut self.lists);
    }
}

impl Iterator for Candidates<'_, '_> {
    type Item = usize;

    fn next(&mut self) -> Option<usize> {
        let next = self.lists.next?;
        self.lists.from = next.checked_add(1)?;
        match self.lists.full {
            true => self.find(),
            false => self.lists.merge(),
        }
        usize::try_from(next).ok()
    }
}
