//! Rules by a text that stands somewhere within another.

use aho_corasick::{AhoCorasick, AhoCorasickKind, MatchKind};

use super::bucket::Bucket;
use super::candidates::Lists;
use crate::AccessRequest;

/// Rules by a text that must occur somewhere, all of them looked for together.
#[derive(Clone, Debug)]
pub(super) struct Inside {
    searcher: AhoCorasick,
    /// By the number of the text.
    buckets: Box<[Bucket]>,
}

impl Inside {
    /// Nothing if the texts are too many for one searcher.
    pub(super) fn new(texts: Vec<(&[u8], Bucket)>) -> Option<Self> {
        let (texts, buckets): (Vec<_>, Vec<_>) = texts.into_iter().unzip();
        let searcher = AhoCorasick::builder()
            .match_kind(MatchKind::Standard)
            .kind(Some(AhoCorasickKind::ContiguousNFA))
            .prefilter(false)
            .build(texts)
            .ok()?;
        Some(Self { searcher, buckets: buckets.into() })
    }

    pub(super) fn find<'i>(&'i self, text: &str, request: &AccessRequest<'_>, lists: &mut Lists<'i>) {
        for found in self.searcher.find_overlapping_iter(text) {
            if let Some(bucket) = self.buckets.get(found.pattern().as_usize()) {
                bucket.find(request, lists);
            }
        }
    }
}
