//! The fuzz targets over their seeds, and the index against the specification over random lists.

#![allow(clippy::unwrap_used, clippy::panic, reason = "test code fails by panicking")]

use std::path::Path;

use proptest::prelude::*;
use token_auth_tests::fuzz;

/// Runs a target over each of its seeds, and over each cut of it.
fn over_seeds(target: fn(&[u8]), name: &str) {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("fuzz/seeds").join(name);
    let mut seeds = 0;
    for seed in std::fs::read_dir(&folder).unwrap() {
        let data = std::fs::read(seed.unwrap().path()).unwrap();
        for end in (0..=data.len()).rev().step_by(1 + data.len() / 8) {
            target(data.get(..end).unwrap());
        }
        seeds += 1;
    }
    assert!(seeds > 0, "no seeds in {}", folder.display());
}

#[test]
fn scopes() {
    over_seeds(fuzz::scopes, "scopes");
}

#[test]
fn patterns() {
    over_seeds(fuzz::patterns, "patterns");
}

#[test]
fn rules() {
    over_seeds(fuzz::rules, "rules");
}

#[test]
fn index() {
    over_seeds(fuzz::index, "index");
}

#[test]
fn http() {
    over_seeds(fuzz::http, "http");
}

#[test]
fn directory() {
    over_seeds(fuzz::directory, "directory");
}

#[test]
fn configuration() {
    over_seeds(fuzz::configuration, "configuration");
}

#[test]
fn records() {
    over_seeds(fuzz::records, "records");
}

#[test]
fn jwts() {
    over_seeds(fuzz::jwts, "jwts");
}

#[test]
fn certificates() {
    over_seeds(fuzz::certificates, "certificates");
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 300, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn the_index_decides_as_the_specification(data in prop::collection::vec(any::<u8>(), 0..400)) {
        fuzz::index(&data);
    }
}
