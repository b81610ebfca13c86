//! The block `token`: what tokens say, and who signs them.

use crate::config::block::Block;
use crate::config::kind::{Key, Kind};
use crate::config::token;

pub(in crate::config) static BLOCK: Block = Block::settings(KEY).handled(token::read, token::join);

const KEY: Key = Key::new("token", Kind::Keys(&[KEYS]), "What tokens say, and who signs them.").required();

const KEYS: &[Key] = &[
    Key::new("issuer", Kind::Text, "Who issues the tokens: what the registry is configured to expect.")
        .required()
        .example("Acme auth server"),
    Key::new("expiration", Kind::COUNT, "How many seconds a token is valid.").required().example("900"),
    Key::new(
        "certificate",
        Kind::File,
        "The certificate of the key that signs (PEM), with its chain: what the registry trusts. Without it and `key`, \
         the pair of `server` signs.",
    )
    .beside(&["key"])
    .usual()
    .example("/etc/docker-auth/token.pem"),
    Key::new("key", Kind::File, "The key that signs (PEM): RSA, P-256, P-384, P-521 or Ed25519.").secret()
        .beside(&["certificate"])
        .usual()
        .example("/etc/docker-auth/token.key"),
    Key::new(
        "disable_legacy_key_id",
        Kind::Flag,
        "Whether the key id in tokens is the thumbprint of RFC 7638, and not libtrust's.",
    )
    .default("false"),
    Key::new(
        "x5c",
        Kind::Flag,
        "Whether tokens carry the certificate chain; without it, the key id alone.",
    ).ours()
    .default("true"),
    Key::new(
        "services",
        Kind::TEXTS,
        "The services that tokens are issued for; without it any.",
    ).ours()
    .example("[registry.example.com]"),
    Key::new(
        "published_keys",
        Kind::List(&Kind::Keys(&[&[
            Key::new("file", Kind::File, "A certificate or a public key (PEM).")
                .required()
                .example("/etc/docker-auth/next.pem"),
            Key::new("until", Kind::Text, "From when on it is left out (RFC 3339); without it, never.")
                .example("2030-01-31T12:00:00Z"),
        ]])),
        "Keys that do not sign, and that the JWK set holds all the same: the next one, or an earlier one while its tokens \
         live.",
    ).ours(),
];
