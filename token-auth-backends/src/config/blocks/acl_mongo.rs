//! The block `acl_mongo`: rules in MongoDB.

use super::mongo::{CACHE_TTL, COLLECTION, DIAL_INFO};
use crate::config::block::{Block, NOT_YET};
use crate::config::kind::{Key, Kind};

pub(in crate::config) static BLOCK: Block = Block::authorizer(KEY.refused(NOT_YET));

const KEY: Key = Key::new(
    "acl_mongo",
    Kind::Keys(&[&[DIAL_INFO, COLLECTION, CACHE_TTL]]),
    "Rules in a collection of MongoDB, in the order of their `seq`.",
);
