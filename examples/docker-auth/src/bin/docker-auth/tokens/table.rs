//! Records for people.

use std::fmt::Write as _;
use std::time::SystemTime;

use docker_auth::tokens::Shown;
use time::OffsetDateTime;
use token_auth_backends::core::unix_seconds;

/// One line a record, below a line of titles.
pub(super) fn of(records: &[Shown], now: SystemTime) -> String {
    let now = unix_seconds(now);
    let titles =
        ["ID", "KIND", "ACCOUNT", "NAME", "CREATED", "LAST USED", "BY", "FROM", "ENDS", "RESTRICTED TO"];
    let mut lines = vec![titles.map(str::to_owned)];
    lines.extend(records.iter().map(|record| line(record, now)));
    let width = |column: usize| {
        lines.iter().filter_map(|line| line.get(column)).map(|cell| cell.chars().count()).max()
    };
    let widths: Vec<usize> = (0..titles.len()).map(|column| width(column).unwrap_or(0)).collect();
    let mut table = String::new();
    for line in &lines {
        let mut text = String::new();
        for (cell, width) in line.iter().zip(&widths) {
            // Writing to a text does not fail.
            let _ = write!(text, "{cell:width$}  ");
        }
        table.push_str(text.trim_end());
        table.push('\n');
    }
    table
}

fn line(record: &Shown, now: u64) -> [String; 10] {
    let none = || "-".to_owned();
    let networks = record.networks.iter().flatten().map(ToString::to_string);
    let services = record.service.iter().map(|service| format!("service={service}"));
    let restrictions: Vec<_> = record.scopes.iter().cloned().chain(networks).chain(services).collect();
    [
        record.id.to_string(),
        record.kind.to_string(),
        plain(&record.account),
        record.name.as_deref().map_or_else(none, plain),
        day(record.created),
        record.last_used.map_or_else(|| "never".to_owned(), day),
        record.last_client.as_deref().map_or_else(none, plain),
        record.last_address.map_or_else(none, |address| address.to_string()),
        match record.ends {
            Some(end) if end <= now => "ended".to_owned(),
            Some(end) => day(end),
            None => "never".to_owned(),
        },
        if restrictions.is_empty() { none() } else { plain(&restrictions.join(" ")) },
    ]
}

/// Names are chosen by clients: what would move the cursor of a terminal, or look like another column, is escaped.
fn plain(text: &str) -> String {
    match text.is_empty() || text.contains(|c: char| c.is_control() || c == ' ' || !c.is_ascii()) {
        true => format!("{text:?}"),
        false => text.to_owned(),
    }
}

fn day(seconds: u64) -> String {
    let time =
        i64::try_from(seconds).ok().and_then(|seconds| OffsetDateTime::from_unix_timestamp(seconds).ok());
    time.map_or_else(
        || seconds.to_string(),
        |time| format!("{} {:02}:{:02}Z", time.date(), time.hour(), time.minute()),
    )
}
