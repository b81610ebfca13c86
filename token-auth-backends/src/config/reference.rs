//! The blocks as a configuration with every key, commented, and as a table.

use std::fmt::Write;

use super::block::Block;
use super::kind::{Key, Kind, Refusal};

/// How wide a comment is at most.
const WIDTH: usize = 110;

/// Blocks that nobody needs, and that the reference has without a `#` so that it can be loaded.
const USUAL: [&str; 2] = ["users", "acl"];

/// A configuration that can be loaded once its files are there. What need not be in it has a `#` before it; within that, what
/// need not be has a second one.
pub(super) fn reference(blocks: &[&'static Block]) -> String {
    let mut text = String::from(
        "# Every key of the configuration. A key with a `#` before it need not be there: it shows its default, or an example\n\
         # where there is none. What is within one and has a second `#` need not be there either.\n",
    );
    for block in blocks.iter().filter(|block| is_served(&block.key)) {
        let is_shown = block.key.is_required || USUAL.contains(&block.name());
        text.push('\n');
        for line in about(&block.key).into_iter().chain(entry(&block.key, is_shown)) {
            // Writing to a text does not fail.
            let _ = writeln!(text, "{line}");
        }
    }
    text
}

/// Whether this build could serve the key, or another one could.
fn is_served(key: &Key) -> bool {
    !matches!(key.refusal, Some(Refusal::Because(_))) && !matches!(key.kind, Kind::Instead(_))
}

/// The keys of a mapping, each with what it is about.
fn section(keys: &[&'static Key]) -> Vec<String> {
    let nothing_usual = !keys.iter().any(|key| key.is_required || key.is_usual);
    let mut lines = Vec::new();
    for key in keys.iter().filter(|key| is_served(key)) {
        let is_shown = match nothing_usual {
            true => key.default.is_some() && key.instead_of.is_empty(),
            false => key.is_required || key.is_usual,
        };
        lines.extend(about(key));
        lines.extend(entry(key, is_shown));
    }
    lines
}

/// The lines of a key with its value.
fn entry(key: &'static Key, is_shown: bool) -> Vec<String> {
    let mut lines = match key.example.or(key.default) {
        Some(value) => vec![format!("{}: {value}", key.name)],
        None => {
            let mut lines = vec![format!("{}:", key.name)];
            lines.extend(indented(value(&key.kind)));
            lines
        }
    };
    if !is_shown {
        lines.iter_mut().for_each(|line| line.insert(0, '#'));
    }
    lines
}

/// The lines of a value that has no example of its own.
fn value(kind: &'static Kind) -> Vec<String> {
    match kind {
        Kind::Keys(_) => section(&kind.keys().collect::<Vec<_>>()),
        Kind::Each(name, kind) => {
            let mut lines = vec![format!("{name}:")];
            lines.extend(indented(value(kind)));
            lines
        }
        Kind::List(kind) => {
            let mut lines = vec!["-".to_owned()];
            lines.extend(indented(value(kind)));
            lines
        }
        Kind::OneOrMore(kind) | Kind::OrNothing(kind) => value(kind),
        _ => Vec::new(),
    }
}

fn indented(lines: Vec<String>) -> impl Iterator<Item = String> {
    lines.into_iter().map(|line| format!("  {line}"))
}

/// What a key is about, and what else is to be known of it, as comments.
fn about(key: &Key) -> Vec<String> {
    let mut lines = Vec::new();
    let mut line = "#".to_owned();
    for word in sentences(key).split(' ') {
        if line.len() + 1 + word.len() > WIDTH {
            lines.push(std::mem::replace(&mut line, "#".to_owned()));
        }
        line.push(' ');
        line.push_str(word);
    }
    lines.push(line);
    lines
}

fn sentences(key: &Key) -> String {
    let mut sentences = vec![key.about.to_owned()];
    let listed = |names: &[&str]| names.iter().map(|name| format!("`{name}`")).collect::<Vec<_>>().join(", ");
    if key.is_required {
        sentences.push("Required.".to_owned());
    }
    if !key.instead_of.is_empty() {
        sentences.push(format!("In place of {}.", listed(key.instead_of)));
    }
    if !key.beside.is_empty() {
        sentences.push(format!("Needs {} beside it.", listed(key.beside)));
    }
    if let (Some(default), Some(_)) = (key.default, key.example) {
        sentences.push(format!("Default `{default}`."));
    }
    if key.is_ours {
        sentences.push("docker_auth does not have it.".to_owned());
    }
    sentences.join(" ")
}

/// All keys as a Markdown table for each block.
pub(super) fn tables(blocks: &[&'static Block]) -> String {
    let mut text = String::new();
    for block in blocks {
        let refused = match block.key.refusal {
            Some(Refusal::Because(reason)) => format!(" It {reason}."),
            _ => String::new(),
        };
        // Writing to a text does not fail.
        let _ = writeln!(text, "## `{}`\n\n{}{refused}\n", block.name(), sentences(&block.key));
        let mut rows = Vec::new();
        collect_rows("", &block.key.kind, &mut rows);
        if !rows.is_empty() {
            let _ = writeln!(
                text,
                "| key | what stands there | default | |\n|---|---|---|---|\n{}\n",
                rows.join("\n")
            );
        }
    }
    text.truncate(text.trim_end().len());
    text.push('\n');
    text
}

fn collect_rows(path: &str, kind: &'static Kind, rows: &mut Vec<String>) {
    match kind {
        Kind::Keys(_) => {
            for key in kind.keys().filter(|key| !matches!(key.kind, Kind::Instead(_))) {
                let path = if path.is_empty() { key.name.to_owned() } else { format!("{path}.{}", key.name) };
                let about = sentences(key).replace('|', "\\|");
                let default = key.default.map(|default| format!("`{default}`")).unwrap_or_default();
                rows.push(format!("| `{path}` | {} | {default} | {about} |", named(&key.kind)));
                collect_rows(&path, &key.kind, rows);
            }
        }
        Kind::Each(_, kind) => {
            let separator = if path.is_empty() { "" } else { "." };
            collect_rows(&format!("{path}{separator}NAME"), kind, rows);
        }
        Kind::List(kind) => collect_rows(&format!("{path}[]"), kind, rows),
        Kind::OneOrMore(kind) | Kind::OrNothing(kind) => collect_rows(path, kind, rows),
        _ => {}
    }
}

/// What is called what in the tables.
fn named(kind: &'static Kind) -> String {
    match kind {
        Kind::Text => "text".to_owned(),
        Kind::Choice(choices) => {
            let filled = choices.iter().filter(|choice| !choice.is_empty());
            filled.map(|choice| format!("`{choice}`")).collect::<Vec<_>>().join(", ")
        }
        Kind::Flag => "`true` or `false`".to_owned(),
        Kind::Integer { .. } => "number".to_owned(),
        Kind::Duration { .. } => "duration".to_owned(),
        Kind::File | Kind::TendedFile | Kind::Path => "path".to_owned(),
        Kind::List(kind) => format!("list: {}", named(kind)),
        Kind::OneOrMore(kind) => format!("{}, or a list", named(kind)),
        Kind::Each(_, kind) => format!("by name: {}", named(kind)),
        Kind::Keys(_) => "keys".to_owned(),
        Kind::OrNothing(kind) => named(kind),
        Kind::Anything | Kind::Instead(_) => String::new(),
    }
}
