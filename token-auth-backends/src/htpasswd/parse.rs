//! The lines of a password file and of a group file.

use std::collections::HashMap;

use token_auth_core::{LabelValue, Labels};

use crate::password::{HashLimits, PasswordHash};

use super::error::LineProblem;

/// Labels by account.
pub(super) type GroupLabels = HashMap<String, Labels>;

/// Lines of `name:hash`; empty ones and those that begin with `#` do not count.
pub(super) fn users(
    text: &str,
    limits: &HashLimits,
) -> Result<Vec<(String, PasswordHash)>, Vec<LineProblem>> {
    let (mut users, mut problems) = (Vec::new(), Vec::new());
    let mut lines_by_name = HashMap::new();
    for (line, content) in lines(text) {
        match user(content, limits) {
            Ok((name, hash)) => {
                let first = *lines_by_name.entry(name).or_insert(line);
                if first != line {
                    problems
                        .push(LineProblem::new(line, format!("user {name:?} is already on line {first}")));
                }
                users.push((name.to_owned(), hash));
            }
            Err(message) => problems.push(LineProblem::new(line, message)),
        }
    }
    if problems.is_empty() { Ok(users) } else { Err(problems) }
}

/// Lines of `group: name name`; a group may have several.
pub(super) fn groups(text: &str) -> Result<GroupLabels, Vec<LineProblem>> {
    let (mut labels, mut problems) = (GroupLabels::new(), Vec::new());
    for (line, content) in lines(text) {
        let Some((group, members)) = content.split_once(':').filter(|(group, _)| !group.trim().is_empty())
        else {
            problems.push(LineProblem::new(line, "must have the form `group: name name`"));
            continue;
        };
        let group = group.trim();
        for member in members.split_whitespace() {
            let labels: &mut Labels = labels.entry(member.to_owned()).or_default();
            if labels.get("group").iter().all(|known| known.as_str() != group) {
                labels.insert("group", LabelValue::dangerous_pattern(group));
            }
        }
    }
    if problems.is_empty() { Ok(labels) } else { Err(problems) }
}

/// Lines with their numbers, without those that say nothing.
fn lines(text: &str) -> impl Iterator<Item = (usize, &str)> {
    let text = text.strip_prefix('\u{feff}').unwrap_or(text);
    text.lines()
        .enumerate()
        .map(|(index, line)| (index + 1, line.trim_end()))
        .filter(|(_, line)| !line.trim_start().is_empty() && !line.starts_with('#'))
}

fn user<'a>(line: &'a str, limits: &HashLimits) -> Result<(&'a str, PasswordHash), String> {
    // The line is not shown: it may be a password on its own.
    let (name, hash) = line.split_once(':').ok_or("must have the form `name:hash`")?;
    if name.is_empty() {
        return Err("the name is empty: the anonymous account is configured under `users`".to_owned());
    }
    let hash = PasswordHash::parse(hash, limits).map_err(|error| format!("user {name:?}: {error}"))?;
    Ok((name, hash))
}
