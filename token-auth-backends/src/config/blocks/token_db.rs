//! docker_auth's keys that say where tokens are kept, in the blocks of its providers and under `tokens.store`.

use super::redis;
use crate::config::kind::{Key, Kind, built};

/// In the block of a provider.
pub(super) const OF_PROVIDER: &[Key] = &[
    LEVEL.usual(),
    GCS.instead_of(&["level_token_db"]),
    REDIS.instead_of(&["level_token_db"]),
    Key::new(
        "token_db",
        Kind::Instead("older versions of docker_auth had it: write `level_token_db: {path: …}`"),
        "",
    ),
];

/// Under `tokens.store`.
pub(super) const IN_STORE: &[Key] =
    &[LEVEL.instead_of(&["path"]), GCS.instead_of(&["path"]), REDIS.instead_of(&["path"])];

const LEVEL: Key = Key::new(
    "level_token_db",
    Kind::Keys(&[&[
        Key::new("path", Kind::Path, "The file, or the folder that holds it.")
            .required()
            .example("/var/lib/docker-auth/tokens.redb"),
        HASH_COST,
    ]]),
    "Tokens are kept in a file, by one server. docker_auth's name for `tokens.store.path`.",
);

const GCS: Key = Key::new(
    "gcs_token_db",
    Kind::Keys(&[
        &[
            Key::new("bucket", Kind::Text, "The bucket.").required().example("acme-tokens"),
            Key::new("client_secret_file", Kind::File, "The service account's key (JSON).")
                .secret()
                .example("/run/secrets/gcs.json"),
            HASH_COST,
        ],
        super::object::COMMON,
    ]),
    "Tokens are kept in Google Cloud Storage. docker_auth's name for `tokens.store.gcs`.",
)
.feature(built!("token-store-object"));

const REDIS: Key = redis::TOKEN_DB.feature(built!("token-store-redis"));

pub(super) const HASH_COST: Key = Key::new(
    "token_hash_cost",
    Kind::Integer { smallest: 4, largest: 31 },
    "Of no effect: tokens are long and random, and their digests need no cost.",
)
.example("10");

pub(super) const ANSWER_BYTES: Key = Key::new(
    "answer_bytes",
    Kind::Integer { smallest: 1 << 20, largest: 1 << 30 },
    "How long an answer of the store may be.",
)
.default("8388608");
