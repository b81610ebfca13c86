//! The block `limits`: how much one request, and all of them together, may cost. docker_auth does not have it.

use crate::config::block::{Block, nothing};
use crate::config::kind::{Key, Kind};
use crate::config::limits;

pub(in crate::config) static BLOCK: Block = Block::settings(KEY).handled(limits::read, nothing);

const KEY: Key = Key::new(
    "limits",
    Kind::Keys(&[REQUESTS, PASSWORDS]),
    "How much one request, and all of them together, may cost.",
)
.ours();

const REQUESTS: &[Key] = &[
    Key::new("connections", Kind::COUNT, "How many connections the server keeps open.").default("4096"),
    Key::new(
        "connections_per_address",
        Kind::COUNT,
        "How many of them one address may have (of IPv6, one network of 64 bits), if it is no trusted proxy.",
    )
    .default("1024"),
    Key::new(
        "header_bytes",
        Kind::Integer { smallest: 8192, largest: u32::MAX as i64 },
        "Bytes of the head of a request.",
    )
    .default("65536"),
    Key::new("scopes_per_request", Kind::COUNT, "How many scopes a request may have.").default("100"),
    Key::new("actions_per_scope", Kind::COUNT, "How many actions a scope may have.").default("32"),
    Key::new("query_bytes", Kind::COUNT, "Bytes of the query of a request.").default("32768"),
    Key::new("body_bytes", Kind::COUNT, "Bytes of the body of a request.").default("32768"),
    Key::new(
        "answer_time",
        Kind::TIME,
        "How long a request may take to be answered, whatever is slow; then 503.",
    )
    .default("5s"),
    Key::new("authorization_bytes", Kind::COUNT, "Bytes of the header `Authorization`.").default("16384"),
];

const PASSWORDS: &[Key] = &[
    Key::new(
        "password_concurrency",
        Kind::COUNT,
        "How many passwords are checked at once; by default as many as there are processors.",
    )
    .example("4"),
    Key::new("password_queue", Kind::COUNT_OR_ZERO, "How many more wait; beyond that the answer is 503.").default("1024"),
    Key::new("password_queue_time", Kind::TIME, "No more wait than can be checked in this time.").default("4s"),
    Key::new("password_cache_entries", Kind::COUNT_OR_ZERO, "How many verified credentials are remembered.")
        .default("10000"),
    Key::new("password_cache_ttl", Kind::TIME_OR_ZERO, "How long they are; 0 for not at all.").default("5m"),
    Key::new(
        "password_attempts",
        Kind::COUNT_OR_ZERO,
        "Different wrong passwords for one account from one address before it has to wait; 0 for no limit.",
    )
    .default("10"),
    Key::new(
        "password_attempts_address_total",
        Kind::COUNT_OR_ZERO,
        "Different wrong pairs of account and password from one address, over all accounts; 0 for no limit but that of \
         memory.",
    )
    .default("100"),
    Key::new(
        "password_attempts_refused",
        Kind::COUNT_OR_ZERO,
        "How many different pairs from one address may be refused before a password that was right from there has to wait, \
         too.",
    )
    .default("100"),
    Key::new(
        "password_attempts_per_account",
        Kind::COUNT_OR_ZERO,
        "The same from all addresses together; 0 for no limit.",
    )
    .default("0"),
    Key::new("password_attempts_window", Kind::TIME_OR_ZERO, "Within how long, and so how long an account waits at most.")
        .default("5m"),
    Key::new("bcrypt_cost", Kind::Integer { smallest: 4, largest: 31 }, "The highest cost of a stored hash.").default("16"),
];
