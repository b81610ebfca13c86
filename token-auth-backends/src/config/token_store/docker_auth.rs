//! `level_token_db`, `gcs_token_db`, `redis_token_db`: docker_auth's keys, which choose among the same stores.

use super::{Read, TokenStoreConfig};
use crate::config::block::with_feature;
use crate::config::field::Field;
use crate::config::section::Section;

const KEYS: [(&str, Option<Read>); 3] = [
    ("level_token_db", Some(level)),
    ("gcs_token_db", with_feature!("token-store-object", super::object::gcs_token_db as Read)),
    ("redis_token_db", with_feature!("token-store-redis", super::redis::redis_token_db as Read)),
];

/// Those of these keys that are there.
pub(in crate::config) fn present<'a>(section: &Section<'a>) -> Vec<(&'static str, Field<'a>, Option<Read>)> {
    KEYS.into_iter().filter_map(|(key, read)| Some((key, section.get(key)?, read))).collect()
}

fn level(field: &Field<'_>) -> Option<TokenStoreConfig> {
    let section = field.section()?;
    let path = section.require("path").and_then(|path| path.file());
    hash_cost(&section);
    section.finish();
    let mut path = path?;
    // docker_auth's store is a folder, in which there is room for our file.
    if path.is_dir() {
        if path.join("CURRENT").is_file() {
            field.warn("is a LevelDB of docker_auth, which cannot be read: its users sign in again");
        }
        path.push("tokens.redb");
    }
    Some(TokenStoreConfig::File(path))
}

/// Of no effect: tokens are long and random, so that their digests need no cost.
pub(super) fn hash_cost(section: &Section<'_>) {
    if let Some(cost) = section.get("token_hash_cost") {
        cost.integer();
    }
}
