//! The block `ext_authz`.

use super::program::PROGRAM;
use crate::config::block::{Block, with_feature};
use crate::config::kind::{Key, Kind};

pub(in crate::config) static BLOCK: Block =
    Block::authorizer(KEY).built("external", with_feature!("external", crate::config::external::AUTHORIZER));

const KEY: Key =
    Key::new("ext_authz", Kind::Keys(&[PROGRAM]), "A program that is asked what someone may do.");
