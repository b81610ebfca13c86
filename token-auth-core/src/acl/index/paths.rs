//! Rules by the beginning of a path, whole segments at a time.

use std::collections::BTreeMap;

use super::bucket::Bucket;
use super::candidates::Lists;
use super::key::{Path, Placeholder, Then};
use super::trie::Trie;
use crate::AccessRequest;

/// Rules by how a text begins.
#[derive(Clone, Debug, Default)]
pub(super) struct Paths {
    literals: Trie,
    /// By the number of the literal.
    ends: Box<[End]>,
}

/// What may come after a literal.
#[derive(Clone, Debug)]
struct End {
    /// Nothing.
    whole: Option<Bucket>,
    /// Anything.
    prefix: Option<Bucket>,
    /// A value, and more.
    values: Box<[(Placeholder, Paths)]>,
}

impl Paths {
    /// Files rules; `bucket` makes buckets of them.
    pub(super) fn new<R: Copy>(mut paths: Vec<(&Path, R)>, bucket: &mut dyn FnMut(Vec<R>) -> Bucket) -> Self {
        // Stable: the rules of a bucket stay in their order.
        paths.sort_by(|(left, _), (right, _)| left.literal.cmp(&right.literal));
        let (mut literals, mut ends) = (Vec::new(), Vec::new());
        for same in paths.chunk_by(|(left, _), (right, _)| left.literal == right.literal) {
            literals.extend(same.first().map(|(path, _)| &*path.literal));
            ends.push(End::new(same, bucket));
        }
        Self { literals: Trie::new(&literals), ends: ends.into() }
    }

    pub(super) fn find<'i>(&'i self, text: &[u8], request: &AccessRequest<'_>, lists: &mut Lists<'i>) {
        for (literal, rest) in self.literals.beginnings(text) {
            if let Some(end) = self.ends.get(literal) {
                end.find(rest, request, lists);
            }
        }
    }
}

impl End {
    fn new<R: Copy>(rules: &[(&Path, R)], bucket: &mut dyn FnMut(Vec<R>) -> Bucket) -> Self {
        let (mut whole, mut prefix) = (Vec::new(), Vec::new());
        let mut values: BTreeMap<&Placeholder, Vec<(&Path, R)>> = BTreeMap::new();
        for (path, rule) in rules {
            match &path.then {
                Then::End => whole.push(*rule),
                Then::Anything => prefix.push(*rule),
                Then::Value(placeholder, rest) => values.entry(placeholder).or_default().push((rest, *rule)),
            }
        }
        let mut some = |rules: Vec<R>| (!rules.is_empty()).then(|| bucket(rules));
        let (whole, prefix) = (some(whole), some(prefix));
        let values =
            values.into_iter().map(|(placeholder, paths)| (placeholder.clone(), Paths::new(paths, bucket)));
        Self { whole, prefix, values: values.collect() }
    }

    fn find<'i>(&'i self, rest: &[u8], request: &AccessRequest<'_>, lists: &mut Lists<'i>) {
        if rest.is_empty()
            && let Some(bucket) = &self.whole
        {
            bucket.find(request, lists);
        }
        if let Some(bucket) = &self.prefix {
            bucket.find(request, lists);
        }
        for (placeholder, paths) in &self.values {
            let mut after = |value: &[u8]| {
                if let Some(rest) = rest.strip_prefix(value) {
                    paths.find(rest, request, lists);
                }
            };
            match placeholder {
                Placeholder::Field(field) => after(field.of(request).as_bytes()),
                Placeholder::Label(label) => {
                    request.labels.get(label).iter().for_each(|value| after(value.as_str().as_bytes()));
                    if let Some(rest) = as_written(rest, label) {
                        paths.find(rest, request, lists);
                    }
                }
            }
        }
    }
}

/// What comes after the placeholder for a label, where it is not filled in.
fn as_written<'t>(text: &'t [u8], label: &str) -> Option<&'t [u8]> {
    text.strip_prefix(b"${labels:")?.strip_prefix(label.as_bytes())?.strip_prefix(b"}")
}
