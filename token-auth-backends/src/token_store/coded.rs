//! Records as the JSON that every store keeps, and keys as the names that some find blobs by.
#![cfg_attr(
    not(all(feature = "token-store-redb", feature = "token-store-redis", feature = "token-store-sql")),
    allow(dead_code, reason = "each store needs other parts of it")
)]

use token_auth_core::{BlobKey, TokenRecord};

/// JSON that cannot be read, or written. Says where, not what: it holds what the secret is compared with.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("a record cannot be read (line {line}, column {column})")]
pub(super) struct Unreadable {
    line: usize,
    column: usize,
}

impl From<serde_json::Error> for Unreadable {
    fn from(error: serde_json::Error) -> Self {
        Self { line: error.line(), column: error.column() }
    }
}

pub(super) fn encode(record: &TokenRecord) -> Result<Vec<u8>, Unreadable> {
    Ok(serde_json::to_vec(record)?)
}

/// The same as text.
pub(super) fn encode_text(record: &TokenRecord) -> Result<String, Unreadable> {
    Ok(serde_json::to_string(record)?)
}

pub(super) fn decode(json: &[u8]) -> Result<TokenRecord, Unreadable> {
    Ok(serde_json::from_slice(json)?)
}

/// The two texts of a key as one that no other key has.
pub(super) fn blob_name(key: &BlobKey) -> String {
    let room = key.room();
    format!("{}:{room}{}", room.len(), key.name())
}
