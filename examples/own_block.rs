//! A block of the configuration of one's own: people who show a badge, whose number is their password. Beside it
//! everything of docker_auth's configuration works as it is.
//!
//! ```text
//! cargo run --example own_block -- auth_config.yml    # with `badge_auth: {file: badges.txt}` in it
//!
//! curl -s -u alice:4711 'http://127.0.0.1:5001/auth?service=registry&scope=repository:alice/app:pull'
//! ```

#![allow(clippy::print_stdout, reason = "a program talks to its user")]

use std::collections::HashMap;
use std::path::PathBuf;

use aws_lc_rs::digest::{SHA256, digest};
use axum::Router;
use token_auth_backends::config::{Assembly, Block, Config, ConfigOptions, Field, Key, Kind, Parts, Spot};
use token_auth_backends::core::{
    AccountRequest, Authenticator, Authn, AuthnRequest, BackendError, Credentials, Identity, async_trait,
};

/// What the block is. Errors, the reference, the schema and the files to watch follow from it.
static BADGE_AUTH: Block = Block::authenticator(Key::new(
    "badge_auth",
    Kind::Keys(&[&[Key::new("file", Kind::File, "The badges: on each line a number and an account.")
        .required()
        .example("/etc/docker-auth/badges.txt")]]),
    "People who show a badge.",
))
.handled(read, join);

/// What is configured, and where to complain of it.
#[derive(Debug)]
struct BadgeFile {
    path: PathBuf,
    spot: Spot,
}

fn read(field: &Field<'_>, parts: &mut Parts) {
    let Some(section) = field.section() else { return };
    let file = section.require("file");
    section.finish();
    if let Some(file) = file
        && let Some(path) = file.file()
    {
        parts.insert(BadgeFile { path, spot: file.spot() });
    }
}

fn join(config: &mut Config, assembly: &mut Assembly) {
    let Some(BadgeFile { path, spot }) = config.part() else { return };
    match std::fs::read_to_string(path) {
        Ok(text) => assembly.authenticator("badges", Badges::new(&text), spot),
        Err(error) => assembly.error(spot.finding(format!("{}: {error}", path.display()))),
    }
}

/// Accounts by the digests of their numbers.
struct Badges(HashMap<Vec<u8>, String>);

impl Badges {
    fn new(text: &str) -> Self {
        let lines = text.lines().filter_map(|line| line.trim().split_once(' '));
        Self(lines.map(|(number, account)| (hashed(number), account.trim().to_owned())).collect())
    }
}

fn hashed(number: &str) -> Vec<u8> {
    digest(&SHA256, number.as_bytes()).as_ref().to_owned()
}

#[async_trait]
impl Authenticator for Badges {
    async fn authenticate(&self, request: &AuthnRequest<'_>) -> Result<Authn, BackendError> {
        let Credentials::Password { username, password } = request.credentials else {
            return Ok(Authn::Abstain);
        };
        match self.0.get(&hashed(password.expose())) {
            Some(account) if account == username => Ok(Authn::Accept(Identity::new(account.as_str()))),
            _ => Ok(Authn::Abstain),
        }
    }

    async fn revalidate(&self, request: &AccountRequest<'_>) -> Result<Authn, BackendError> {
        let known = self.0.values().any(|account| account == request.account);
        Ok(if known { Authn::Accept(Identity::new(request.account)) } else { Authn::Abstain })
    }
}

#[tokio::main]
async fn main() -> anyhow::Result<()> {
    let Some(file) = std::env::args().nth(1) else {
        println!("{}", ConfigOptions::default().with_block(&BADGE_AUTH).reference());
        return Ok(());
    };
    let loaded = Config::load(file, &ConfigOptions::default().with_block(&BADGE_AUTH))?;
    let app = Router::new().route_service("/auth", loaded.endpoint());
    let listener = tokio::net::TcpListener::bind("127.0.0.1:5001").await?;
    Ok(axum::serve(listener, app).await?)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "test code fails by panicking")]

    use super::*;

    const BASE: &str =
        "server: {addr: ':5001'}\ntoken: {issuer: x, expiration: 900, certificate: c, key: k}\nacl: []\n";

    fn options() -> ConfigOptions {
        ConfigOptions::default().with_block(&BADGE_AUTH)
    }

    #[test]
    fn is_read_as_the_others_are() {
        let read =
            |block: &str| Config::from_yaml(format!("{BASE}{block}"), "auth.yml", &options()).map(drop);
        read("badge_auth: {file: badges.txt}").unwrap();
        for (block, complaint) in [
            ("badge_auth: {}", "auth.yml:4: badge_auth.file: is required"),
            ("badge_auth: {file: []}", "auth.yml:4: badge_auth.file: must be a text"),
            (
                "badge_auth: {file: x, fiel: y}",
                "auth.yml:4: badge_auth.fiel: unknown key: did you mean `file`?",
            ),
            ("badges_auth: {file: x}", "auth.yml:4: badges_auth: unknown key: did you mean `badge_auth`?"),
        ] {
            let said = read(block).unwrap_err().to_string();
            assert!(said.lines().any(|line| line == complaint), "{block}: {said}");
        }
        assert!(options().reference().contains("\n#badge_auth:\n#  # The badges"));
        assert!(options().schema()["properties"]["badge_auth"].is_object());
    }

    #[test]
    fn a_file_that_is_not_there_is_named_with_its_line() {
        let text = format!("{BASE}badge_auth:\n  file: /no/such/badges.txt\n");
        let (config, _) = Config::from_yaml(text, "auth.yml", &options()).unwrap();
        let said = config.assemble().unwrap_err().to_string();
        assert!(said.contains("auth.yml:5: badge_auth.file: /no/such/badges.txt: "), "{said}");
    }

    #[tokio::test]
    async fn a_badge_opens_its_own_account() {
        let badges = Badges::new("4711 alice\n4712 bob\n");
        for (account, number, is_let_in) in
            [("alice", "4711", true), ("alice", "4712", false), ("eve", "4713", false)]
        {
            let credentials = Credentials::password(account, number);
            let answer = badges.authenticate(&AuthnRequest::new(&credentials)).await.unwrap();
            assert_eq!(matches!(answer, Authn::Accept(_)), is_let_in, "{account} {number}");
        }
    }
}
