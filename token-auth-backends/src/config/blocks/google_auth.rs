//! The block `google_auth`: sign-in with the browser.

use super::provider::{CLAIMS, COMMON};
use super::token_db;
use crate::config::block::{Block, with_feature};
use crate::config::field::Field;
use crate::config::kind::{Key, Kind};
use crate::config::labels;

pub(in crate::config) static BLOCK: Block = Block::authenticator(KEY)
    .labels(supplied)
    .built("oauth2", with_feature!("oauth2", crate::config::sign_in::GOOGLE));

const KEY: Key = Key::new(
    "google_auth",
    Kind::OneOrMore(&Kind::Keys(&[OWN, COMMON, CLAIMS, token_db::OF_PROVIDER])),
    "Sign-in with a Google account.",
);

const OWN: &[Key] = &[
    Key::new(
        "domain",
        Kind::Text,
        "The domain whose accounts may sign in (`hd`); without it every Google account may.",
    )
    .example("example.com"),
    Key::new("redirect_url", Kind::Text, "Where Google sends browsers back to; it ends in `/google_auth`.")
        .ours()
        .example("https://auth.example.com/google_auth"),
    Key::new("issuer", Kind::Text, "Google itself.").ours().default("https://accounts.google.com"),
];

fn supplied(field: &Field<'_>) -> labels::Supplied {
    labels::of_claims(field, &["groups"])
}
