//! The block `ext_auth`.

use super::program::PROGRAM;
use crate::config::SourceName;
use crate::config::block::{Block, with_feature};
use crate::config::kind::{Key, Kind};

pub(in crate::config) static BLOCK: Block = Block::authenticator(KEY)
    .labels(|_| None)
    .built("external", with_feature!("external", crate::config::external::AUTHENTICATOR));

const KEY: Key = Key::new(
    "ext_auth",
    Kind::Keys(&[SourceName::KEYS, PROGRAM, ANSWERS]),
    "A program that is asked who someone is.",
);

const ANSWERS: &[Key] = &[
    Key::new(
        "accounts",
        Kind::Flag,
        "Whether it answers about accounts without their passwords, too, with `form: json`: then there are refresh tokens.",
    )
    .ours()
    .default("false"),
    Key::new("anonymous", Kind::Flag, "Whether it is asked about requests without credentials, too.")
        .ours()
        .default("false"),
    Key::new("literal_labels", Kind::Flag, "Whether its labels stand for themselves in rules, and never act as patterns.")
        .ours()
        .default("false"),
];
