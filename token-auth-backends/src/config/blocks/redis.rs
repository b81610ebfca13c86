//! How Redis is reached: our keys, and docker_auth's, which are those of go-redis.

use crate::config::kind::{Key, Kind};

/// `tokens.store.redis`
pub(super) const OURS: &[Key] = &[
    Key::new("addr", Kind::Text, "The server: `HOST:PORT`, or the path of a socket.")
        .usual()
        .example("redis.example.com:6379"),
    Key::new("addrs", Kind::TEXTS, "Some nodes of a cluster.")
        .instead_of(&["addr"])
        .example("[\"redis-0.example.com:6379\", \"redis-1.example.com:6379\"]"),
    Key::new("db", DB, "The number of the database.").default("0"),
    Key::new("connect_timeout", Kind::TIME, "How long a connection may take to be made.").default("2s"),
    Key::new("timeout", Kind::TIME, "How long an answer may take.").default("2s"),
];

/// What is there under our keys and under docker_auth's.
pub(super) const EITHER: &[Key] = &[
    super::token_db::ANSWER_BYTES,
    Key::new("username", Kind::Text, "The user; by default that without a name.").example("docker-auth"),
    Key::new("password", Kind::Text, "The user's password.").secret().example("secret").instead_of(&["password_file"]),
    Key::new("password_file", Kind::File, "The file that holds it.").secret().example("/run/secrets/redis"),
    Key::new("tls", Kind::Flag, "Whether the connection is encrypted; by default if there is a `ca_certificate`.").example("true"),
    Key::new("ca_certificate", Kind::File, "Certificates (PEM) that are trusted beside those of the system.")
        .example("/etc/docker-auth/redis-ca.pem"),
    Key::new("prefix", Kind::Text, "What the names of all keys begin with.").default("\"token-auth:\""),
    Key::new(
        "docker_passwords",
        Kind::Flag,
        "Whether the docker passwords that docker_auth has kept there are good; by default under docker_auth's own keys.",
    )
    .example("false"),
];

/// `redis_token_db`
pub(super) const TOKEN_DB: Key = Key::new(
    "redis_token_db",
    Kind::Keys(&[&[
        Key::new("redis_options", Kind::Keys(&[SINGLE, EITHER, GO]), "One server.").usual(),
        Key::new("redis_cluster_options", Kind::Keys(&[CLUSTER, EITHER, GO]), "A cluster.")
            .instead_of(&["redis_options"]),
        super::token_db::HASH_COST,
    ]]),
    "Tokens are kept in Redis. docker_auth's name for `tokens.store.redis`.",
);

const DB: Kind = Kind::Integer { smallest: 0, largest: u16::MAX as i64 };
const ANY: Kind = Kind::Integer { smallest: i64::MIN, largest: i64::MAX };

const SINGLE: &[Key] = &[
    Key::new("addr", Kind::Text, "The server: `HOST:PORT`.").required().example("redis.example.com:6379"),
    Key::new("db", DB, "The number of the database.").default("0"),
    Key::new("network", Kind::Text, NO_EFFECT).example("tcp"),
];

const CLUSTER: &[Key] = &[
    Key::new("addrs", Kind::TEXTS, "Some nodes.").required().example("[\"redis-0.example.com:6379\"]"),
    Key::new("db", DB, "A cluster has only the database 0.").default("0"),
    Key::new("maxredirects", ANY, NO_EFFECT).example("3"),
    Key::new("readonly", Kind::Flag, NO_EFFECT).example("false"),
    Key::new("routebylatency", Kind::Flag, NO_EFFECT).example("false"),
    Key::new("routerandomly", Kind::Flag, NO_EFFECT).example("false"),
];

const NO_EFFECT: &str = "Known to go-redis, and of no effect here.";

/// How go-redis keeps its connections, by the names that Go's YAML library gives its fields.
const GO: &[Key] = &[
    Key::new("dialtimeout", Kind::TIME, "How long a connection may take to be made.").default("2s"),
    Key::new("readtimeout", Kind::TIME, "How long an answer may take.").default("2s"),
    Key::new("writetimeout", Kind::TIME_OR_ZERO, NO_EFFECT).example("2s"),
    Key::new("clientname", Kind::Text, NO_EFFECT).example("docker_auth"),
    Key::new("protocol", ANY, NO_EFFECT).example("3"),
    Key::new("maxretries", ANY, NO_EFFECT).example("3"),
    Key::new("minretrybackoff", Kind::TIME_OR_ZERO, NO_EFFECT).example("8ms"),
    Key::new("maxretrybackoff", Kind::TIME_OR_ZERO, NO_EFFECT).example("512ms"),
    Key::new("poolfifo", Kind::Flag, NO_EFFECT).example("false"),
    Key::new("poolsize", ANY, NO_EFFECT).example("10"),
    Key::new("pooltimeout", Kind::TIME_OR_ZERO, NO_EFFECT).example("3s"),
    Key::new("minidleconns", ANY, NO_EFFECT).example("0"),
    Key::new("maxidleconns", ANY, NO_EFFECT).example("0"),
    Key::new("maxconnage", Kind::TIME_OR_ZERO, NO_EFFECT).example("30m"),
    Key::new("idletimeout", Kind::TIME_OR_ZERO, NO_EFFECT).example("5m"),
    Key::new("idlecheckfrequency", Kind::TIME_OR_ZERO, NO_EFFECT).example("1m"),
    Key::new("connmaxidletime", Kind::TIME_OR_ZERO, NO_EFFECT).example("30m"),
    Key::new("connmaxlifetime", Kind::TIME_OR_ZERO, NO_EFFECT).example("30m"),
];
