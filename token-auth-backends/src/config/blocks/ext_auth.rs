//! The block `ext_auth`.

use super::program::PROGRAM;
use crate::config::block::{Block, NOT_YET};
use crate::config::kind::Key;

pub(in crate::config) static BLOCK: Block = Block::authenticator(KEY.refused(NOT_YET));

const KEY: Key = Key::new("ext_auth", PROGRAM, "A program that is asked who someone is.");
