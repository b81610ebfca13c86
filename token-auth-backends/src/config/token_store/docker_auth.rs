//! `level_token_db`, `gcs_token_db`, `redis_token_db`: docker_auth's keys, which choose among the same stores.

use std::path::PathBuf;

use super::TokenStoreConfig;
use crate::config::field::Field;
use crate::config::foreign;
use crate::config::section::Section;

pub(super) const KEYS: [&str; 3] = ["level_token_db", "gcs_token_db", "redis_token_db"];

/// The store that these keys choose, which do not count where there is one already. Nothing if there is none, or it cannot be
/// used, which is said.
pub(in crate::config) fn read(section: &Section<'_>, has_store: bool) -> Option<TokenStoreConfig> {
    let mut present = KEYS.into_iter().filter_map(|key| section.get(key).map(|field| (key, field)));
    let Some((key, field)) = present.next() else {
        if !has_store {
            section
                .missing("level_token_db", "is required, or `tokens.store`: it says where tokens are kept");
        }
        return None;
    };
    if has_store {
        field.warn("does not count beside `tokens.store`: remove it");
    }
    if let Some((_, other)) = present.next() {
        other.error(format!("stands beside `{key}`: keep one of them"));
        return None;
    }
    match key {
        "level_token_db" => level(&field),
        "redis_token_db" => redis(&field),
        _ => gcs(&field),
    }
}

fn level(field: &Field<'_>) -> Option<TokenStoreConfig> {
    let section = field.section()?;
    let path = section.require("path").and_then(|path| path.filled());
    hash_cost(&section);
    section.finish();
    let mut path = PathBuf::from(path?);
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
        cost.integer(4, 31);
    }
}

#[cfg(feature = "token-store-object")]
fn gcs(field: &Field<'_>) -> Option<TokenStoreConfig> {
    super::object::gcs_token_db(field).map(TokenStoreConfig::Object)
}

#[cfg(not(feature = "token-store-object"))]
fn gcs(field: &Field<'_>) -> Option<TokenStoreConfig> {
    foreign::GCS_TOKEN_DB.check(field);
    super::without(field, "token-store-object")
}

#[cfg(feature = "token-store-redis")]
fn redis(field: &Field<'_>) -> Option<TokenStoreConfig> {
    use super::redis::{DockerPasswords, Names, cluster, read_rest, single};

    const NAMES: Names = Names {
        connect_timeout: "dialtimeout",
        timeout: "readtimeout",
        docker_passwords: DockerPasswords::Offered,
    };
    let section = field.section()?;
    hash_cost(&section);
    let (one, nodes) = (section.get("redis_options"), section.get("redis_cluster_options"));
    section.finish();
    let (options, key, shape) = match (&one, &nodes) {
        (one, Some(nodes)) => {
            if let Some(one) = one {
                one.warn("does not count beside `redis_cluster_options`: remove one of them");
            }
            (nodes, "addrs", &foreign::REDIS_CLUSTER_OPTIONS)
        }
        (Some(one), None) => (one, "addr", &foreign::REDIS_OPTIONS),
        (None, None) => {
            field.error("needs `redis_options` or `redis_cluster_options`");
            return None;
        }
    };
    let options = options.section()?;
    // How go-redis keeps its connections means nothing here: known, and of no effect.
    shape.check_known(&options);
    let servers = match (key, options.require(key)) {
        ("addr", Some(address)) => single(&address),
        (_, Some(addresses)) => cluster(&addresses),
        (_, None) => None,
    };
    let config = read_rest(&options, servers, NAMES);
    options.finish();
    config.map(TokenStoreConfig::Redis)
}

#[cfg(not(feature = "token-store-redis"))]
fn redis(field: &Field<'_>) -> Option<TokenStoreConfig> {
    foreign::REDIS_TOKEN_DB.check(field);
    super::without(field, "token-store-redis")
}
