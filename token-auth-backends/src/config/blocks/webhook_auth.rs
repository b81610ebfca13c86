//! The block `webhook_auth`. docker_auth does not have it.

use super::service::{COST, SERVICE};
use crate::config::SourceName;
use crate::config::block::{Block, with_feature};
use crate::config::kind::{Key, Kind};

pub(in crate::config) static BLOCK: Block = Block::authenticator(KEY)
    .labels(|_| None)
    .built("webhook", with_feature!("webhook", crate::config::webhook::AUTHENTICATOR));

const KEY: Key = Key::new(
    "webhook_auth",
    Kind::Keys(&[SourceName::KEYS, SERVICE, ANSWERS, COST]),
    "A service that is asked over HTTPS who someone is, after all other sources.",
)
.ours();

const ANSWERS: &[Key] = &[
    Key::new(
        "form",
        Kind::Choice(&["token-auth", "opa"]),
        "The form of the question: ours, or Open Policy Agent's.",
    )
    .default("token-auth"),
    Key::new(
        "accounts",
        Kind::Flag,
        "Whether it answers about accounts without their passwords, too: then there are refresh tokens.",
    )
    .default("false"),
];
