//! The block `acl`: the rules.

use crate::config::acl;
use crate::config::block::Block;
use crate::config::kind::{Key, Kind};

pub(in crate::config) static BLOCK: Block = Block::authorizer(KEY).handled(acl::read, acl::join);

const KEY: Key = Key::new(
    "acl",
    Kind::List(&Kind::Keys(&[RULE])),
    "The rules, in their order: the first whose conditions all hold decides. `[]` denies everything.",
);

const RULE: &[Key] = &[
    Key::new("match", Kind::Keys(&[CONDITIONS]), "The conditions; `{}` is for everyone.").required(),
    Key::new(
        "actions",
        Kind::TEXTS,
        "What is granted of what is asked for; `[\"*\"]` is everything, `[]` nothing.",
    )
    .required()
    .example("[pull, push]"),
    Key::new("comment", Kind::Text, "What the rule is for; it stands in the log.")
        .usual()
        .example("Users have their own repositories."),
];

/// A pattern is a glob, or a regular expression in slashes.
const CONDITIONS: &[Key] = &[
    Key::new("account", Kind::Text, "A pattern for the account; `\"\"` is the anonymous user.")
        .with_value()
        .usual()
        .example("/.+/"),
    Key::new("type", Kind::Text, "A pattern for the type of what is asked for.")
        .with_value()
        .example("repository"),
    Key::new("name", Kind::Text, "A pattern for its name.").with_value().usual().example("${account}/*"),
    Key::new("service", Kind::Text, "A pattern for the registry that the token is for.")
        .with_value()
        .example("registry.example.com"),
    Key::new("ip", Kind::Text, "The client's address or network.").with_value().example("10.0.0.0/8"),
    Key::new(
        "labels",
        Kind::Each("group", &Kind::Text),
        "For each label a pattern that one of its values must match.",
    )
    .example("{group: developers}"),
    Key::new("team", Kind::Instead("teams are a label: `labels: {teams: NAME}`"), ""),
    Key::new("teams", Kind::Instead("teams are a label: `labels: {teams: NAME}`"), ""),
    Key::new("group", Kind::Instead("groups are a label: `labels: {groups: NAME}`"), ""),
    Key::new("groups", Kind::Instead("groups are a label: `labels: {groups: NAME}`"), ""),
];
