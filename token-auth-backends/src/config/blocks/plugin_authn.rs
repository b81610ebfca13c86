//! The block `plugin_authn`.

use super::program::{NO_PLUGINS, PLUGIN};
use crate::config::block::Block;
use crate::config::kind::Key;

pub(in crate::config) static BLOCK: Block = Block::authenticator(KEY.refused(NO_PLUGINS));

const KEY: Key = Key::new("plugin_authn", PLUGIN, "A Go plugin that says who someone is.");
