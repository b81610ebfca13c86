//! The block `acl_xorm`: rules in a database.

use super::database::DATABASE;
use super::mongo::CACHE_TTL;
use crate::config::block::{Block, NOT_YET};
use crate::config::kind::{Key, Kind};

pub(in crate::config) static BLOCK: Block = Block::authorizer(KEY.refused(NOT_YET));

const KEY: Key = Key::new(
    "acl_xorm",
    Kind::Keys(&[DATABASE, &[CACHE_TTL]]),
    "Rules in the table `xorm_acl_entry` of a database.",
);
