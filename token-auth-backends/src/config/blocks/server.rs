//! The block `server`: how the server listens.

use crate::config::block::{Block, NOT_YET, nothing};
use crate::config::kind::{Key, Kind};
use crate::config::server;

pub(in crate::config) static BLOCK: Block = Block::settings(KEY).handled(server::read, nothing);

const KEY: Key =
    Key::new("server", Kind::Keys(&[LISTENING, TLS, CLIENTS]), "How the server listens.").required();

const LISTENING: &[Key] = &[
    Key::new(
        "addr",
        Kind::Text,
        "`HOST:PORT`, or `:PORT` on all interfaces; with `net: unix` the path of a socket.",
    )
    .required()
    .example("\":5001\""),
    Key::new("net", Kind::Choice(&["tcp", "unix", ""]), "`tcp`, or `unix` for a Unix socket.").default("tcp"),
    Key::new("path_prefix", Kind::Text, "What every path begins with; it begins with `/` itself.")
        .default("\"\""),
    Key::new(
        "timeouts",
        Kind::Keys(&[&[
            Key::new("header", Kind::TIME, "For the head of a request, and for an idle connection.")
                .default("10s"),
            Key::new("request", Kind::TIME, "For a request as a whole.").default("30s"),
            Key::new(
                "write",
                Kind::TIME,
                "For an answer to be taken, from when it first had to wait for its client.",
            )
            .default("10s"),
            Key::new("shutdown", Kind::TIME, "For requests under way when the server stops.").default("30s"),
        ]]),
        "How long things may take.",
    )
    .ours(),
];

const TLS: &[Key] = &[
    Key::new(
        "certificate",
        Kind::File,
        "The server's certificate with its chain (PEM). Without it and `key` the server speaks plain HTTP.",
    )
    .beside(&["key"])
    .example("/etc/docker-auth/server.pem"),
    Key::new("key", Kind::File, "The certificate's key (PEM).").secret().beside(&["certificate"]).example("/etc/docker-auth/server.key"),
    Key::new("hsts", Kind::Flag, "Whether answers carry `Strict-Transport-Security`, for two years.").default("false"),
    Key::new("tls_min_version", Kind::Text, "The oldest version of TLS: `TLS12` or `TLS13`, or its number.").default("TLS12"),
    Key::new(
        "tls_curve_preferences",
        Kind::TEXTS,
        "The groups of the key exchange in their order: `X25519`, `P256`, `P384`. By default those of the TLS library.",
    )
    .example("[X25519, P256]"),
    Key::new(
        "tls_cipher_suites",
        Kind::TEXTS,
        "Cipher suites of TLS 1.2, by their names in Go or their numbers. By default those of the TLS library.",
    )
    .example("[TLS_ECDHE_RSA_WITH_AES_256_GCM_SHA384]"),
    Key::new(
        "letsencrypt",
        Kind::Keys(&[&[
            Key::new("email", Kind::Text, "Where the authority writes to.").example("admin@example.com"),
            Key::new("cache_dir", Kind::Path, "Where certificates are kept.").example("/var/lib/docker-auth/acme"),
            Key::new("host", Kind::Text, "The host that the certificate is for.").example("auth.example.com"),
        ]]),
        "A certificate by ACME.",
    )
    .refused(NOT_YET),
];

const CLIENTS: &[Key] = &[
    Key::new(
        "real_ip_header",
        Kind::Text,
        "The header in which the client's address stands, if not in the connection: `X-Forwarded-For`, or `Forwarded` \
         (RFC 7239). It must then be there.",
    )
    .example("X-Forwarded-For"),
    Key::new(
        "real_ip_pos",
        Kind::Integer { smallest: i32::MIN as i64, largest: i32::MAX as i64 },
        "Which of the addresses in it: 0 is the first, -1 the last. By default the last one that is none of \
         `trusted_proxies`; without these the first, as in docker_auth.",
    )
    .example("-1"),
    Key::new(
        "trusted_proxies",
        Kind::TEXTS,
        "The addresses and networks from which the header is believed; without it, anyone.",
    )
    .ours()
    .example("[10.0.0.0/8]"),
];
