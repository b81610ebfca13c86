//! Which keys are published beside the one that signs: `token.published_keys`.

use std::path::PathBuf;
use std::time::SystemTime;

use time::OffsetDateTime;
use time::format_description::well_known::Rfc3339;

use super::field::Field;
use super::finding::Spot;
use super::section::Section;

/// A key of `token.published_keys`: one that does not sign, and that the JWK set holds all the same.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct PublishedKeyFile {
    /// PEM; a certificate, or a public key.
    pub file: PathBuf,
    /// When it need not be published any more. `None`: as long as the configuration names it.
    pub until: Option<SystemTime>,
}

/// All of them, and where to complain of each.
#[derive(Debug)]
pub(super) struct PublishedKeys(pub(super) Vec<(PublishedKeyFile, Spot)>);

/// The list.
pub(super) fn read(token: &Section<'_>) -> PublishedKeys {
    let list = token.get("published_keys");
    let read = |field: Field<'_>| field.list(|item| Some((published_key(item)?, item.spot())));
    PublishedKeys(list.map(read).unwrap_or_default())
}

fn published_key(item: &Field<'_>) -> Option<PublishedKeyFile> {
    let section = item.section()?;
    let file = section.require("file").and_then(|field| field.filled());
    let until = section.get("until").map(|field| field.parsed(time));
    section.finish();
    // A time that cannot be read is not one without an end.
    let until = until.map_or(Some(None), |time| time.map(Some))?;
    Some(PublishedKeyFile { file: file?.into(), until })
}

fn time(text: &str) -> Result<SystemTime, String> {
    let time = OffsetDateTime::parse(text, &Rfc3339);
    let wrong = |_| format!("must be a time such as 2030-01-31T12:00:00Z (RFC 3339), and is {text:?}");
    time.map(SystemTime::from).map_err(wrong)
}
