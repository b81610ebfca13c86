//! Rules by a text that another begins with.

use std::collections::VecDeque;

/// Texts, to find those that another text begins with: in time that depends on that text, and not on how many there are.
#[derive(Clone, Debug, Default)]
pub(super) struct Trie {
    /// The first is the root; the children of a node stand together, in the order of their first bytes.
    nodes: Box<[Node]>,
    /// The first byte of each node's label; of the root, which may have none, anything.
    firsts: Box<[u8]>,
    /// All labels.
    labels: Box<[u8]>,
}

#[derive(Clone, Debug)]
struct Node {
    /// What comes after the labels of the nodes above.
    label: (usize, usize),
    children: (usize, usize),
    /// The number of the text that ends here.
    text: Option<usize>,
}

impl Trie {
    /// The texts are sorted, and each is there once. Their numbers are their places.
    pub(super) fn new(texts: &[&[u8]]) -> Self {
        let (mut nodes, mut firsts, mut labels) = (Vec::new(), Vec::new(), Vec::new());
        // The texts below a node, and how much of them the nodes above have.
        let mut waiting = VecDeque::from([(0..texts.len(), 0)]);
        let mut children = 1;
        while let Some((range, above)) = waiting.pop_front() {
            let below = texts.get(range.clone()).unwrap_or_default();
            let (Some(first), Some(last)) = (below.first(), below.last()) else { break };
            // All texts between the two share what the two share.
            let shared = first.iter().zip(*last).take_while(|(left, right)| left == right).count();
            let label = first.get(above..shared).unwrap_or_default();
            firsts.push(label.first().copied().unwrap_or_default());
            let from = labels.len();
            labels.extend_from_slice(label);
            let ends_here = first.len() == shared;
            let mut at = range.start + usize::from(ends_here);
            let first_child = children;
            let branches = below.get(usize::from(ends_here)..).unwrap_or_default();
            for branch in branches.chunk_by(|left, right| left.get(shared) == right.get(shared)) {
                waiting.push_back((at..at + branch.len(), shared));
                at += branch.len();
                children += 1;
            }
            let text = ends_here.then_some(range.start);
            nodes.push(Node { label: (from, labels.len()), children: (first_child, children), text });
        }
        Self { nodes: nodes.into(), firsts: firsts.into(), labels: labels.into() }
    }

    /// The numbers of all that the text begins with, the shortest first, each with what comes after it.
    pub(super) fn beginnings<'t>(&self, text: &'t [u8]) -> impl Iterator<Item = (usize, &'t [u8])> {
        let (mut next, mut rest) = (self.nodes.first(), text);
        std::iter::from_fn(move || {
            loop {
                let node = next?;
                let (from, to) = node.label;
                rest = rest.strip_prefix(self.labels.get(from..to)?)?;
                next = rest.first().and_then(|byte| self.child(node, *byte));
                if let Some(text) = node.text {
                    return Some((text, rest));
                }
            }
        })
    }

    fn child(&self, node: &Node, first: u8) -> Option<&Node> {
        let (from, to) = node.children;
        let at = self.firsts.get(from..to)?.iter().position(|byte| *byte == first)?;
        self.nodes.get(from + at)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn finds_what_a_text_begins_with(
            texts in prop::collection::btree_set("[ab]{0,6}", 0..30),
            text in "[abc]{0,8}",
        ) {
            let all: Vec<&str> = texts.iter().map(String::as_str).collect();
            let bytes: Vec<&[u8]> = all.iter().map(|text| text.as_bytes()).collect();
            let trie = Trie::new(&bytes);
            let found: Vec<_> = trie.beginnings(text.as_bytes()).collect();
            let expected: Vec<_> = all
                .iter()
                .enumerate()
                .filter_map(|(at, prefix)| Some((at, text.strip_prefix(prefix)?.as_bytes())))
                .collect();
            prop_assert_eq!(found, expected);
        }
    }
}
