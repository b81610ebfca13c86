//! The block `workload_auth`.

use crate::config::block::{Block, with_feature};
use crate::config::field::Field;
use crate::config::kind::{Key, Kind};
use crate::config::labels;

pub(in crate::config) static BLOCK: Block = Block::authenticator(KEY)
    .labels(supplied)
    .built("workload", with_feature!("workload", crate::config::workload::HANDLING));

const KEY: Key = Key::new(
    "workload_auth",
    Kind::Keys(&[&[Key::new(
        "issuers",
        Kind::List(&Kind::Keys(&[WHO, HOW_LONG, &[KEYS]])),
        "Whose tokens are believed; the first that one satisfies decides.",
    )
    .required()]]),
    "Signed identities of build jobs and pods in place of passwords, asked before `users`.",
)
.ours();

const WHO: &[Key] = &[
    Key::new("issuer", Kind::Text, "The exact `iss`.").required().example("https://token.actions.githubusercontent.com"),
    Key::new("name", Kind::Text, "What the log calls it, and what accounts begin with by default.").example("github"),
    Key::new("audience", Kind::OneOrMore(&Kind::Text), "What the JWT must be for: one of these.")
        .required()
        .example("registry.example.com"),
    Key::new(
        "require",
        Kind::Each("repository_owner", &Kind::OneOrMore(&Kind::Text)),
        "For each claim a glob that it must match, or a list of them; `{}` believes every token of this issuer.",
    )
    .required()
    .example("{repository_owner: acme}"),
    Key::new("account", Kind::Text, "What the account is called, with `${claim.NAME}`; by default `NAME:${claim.sub}`.")
        .example("\"github:${claim.repository}\""),
    Key::new(
        "labels",
        Kind::Each("repository", &Kind::OneOrMore(&Kind::Text)),
        "For each label a template, or a list of them.",
    )
    .example("{repository: \"${claim.repository}\"}"),
];

const HOW_LONG: &[Key] = &[
    Key::new(
        "token_lifetime",
        Kind::TIME_OR_ZERO,
        "Our tokens live at most so long; by default as `token.expiration` says.",
    )
    .example("15m"),
    Key::new(
        "password_lifetime",
        Kind::TIME,
        "How long a password is good that is given in exchange for a JWT, from 5m to 1h; without it none is given. It is kept \
         under `tokens`.",
    )
    .example("15m"),
    Key::new("outlive_jwt", Kind::Flag, "Whether our tokens may outlive the JWT.").default("false"),
    Key::new("maximum_jwt_lifetime", Kind::TIME_OR_ZERO, "A JWT that was issued for longer is refused.")
        .default("24h"),
    Key::new("leeway", Kind::TIME_OR_ZERO, "How far the clocks may differ.").default("30s"),
];

const KEYS: Key = Key::new(
    "keys",
    Kind::Keys(&[&[
        Key::new(
            "url",
            Kind::Text,
            "The JWK set, if it is not to be found through the issuer's own description.",
        )
        .example("https://issuer.example.com/jwks"),
        Key::new("file", Kind::File, "A JWK set in a file.")
            .instead_of(&["url"])
            .example("/etc/docker-auth/jwks.json"),
        Key::new(
            "ca_certificate",
            Kind::File,
            "Certificates (PEM) that are trusted beside those of the system.",
        )
        .example("/etc/docker-auth/issuer-ca.pem"),
        Key::new("token_file", Kind::Path, "A file with a credential for the issuer, read at each use.")
            .example("/run/secrets/issuer"),
        Key::new("refresh_after", Kind::TIME_OR_ZERO, "After what time keys are asked for again.")
            .default("10m"),
        Key::new("keep_for", Kind::TIME_OR_ZERO, "How long they are good while the issuer is away.")
            .default("24h"),
        Key::new("interval", Kind::TIME_OR_ZERO, "They are asked for at most once in this time.")
            .default("10s"),
        Key::new("allow_loopback_http", Kind::Flag, "Whether `http://` on this machine will do.")
            .default("false"),
    ]]),
    "Where the issuer's keys are.",
);

fn supplied(field: &Field<'_>) -> labels::Supplied {
    let issuers = field.child("issuers").map(|issuers| issuers.elements()).unwrap_or_default();
    let labels = issuers.iter().filter_map(|issuer| issuer.child("labels"));
    Some(labels.flat_map(|labels| labels.children()).map(|(label, _)| label.to_owned()).collect())
}
