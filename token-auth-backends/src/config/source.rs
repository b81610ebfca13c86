//! What a source of identities is called, what its accounts begin with, and whose accounts can have one name.

use token_auth_core::SourceId;

use super::finding::{Finding, Spot};
use super::kind::{Key, Kind};
use super::section::Section;

/// The keys `id` and `account_prefix` of a block whose accounts nobody has listed.
#[derive(Clone, Debug)]
pub struct SourceName {
    pub(super) id: SourceId,
    pub(super) account_prefix: String,
    /// Where the id stands, or else the block.
    pub(super) spot: Spot,
}

impl SourceName {
    /// The keys as a block describes them.
    pub const KEYS: &[Key] = &[
        Key::new(
            "id",
            Kind::Text,
            "What the log and tokens call the source; each of several in one configuration needs its own.",
        )
        .ours()
        .example("staff"),
        Self::ACCOUNT_PREFIX,
    ];

    pub(super) const ACCOUNT_PREFIX: Key = Key::new(
        "account_prefix",
        Kind::Text,
        "What the names of its accounts begin with, best ending in `/`.",
    )
    .ours()
    .default("\"\"");

    /// Reads the keys, with this id where there is none.
    pub fn read(section: &Section<'_>, usual: &'static str) -> Option<Self> {
        let field = section.get("id");
        let id = match &field {
            None => usual.try_into().ok(),
            Some(field) => field.parsed(identifier),
        };
        let spot = field.map_or_else(|| section.spot(), |field| field.spot());
        let prefix = section.get("account_prefix");
        let account_prefix =
            prefix.as_ref().and_then(|field| field.parsed(account_prefix)).unwrap_or_default();
        if let Some(field) = prefix.filter(|_| account_prefix.ends_with(char::is_alphanumeric)) {
            field.warn(
                "ends in a letter or digit: all accounts that begin so are this source's, by chance, too; end it in `/`",
            );
        }
        Some(Self { id: id?, account_prefix, spot })
    }
}

fn identifier(text: &str) -> Result<SourceId, String> {
    let plain = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-';
    match (1..=32).contains(&text.len()) && text.chars().all(plain) {
        true => text.try_into().map_err(|error: token_auth_core::SourceError| error.to_string()),
        false => Err("must be 1 to 32 small letters, digits and `-`".to_owned()),
    }
}

fn account_prefix(text: &str) -> Result<String, String> {
    match text.len() <= 64 && !text.contains(':') && !text.chars().any(char::is_control) {
        true => Ok(text.to_owned()),
        false => Err("must be at most 64 characters without a colon, where user names end".to_owned()),
    }
}

/// Says of sources whose accounts nobody has listed where those of two can have one name. The chain gives it to one of
/// them, and the other's is refused.
pub(super) fn meetings<'a>(names: impl IntoIterator<Item = &'a SourceName>) -> Vec<Finding> {
    let names: Vec<_> = names.into_iter().collect();
    let mut findings = Vec::new();
    for (index, name) in names.iter().enumerate() {
        let before = names.iter().take(index);
        let SourceName { id, account_prefix: prefix, spot } = name;
        if let Some(other) = before.clone().find(|other| other.account_prefix == *prefix) {
            findings.push(spot.finding(format!(
                "an account of {id} that has the name of one of {} is refused: give it an `account_prefix` of its own",
                other.id
            )));
        }
        for other in before.filter(|other| other.account_prefix != *prefix) {
            let (longer, shorter) = match other.account_prefix.len() > prefix.len() {
                true => (*other, *name),
                false => (*name, *other),
            };
            if !shorter.account_prefix.is_empty()
                && longer.account_prefix.starts_with(&shorter.account_prefix)
            {
                findings.push(spot.finding(format!(
                    "accounts of {} that begin with `{}` are refused, since they are those of {}: one prefix begins with the other",
                    shorter.id, longer.account_prefix, longer.id
                )));
            }
        }
    }
    findings
}
