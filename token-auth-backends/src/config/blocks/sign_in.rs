//! The block `sign_in`: the pages of the sign-in with the browser. docker_auth does not have it.

use crate::config::block::{Block, with_feature};
use crate::config::kind::{Key, Kind};

pub(in crate::config) static BLOCK: Block =
    Block::settings(KEY).built("oauth2", with_feature!("oauth2", crate::config::sign_in::HANDLING));

const KEY: Key = Key::new(
    "sign_in",
    Kind::Keys(&[&[
        Key::new("public_url", Kind::Text, "Where browsers find the pages; by default as `redirect_url` of a provider says.")
            .example("https://auth.example.com"),
        Key::new("registry", Kind::Text, "The registry's name on them.").example("registry.example.com"),
        Key::new("session", Kind::TIME_OR_ZERO, "How long one is signed in to them.").default("30m"),
        Key::new("tokens_per_account", Kind::COUNT, "How many personal access tokens an account may have.").default("50"),
        Key::new(
            "key_file",
            Kind::File,
            "Keys of cookies and of providers' tokens, which replicas share. By default a file beside the store of tokens, \
             which is made.",
        ).secret()
        .example("/run/secrets/sealing.key"),
    ]]),
    "The pages of the sign-in with the browser.",
).ours();
