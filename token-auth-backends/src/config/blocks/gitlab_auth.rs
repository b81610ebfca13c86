//! The block `gitlab_auth`: sign-in with the browser.

use super::provider::{COMMON, FORGE};
use super::token_db;
use crate::config::block::{Block, with_feature};
use crate::config::field::Field;
use crate::config::kind::{Key, Kind};
use crate::config::labels;

pub(in crate::config) static BLOCK: Block = Block::authenticator(KEY)
    .labels(supplied)
    .built("oauth2", with_feature!("oauth2", crate::config::sign_in::GITLAB));

const KEY: Key = Key::new(
    "gitlab_auth",
    Kind::OneOrMore(&Kind::Keys(&[OWN, COMMON, FORGE, token_db::OF_PROVIDER])),
    "Sign-in at GitLab. The groups of an account become its label `groups`.",
);

const OWN: &[Key] = &[
    Key::new(
        "redirect_uri",
        Kind::Text,
        "Where GitLab sends browsers back to; it ends in `/gitlab_auth`, or `/ID_auth`.",
    )
    .required()
    .example("https://auth.example.com/gitlab_auth"),
    Key::new("gitlab_web_uri", Kind::Text, "Where its pages are.").default("https://gitlab.com"),
    Key::new("gitlab_api_uri", Kind::Text, "Where its API is.").default("https://gitlab.com/api/v4"),
    Key::new("grant_type", Kind::Choice(&["authorization_code"]), "There is only one.")
        .default("authorization_code"),
];

fn supplied(_: &Field<'_>) -> labels::Supplied {
    labels::these(&["groups"])
}
