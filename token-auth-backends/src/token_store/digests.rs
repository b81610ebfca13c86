//! Names of any length and content, as names that every store can find by.

use aws_lc_rs::digest::{SHA256, digest};
use token_auth_core::BlobKey;

use super::coded::blob_name;

pub(super) fn account_digest(account: &str) -> String {
    hexadecimal(account.as_bytes())
}

pub(super) fn blob_digest(key: &BlobKey) -> String {
    hexadecimal(blob_name(key).as_bytes())
}

fn hexadecimal(data: &[u8]) -> String {
    digest(&SHA256, data).as_ref().iter().map(|byte| format!("{byte:02x}")).collect()
}
