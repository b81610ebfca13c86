//! The block `plugin_authz`.

use super::program::{NO_PLUGINS, PLUGIN};
use crate::config::block::Block;
use crate::config::kind::Key;

pub(in crate::config) static BLOCK: Block = Block::authorizer(KEY.refused(NO_PLUGINS));

const KEY: Key = Key::new("plugin_authz", PLUGIN, "A Go plugin that says what someone may do.");
