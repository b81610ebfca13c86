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
    let tests = PathBuf::from(env!("CARGO_MANIFEST_DIR"));
    let target = env::var_os("CARGO_TARGET_DIR").map_or_else(|| tests.join("../target"), PathBuf::from);
    let folder = target.join("node");
    assert!(
        folder.join("node_modules/oidc-provider/package.json").is_file(),
        "npm's packages are missing: install them with `tests/run --no-run`"
    );
    // Node looks for packages beside the file that asks for them.
    let copy = folder.join(program);
    let source = fs::read(tests.join("node").join(program)).unwrap();
    if fs::read(&copy).ok().as_ref() != Some(&source) {
        let new = folder.join(format!("{program}.{}", std::process::id()));
        fs::write(&new, source).unwrap();
        fs::rename(new, &copy).unwrap();
    }
    let mut command = Program::NODE.command();
    command.arg(copy);
    command
}
