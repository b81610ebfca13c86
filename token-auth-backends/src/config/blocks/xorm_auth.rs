//! The block `xorm_auth`: accounts in a database.

use super::database::DATABASE;
use crate::config::block::{Block, NOT_YET};
use crate::config::kind::{Key, Kind};

pub(in crate::config) static BLOCK: Block = Block::authenticator(KEY.refused(NOT_YET));

const KEY: Key =
    Key::new("xorm_auth", Kind::Keys(&[DATABASE]), "Accounts in the table `xorm_user` of a database.");
