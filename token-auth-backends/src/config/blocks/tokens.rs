//! The block `tokens`: refresh tokens and personal access tokens. docker_auth does not have it.

use super::object::{AZURE, GCS, S3};
use super::{redis, token_db};
use crate::config::block::Block;
use crate::config::kind::{Key, Kind, built};
use crate::config::tokens;

pub(in crate::config) static BLOCK: Block = Block::settings(KEY).handled(tokens::read, tokens::join);

const KEY: Key = Key::new(
    "tokens",
    Kind::Keys(&[&[
        Key::new("store", Kind::Keys(&[STORES, token_db::IN_STORE]), "Where they are kept: one of these.")
            .required(),
        Key::new(
            "refresh",
            Kind::Keys(&[REFRESH]),
            "Refresh tokens: `docker login` then keeps one in place of the password.",
        ),
        Key::new("personal", Kind::Keys(&[PERSONAL]), "Personal access tokens."),
    ]]),
    "Refresh tokens and personal access tokens; without the block there are none.",
)
.ours();

const STORES: &[Key] = &[
    Key::new("path", Kind::Path, "In this file, by one server.")
        .usual()
        .example("/var/lib/docker-auth/tokens.redb"),
    Key::new("redis", Kind::Keys(&[redis::OURS, redis::EITHER]), "In Redis, which several servers share.")
        .instead_of(&["path"])
        .feature(built!("token-store-redis")),
    Key::new("sql", Kind::Keys(&[SQL]), "In a database.")
        .instead_of(&["path"])
        .feature(built!("token-store-sql")),
    Key::new("s3", S3, "In S3, or what speaks its protocol.")
        .instead_of(&["path"])
        .feature(built!("token-store-object")),
    Key::new("gcs", GCS, "In Google Cloud Storage.")
        .instead_of(&["path"])
        .feature(built!("token-store-object")),
    Key::new("azure", AZURE, "In Azure Blob Storage.")
        .instead_of(&["path"])
        .feature(built!("token-store-object")),
];

const SQL: &[Key] = &[
    Key::new("url", Kind::Text, "The database: `postgres://`, `mariadb://`, `mysql://` or `sqlite://`.")
        .secret()
        .example("postgres://docker-auth:secret@db.example.com/tokens")
        .instead_of(&["url_file"]),
    Key::new("url_file", Kind::File, "The file that holds the address.")
        .secret()
        .usual()
        .example("/run/secrets/database"),
    Key::new("prefix", Kind::Text, "What the names of the tables begin with.").default("token_auth_"),
    Key::new(
        "connections",
        Kind::Integer { smallest: 1, largest: 1000 },
        "How many connections there may be.",
    )
    .default("8"),
    Key::new("timeout", Kind::TIME, "How long an operation may take.").default("5s"),
    token_db::ANSWER_BYTES,
];

const ENABLED: Key = Key::new("enabled", Kind::Flag, "Whether there are any.").default("true");

const REFRESH: &[Key] = &[
    ENABLED,
    Key::new("lifetime", Kind::TIME_OR_ZERO, "How long one lives, used or not; 0 is no limit.")
        .default("4320h"),
    Key::new("idle", Kind::TIME_OR_ZERO, "How long one lives unused; 0 is no limit.").default("720h"),
    Key::new(
        "per_account",
        Kind::COUNT,
        "How many an account may have; with one more, the one used the longest ago goes.",
    )
    .default("1000"),
];

const PERSONAL: &[Key] = &[
    ENABLED,
    Key::new("max_lifetime", Kind::TIME_OR_ZERO, "How long a new one may be good at most; 0 is no limit.")
        .default("8784h"),
    Key::new("idle", Kind::TIME_OR_ZERO, "How long one lives unused; 0 is no limit.").default("0"),
    Key::new(
        "exchanged_per_account",
        Kind::COUNT,
        "How many passwords that were given for tokens of build jobs an account may have; with one more, the one used the \
         longest ago goes.",
    )
    .default("1000"),
];
