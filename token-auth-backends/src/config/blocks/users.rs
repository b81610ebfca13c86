//! The block `users`: static users.

use crate::config::block::Block;
use crate::config::field::Field;
use crate::config::kind::{Key, Kind};
use crate::config::{labels, users};

pub(in crate::config) static BLOCK: Block =
    Block::authenticator(KEY).labels(supplied).handled(users::read, users::join);

const KEY: Key = Key::new(
    "users",
    Kind::Each("alice", &Kind::OrNothing(&Kind::Keys(&[USER]))),
    "Static users by name; `\"\"` is the anonymous one. `{}` is nobody.",
);

const USER: &[Key] = &[
    Key::new(
        "password",
        Kind::Text,
        "A bcrypt hash, as `docker-auth hash-password` makes it; also Argon2 and SHA-crypt. Without the key any password \
         opens the account, which is meant for the anonymous user.",
    ).secret()
    .with_value()
    .usual()
    .example("$2y$05$LO.vzwpWC5LZGqThvEfznu8qhb5SGqvBSWY1J3yZ4AxtMRZ3kN5jC"),
    Key::new(
        "labels",
        Kind::Each("group", &Kind::OrNothing(&Kind::TEXTS)),
        "Labels of the account, which rules may ask for. They act as patterns in `${labels:…}`.",
    )
    .example("{group: [developers]}"),
];

fn supplied(field: &Field<'_>) -> labels::Supplied {
    let users = field.children();
    let labels = users.iter().filter_map(|(_, user)| user.child("labels"));
    let labels = labels.flat_map(|labels| labels.children());
    Some(labels.filter(|(_, values)| !values.is_null()).map(|(label, _)| label.to_owned()).collect())
}
