//! The block `ext_authz`.

use super::program::PROGRAM;
use crate::config::block::{Block, NOT_YET};
use crate::config::kind::Key;

pub(in crate::config) static BLOCK: Block = Block::authorizer(KEY.refused(NOT_YET));

const KEY: Key = Key::new("ext_authz", PROGRAM, "A program that is asked what someone may do.");
