//! Files each rule under the condition that fewest others share.

use std::collections::{BTreeMap, HashMap};

use super::bucket::Bucket;
use super::inside::Inside;
use super::key::{Access, Key, Path, Placeholder, Reading, Subject};
use super::networks::Networks;
use super::paths::Paths;
use super::unusual::Unusual;
use super::{Index, Texts};
use crate::acl::network::Network;

/// Rules that one key leads to are held against the request one by one up to this many.
const FEW: usize = 16;

/// How many conditions of a rule are looked up, one after the other.
const DEPTH: usize = 4;

/// A rule, and the ways to find it that have not been used.
struct Item<'a> {
    rule: u32,
    ways: Vec<&'a Access>,
}

/// Files rules, each with the ways to find it.
pub(super) fn build(rules: &[Vec<Access>]) -> Index {
    let items = (0..).zip(rules).map(|(rule, ways)| Item { rule, ways: ways.iter().collect() });
    Plan::new(items.collect()).file(DEPTH)
}

/// Rules, and for each of them the way to find it that leads to the fewest others.
struct Plan<'a> {
    items: Vec<Item<'a>>,
    chosen: Vec<Option<&'a Access>>,
    /// Rules that are found with about as many others as there are.
    crowded: usize,
}

impl<'a> Plan<'a> {
    fn new(items: Vec<Item<'a>>) -> Self {
        let mut counts: HashMap<(&Option<Subject>, &Key), u64> = HashMap::new();
        for access in items.iter().flat_map(|item| &item.ways) {
            for key in &access.keys {
                *counts.entry((&access.subject, key)).or_default() += 1;
            }
        }
        let found = |access: &Access, weigh: fn(&Key) -> u64| -> u64 {
            let count = |key| counts.get(&(&access.subject, key)).copied().unwrap_or(0);
            access.keys.iter().map(|key| count(key).saturating_mul(weigh(key))).sum()
        };
        let cost =
            |access: &Access| found(access, Key::weight) + if access.unless.is_empty() { 0 } else { 4 };
        let chosen: Vec<_> =
            items.iter().map(|item| item.ways.iter().copied().min_by_key(|access| cost(access))).collect();
        let half = u64::try_from(items.len() / 2).unwrap_or(u64::MAX);
        let crowded =
            chosen.iter().filter(|way| way.is_none_or(|access| found(access, |_| 1) > half)).count();
        Self { items, chosen, crowded }
    }

    fn splits(&self) -> bool {
        self.crowded < self.items.len() / 2
    }

    fn file(self, depth: usize) -> Index {
        let mut files = Files::default();
        let mut always = Vec::new();
        for (at, (item, way)) in self.items.iter().zip(&self.chosen).enumerate() {
            match way {
                Some(access) => files.add(at, item.rule, access),
                None => always.push(item.rule),
            }
        }
        let mut bucket = |members: Vec<usize>| self.bucket(&members, depth);
        let Files { texts, networks, unusual } = files;
        let (mut fields, mut labels) = (Vec::new(), Vec::new());
        for (subject, TextFiles { paths, inside }) in texts {
            let paths = Paths::new(paths, &mut bucket);
            let searched = inside.iter().map(|(text, members)| (*text, bucket(members.clone())));
            let searcher = Inside::new(searched.collect());
            if searcher.is_none() {
                let members = inside.values().flatten();
                always.extend(members.filter_map(|at| self.items.get(*at)).map(|item| item.rule));
            }
            let texts = Texts { paths, inside: searcher.filter(|_| !inside.is_empty()) };
            match subject {
                Subject::Field(field) => fields.push((*field, texts)),
                Subject::Label(label) => labels.push((label.clone(), texts)),
            }
        }
        let networks = networks.into_iter().map(|(network, members)| (network, bucket(members)));
        let networks = Networks::new(networks.collect());
        let unusual = unusual
            .into_iter()
            .map(|((placeholder, reading), rules)| Unusual::new(placeholder.clone(), reading, rules))
            .collect();
        always.sort_unstable();
        Index { fields: fields.into(), labels: labels.into(), networks, unusual, always: always.into() }
    }

    fn bucket(&self, members: &[usize], depth: usize) -> Bucket {
        let items = || members.iter().filter_map(|at| Some((self.items.get(*at)?, *self.chosen.get(*at)?)));
        if members.len() > FEW && depth > 1 {
            let rest = items().map(|(item, used)| Item {
                rule: item.rule,
                ways: item
                    .ways
                    .iter()
                    .copied()
                    .filter(|way| used.is_none_or(|used| !std::ptr::eq(*way, used)))
                    .collect(),
            });
            let plan = Plan::new(rest.collect());
            if plan.splits() {
                return Bucket::Index(Box::new(plan.file(depth - 1)));
            }
        }
        Bucket::Rules(items().map(|(item, _)| item.rule).collect())
    }
}

/// Rules by the keys that they are filed under: their places among the items, in their order.
#[derive(Default)]
struct Files<'a> {
    texts: BTreeMap<&'a Subject, TextFiles<'a>>,
    networks: HashMap<Network, Vec<usize>>,
    unusual: BTreeMap<(&'a Placeholder, Reading), Vec<u32>>,
}

#[derive(Default)]
struct TextFiles<'a> {
    paths: Vec<(&'a Path, usize)>,
    inside: BTreeMap<&'a [u8], Vec<usize>>,
}

impl<'a> Files<'a> {
    fn add(&mut self, at: usize, rule: u32, access: &'a Access) {
        for key in &access.keys {
            if let Key::Network(network) = key {
                self.networks.entry(*network).or_default().push(at);
            }
            let Some(subject) = &access.subject else { continue };
            let text = self.texts.entry(subject).or_default();
            match key {
                Key::Path(path) => text.paths.push((path, at)),
                Key::Inside(literal) => text.inside.entry(literal).or_default().push(at),
                Key::Network(_) => {}
            }
        }
        for (placeholder, reading) in &access.unless {
            self.unusual.entry((placeholder, *reading)).or_default().push(rule);
        }
    }
}
