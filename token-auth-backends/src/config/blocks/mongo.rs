//! How MongoDB is reached, for who keeps accounts or rules there.

use crate::config::kind::{Key, Kind};

pub(super) const DIAL_INFO: Key = Key::new(
    "dial_info",
    Kind::Keys(&[&[
        Key::new("addrs", Kind::TEXTS, "The servers of the replica set, each `HOST:PORT`.")
            .example("[mongo.example.com]"),
        Key::new("timeout", Kind::TIME_OR_ZERO, "How long a connection may take.").default("10s"),
        Key::new("database", Kind::Text, "The database.").example("docker_auth"),
        Key::new("username", Kind::Text, "The user.").example("docker_auth"),
        Key::new("password", Kind::Text, "The user's password.")
            .secret()
            .example("secret")
            .instead_of(&["password_file"]),
        Key::new("password_file", Kind::File, "The file that holds it.")
            .secret()
            .example("/run/secrets/mongo"),
        Key::new("enable_tls", Kind::Flag, "Whether the connection is encrypted.").default("false"),
        Key::new("direct", Kind::Flag, "Whether only the servers that are named are asked.").default("false"),
        Key::new("failfast", Kind::Flag, "Whether a server that is away is given up at once.")
            .default("false"),
        Key::new("replicasetname", Kind::Text, "The replica set.").example("rs0"),
        Key::new("source", Kind::Text, "The database that knows the user.").example("admin"),
        Key::new("mechanism", Kind::Text, "How the user proves the password.").example("SCRAM-SHA-256"),
        Key::new("poollimit", Kind::COUNT_OR_ZERO, "How many connections there may be.").example("8"),
    ]]),
    "How MongoDB is reached.",
);

pub(super) const COLLECTION: Key = Key::new("collection", Kind::Text, "The collection.").example("users");

pub(super) const CACHE_TTL: Key =
    Key::new("cache_ttl", Kind::TIME_OR_ZERO, "How long what was read is good.").default("1m");
