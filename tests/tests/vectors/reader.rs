//! Reads files of vectors, one JSON object a line, and counts what became of them.

use std::collections::BTreeMap;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::{Path, PathBuf};

use serde::de::DeserializeOwned;

/// What became of a vector.
pub(crate) enum Verdict {
    /// We decide as docker_auth did.
    Agreed,
    /// We decide otherwise because of a defect of docker_auth that we do not have: which one.
    OnPurpose(&'static str),
    /// We decide otherwise: how.
    Differed(String),
}

/// The kinds of vectors, each a file.
const KINDS: [&str; 3] = ["acl", "keyid", "scope"];

/// Where the vectors are that belong to the project.
pub(crate) fn own_directory() -> &'static Path {
    Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/data/vectors"))
}

/// The directory that `TOKEN_AUTH_VECTORS` names. Cargo starts a test in its package's folder: a relative path may also be
/// meant from the workspace's.
fn other_directory() -> Option<PathBuf> {
    let named = PathBuf::from(std::env::var_os("TOKEN_AUTH_VECTORS")?);
    let workspace = Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/.."));
    let found = [workspace.join(&named), named.clone()].into_iter().find(|path| path.is_dir());
    let found = found.unwrap_or_else(|| panic!("TOKEN_AUTH_VECTORS: {} is not a directory", named.display()));
    assert_vectors(&found);
    Some(found)
}

/// Fails if there are no vectors of any kind: it is the wrong directory then, and nothing would have been judged.
fn assert_vectors(directory: &Path) {
    let there = KINDS.iter().any(|kind| file(directory, kind).exists());
    assert!(there, "TOKEN_AUTH_VECTORS: none of {KINDS:?} is in {}", directory.display());
}

fn file(directory: &Path, kind: &str) -> PathBuf {
    directory.join(format!("{kind}.jsonl"))
}

/// Judges each vector of a kind, prints the result, and fails if any differed. In a directory other than our own, a kind
/// may be absent, but not all of them.
pub(crate) fn run<V: DeserializeOwned>(kind: &str, judge: impl Fn(V) -> Verdict) {
    let other = other_directory();
    let path = file(other.as_deref().unwrap_or(own_directory()), kind);
    if other.is_some() && !path.exists() {
        println!("{kind}: absent");
        return;
    }
    let (mut agreed, mut on_purpose, mut differed) = (0, BTreeMap::<_, usize>::new(), Vec::new());
    for (number, line) in lines(&path) {
        match judged(&line, &judge) {
            Verdict::Agreed => agreed += 1,
            Verdict::OnPurpose(reason) => *on_purpose.entry(reason).or_default() += 1,
            Verdict::Differed(how) => differed.push(format!("line {number}: {how}\n  {line}")),
        }
    }
    let purposely: usize = on_purpose.values().sum();
    println!("{kind}: {agreed} agreed, {purposely} differed on purpose, {} differed", differed.len());
    for (reason, count) in on_purpose {
        println!("  {count} on purpose: {reason}");
    }
    assert!(differed.is_empty(), "{kind}: {} differed\n{}", differed.len(), differed.join("\n"));
}

/// The lines of a file that are not blank, numbered from 1.
pub(crate) fn lines(path: &Path) -> Vec<(usize, String)> {
    let text = std::fs::read_to_string(path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
    let numbered = text.lines().enumerate().map(|(at, line)| (at + 1, line.to_owned()));
    numbered.filter(|(_, line)| !line.trim().is_empty()).collect()
}

fn judged<V: DeserializeOwned>(line: &str, judge: impl Fn(V) -> Verdict) -> Verdict {
    match serde_json::from_str(line) {
        Err(error) => Verdict::Differed(format!("cannot be read: {error}")),
        Ok(vector) => catch_unwind(AssertUnwindSafe(|| judge(vector)))
            .unwrap_or_else(|_| Verdict::Differed("panicked".to_owned())),
    }
}

#[test]
#[should_panic(expected = "none of")]
fn a_directory_without_vectors() {
    assert_vectors(tempfile::tempdir().unwrap().path());
}
