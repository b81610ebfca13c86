//! The block `tests`: requests, and what the rules are to grant for them. docker_auth ignores it.

use crate::config::block::{Block, nothing};
use crate::config::kind::{Key, Kind};
use crate::config::policy_test;

pub(in crate::config) static BLOCK: Block = Block::settings(KEY).handled(policy_test::read, nothing);

const KEY: Key = Key::new(
    "tests",
    Kind::List(&Kind::Keys(&[TEST])),
    "Requests, and what the rules are to grant for them: `docker-auth check` asks.",
)
.ours();

const TEST: &[Key] = &[
    Key::new("name", Kind::Text, "What it shows; made of the request unless it is given.")
        .example("Developers push to their team"),
    Key::new("account", Kind::Text, "Who asks.").default("\"\""),
    Key::new(
        "labels",
        Kind::Each("group", &Kind::OrNothing(&Kind::TEXTS)),
        "Labels of the account, as text; without it, those under `users`.",
    )
    .example("{group: [developers]}"),
    Key::new(
        "pattern_labels",
        Kind::Each("group", &Kind::OrNothing(&Kind::TEXTS)),
        "Labels of the account that act as patterns in `${labels:…}`.",
    )
    .example("{own: [\"x/*\"]}"),
    Key::new("ip", Kind::Text, "The client's address.").example("10.0.0.7"),
    Key::new("service", Kind::Text, "The registry that the token is for.").default("\"\""),
    Key::new("scope", Kind::Text, "What is asked for.")
        .required()
        .example("\"repository:alice/app:pull,push,delete\""),
    Key::new(
        "expect",
        Kind::TEXTS,
        "What is to be granted of it, exactly; `[]` if everything is to be denied.",
    )
    .required()
    .example("[pull, push]"),
];
