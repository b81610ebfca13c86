//! The block `github_auth`: sign-in with the browser.

use super::provider::{COMMON, FORGE};
use super::token_db;
use crate::config::block::{Block, with_feature};
use crate::config::field::Field;
use crate::config::kind::{Key, Kind};
use crate::config::labels;

pub(in crate::config) static BLOCK: Block = Block::authenticator(KEY)
    .labels(supplied)
    .built("oauth2", with_feature!("oauth2", crate::config::sign_in::GITHUB));

const KEY: Key = Key::new(
    "github_auth",
    Kind::OneOrMore(&Kind::Keys(&[OWN, COMMON, FORGE, token_db::OF_PROVIDER])),
    "Sign-in at GitHub, or a GitHub Enterprise server. The teams of an account become its label `teams`.",
);

const OWN: &[Key] = &[
    Key::new(
        "redirect_url",
        Kind::Text,
        "Where GitHub sends browsers back to, if it is not the first that is registered there.",
    )
    .ours()
    .example("https://auth.example.com/github_auth"),
    Key::new("github_web_uri", Kind::Text, "Where its pages are.").default("https://github.com"),
    Key::new("github_api_uri", Kind::Text, "Where its API is.").default("https://api.github.com"),
];

fn supplied(_: &Field<'_>) -> labels::Supplied {
    labels::these(&["teams"])
}
