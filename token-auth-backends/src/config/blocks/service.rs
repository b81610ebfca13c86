//! A service that is asked over HTTPS.

use crate::config::kind::{Key, Kind};

/// Where it is, and who asks.
pub(super) const SERVICE: &[Key] = &[
    Key::new("url", Kind::Text, "Where it is asked: `https://`, without user, query and fragment.")
        .required()
        .example("https://policy.example.com/ask"),
    Key::new("allow_loopback_http", Kind::Flag, "Whether `http://` on this machine will do.")
        .default("false"),
    Key::new("ca_certificate", Kind::File, "Certificates (PEM) that are trusted beside those of the system.")
        .example("/etc/docker-auth/policy-ca.pem"),
    Key::new("client_certificate", Kind::File, "What this client shows to the service (PEM).")
        .beside(&["client_key"])
        .example("/etc/docker-auth/client.pem"),
    Key::new("client_key", Kind::File, "The key of that (PEM).")
        .beside(&["client_certificate"])
        .example("/etc/docker-auth/client.key"),
    Key::new("bearer_file", Kind::Path, "A file with a bearer token, read each time.")
        .example("/run/secrets/policy-token"),
];

/// What it may cost.
pub(super) const COST: &[Key] = &[
    Key::new("timeout", Kind::TIME, "For a question with all that is tried again.").default("3s"),
    Key::new(
        "retries",
        Kind::Integer { smallest: 0, largest: 10 },
        "How often a question is tried again, where that is safe.",
    )
    .default("1"),
    Key::new("concurrency", Kind::COUNT, "How many questions are asked at once.").default("64"),
    Key::new("queue", Kind::COUNT_OR_ZERO, "How many requests may wait for their turn.").default("1024"),
    Key::new("patience", Kind::TIME, "How long one may have to wait.").default("4s"),
    Key::new("answer_bytes", Kind::COUNT, "Bytes of an answer.").default("65536"),
    Key::new(
        "longest_cache",
        Kind::TIME_OR_ZERO,
        "How long an answer is good at most, whatever its `Cache-Control` says.",
    )
    .default("5m"),
    Key::new("cache_entries", Kind::COUNT_OR_ZERO, "How many answers are remembered.").default("10000"),
    Key::new(
        "breaker",
        Kind::Keys(&[&[
            Key::new("failures", Kind::COUNT, "After so many failures in a row it is left alone.")
                .default("5"),
            Key::new("pause", Kind::TIME, "For so long, doubled each time that it fails again.")
                .default("1s"),
            Key::new("longest_pause", Kind::TIME, "What that is doubled up to.").default("30s"),
        ]]),
        "When it is left alone.",
    ),
];
