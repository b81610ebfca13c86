use std::path::PathBuf;
use std::process::Command;
use std::{env, fs};

use crate::Program;

/// A command that runs a program of `node/`, with the packages that `tests/run` installs.
///
/// # Panics
///
/// When the packages are not there.
pub(crate) fn node(program: &str) -> Command {
    let folder = folder();
    // Node looks for packages beside the file that asks for them.
    let copy = folder.join(program);
    let source = fs::read(PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("node").join(program)).unwrap();
    if fs::read(&copy).ok().as_ref() != Some(&source) {
        let new = folder.join(format!("{program}.{}", std::process::id()));
        fs::write(&new, source).unwrap();
        fs::rename(new, &copy).unwrap();
    }
    let mut command = Program::NODE.command();
    command.arg(copy);
    command
}

/// A command that runs a program that one of those packages brings.
///
/// # Panics
///
/// When the packages are not there.
pub(crate) fn node_package(program: &str) -> Command {
    let mut command = Program::NODE.command();
    command.arg(folder().join("node_modules").join(program));
    command
}

/// Where `tests/run` has installed what `node/package-lock.json` says.
fn folder() -> PathBuf {
    let tests = PathBuf::from(env!("CARGO_MANIFEST_DIR"));
    let target = env::var_os("CARGO_TARGET_DIR").map_or_else(|| tests.join("../target"), PathBuf::from);
    let folder = target.join("node");
    assert!(
        fs::read(folder.join("installed")).ok() == fs::read(tests.join("node/package-lock.json")).ok(),
        "npm's packages are missing: install them with `tests/run --no-run`"
    );
    folder
}
