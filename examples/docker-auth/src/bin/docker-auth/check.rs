//! Whether a configuration would run, what is suspicious in it, and whether its rules do what its tests say.

use std::path::Path;
use std::time::Instant;

use anyhow::{Context as _, Result, bail};
use docker_auth::Checked;
use token_auth_backends::FileStamps;
use token_auth_backends::config::{Config, ConfigOptions, Finding};

use crate::cli::Check;

/// What is reported goes to standard output; what keeps the server from starting, to standard error.
pub(crate) fn check(options: &Check) -> Result<()> {
    let Check { config: path, lenient, deny_warnings } = options;
    let file = path.display().to_string();
    let (text, Checked { notes, mut warnings, .. }) = read(path, &file, *lenient)?;
    let reading = if *lenient { ConfigOptions::lenient() } else { ConfigOptions::default() };
    let (config, _) = Config::from_yaml(text, &file, &reading)?;
    let (errors, lint): (Vec<_>, Vec<_>) = config.lint().into_iter().partition(Finding::is_error);
    warnings.extend(lint);
    for note in &notes {
        println!("note: {note}");
    }
    for warning in &warnings {
        println!("warning: {warning}");
    }
    for error in &errors {
        println!("error: {error}");
    }
    let failed = run_tests(&config);
    if failed > 0 {
        bail!("{file}: {failed} policy tests failed");
    }
    if !errors.is_empty() {
        bail!("{file}: {} rules that never deny what they are to deny", errors.len());
    }
    if *deny_warnings && !warnings.is_empty() {
        bail!("{file}: {} warnings", warnings.len());
    }
    println!("{file}: good");
    Ok(())
}

/// What a file says, and what is to be said of it and all that it names; again, if one of them is written meanwhile.
fn read(path: &Path, file: &str, lenient: bool) -> Result<(Vec<u8>, Checked)> {
    let end = Instant::now() + ConfigOptions::PATIENCE;
    loop {
        let begun = Instant::now();
        let text = std::fs::read(path).with_context(|| format!("cannot read {file}"))?;
        let checked = docker_auth::check(&text, file, lenient);
        let named = checked.iter().flat_map(|checked| &checked.files).map(std::path::PathBuf::as_path);
        let files = FileStamps::of(named.chain([path]));
        if !files.have_changed_within(begun.elapsed()) {
            return Ok((text, checked?));
        }
        if begun > end {
            bail!("{file}, or a file that it names, is being written all the time");
        }
    }
}

/// Prints what comes of each test, and says how many failed.
fn run_tests(config: &Config) -> usize {
    let (mut passed, mut failed) = (0, 0);
    for result in config.run_policy_tests() {
        let Some(failure) = &result.failure else {
            println!("policy test {} ... ok", result.test.name);
            passed += 1;
            continue;
        };
        println!("policy test {} ... FAILED", result.test.name);
        println!("  {}", failure.finding);
        let explanation = failure.explanation.iter().map(ToString::to_string).collect::<String>();
        explanation.lines().for_each(|line| println!("  {line}"));
        failed += 1;
    }
    if passed + failed > 0 {
        println!("policy tests: {passed} passed, {failed} failed");
    }
    failed
}
