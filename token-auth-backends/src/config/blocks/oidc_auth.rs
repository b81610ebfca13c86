//! The block `oidc_auth`: sign-in with the browser.

use super::provider::{CLAIMS, COMMON};
use super::token_db;
use crate::config::block::{Block, with_feature};
use crate::config::field::Field;
use crate::config::kind::{Key, Kind};
use crate::config::labels;

pub(in crate::config) static BLOCK: Block = Block::authenticator(KEY)
    .labels(supplied)
    .built("oauth2", with_feature!("oauth2", crate::config::sign_in::OIDC));

const KEY: Key = Key::new(
    "oidc_auth",
    Kind::OneOrMore(&Kind::Keys(&[OWN, COMMON, CLAIMS, token_db::OF_PROVIDER])),
    "Sign-in at an OpenID Connect provider.",
);

const OWN: &[Key] = &[
    Key::new("issuer", Kind::Text, "The provider, exactly as its description has it.")
        .required()
        .example("https://id.example.com/realms/main"),
    Key::new(
        "redirect_url",
        Kind::Text,
        "Where it sends browsers back to; it ends in `/oidc_auth`, or `/ID_auth`.",
    )
    .required()
    .example("https://auth.example.com/oidc_auth"),
];

fn supplied(field: &Field<'_>) -> labels::Supplied {
    labels::of_claims(field, &[])
}
