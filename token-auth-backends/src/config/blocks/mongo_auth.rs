//! The block `mongo_auth`: accounts in MongoDB.

use super::mongo::{COLLECTION, DIAL_INFO};
use crate::config::block::{Block, NOT_YET};
use crate::config::kind::{Key, Kind};

pub(in crate::config) static BLOCK: Block = Block::authenticator(KEY.refused(NOT_YET));

const KEY: Key =
    Key::new("mongo_auth", Kind::Keys(&[&[DIAL_INFO, COLLECTION]]), "Accounts in a collection of MongoDB.");
