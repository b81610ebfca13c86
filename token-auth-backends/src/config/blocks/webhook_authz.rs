//! The block `webhook_authz`. docker_auth does not have it.

use super::service::{COST, SERVICE};
use crate::config::block::{Block, with_feature};
use crate::config::kind::{Key, Kind};

pub(in crate::config) static BLOCK: Block =
    Block::authorizer(KEY).built("webhook", with_feature!("webhook", crate::config::webhook::AUTHORIZER));

const KEY: Key = Key::new(
    "webhook_authz",
    Kind::Keys(&[SERVICE, ANSWERS, COST]),
    "A service that is asked over HTTPS what someone may do, after `ext_authz`.",
)
.ours();

const ANSWERS: &[Key] = &[
    Key::new(
        "form",
        Kind::Choice(&["token-auth", "opa", "authzen"]),
        "The form of the question: ours, Open Policy Agent's, or that of the AuthZEN Authorization API.",
    )
    .default("token-auth"),
    Key::new(
        "subject_properties",
        Kind::Each("cerbos.roles", &Kind::OneOrMore(&Kind::Text)),
        "With `form: authzen`: what it is told of every subject, beside its labels.",
    )
    .example("{cerbos.roles: [account]}"),
    Key::new(
        "actions",
        Kind::COUNT,
        "With `form: authzen`: nothing is granted of a scope with more actions.",
    )
    .default("8"),
];
