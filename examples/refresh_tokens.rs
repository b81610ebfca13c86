//! Refresh tokens and personal access tokens in a server of one's own: `docker login` keeps no password, and a robot gets
//! a token that may do less.
//!
//! ```text
//! cargo run --example refresh_tokens
//!
//! # docker's login, and what docker does from then on
//! curl -s -u alice:wonderland 'http://127.0.0.1:5001/auth?service=registry&client_id=docker&offline_token=true'
//! curl -s -d grant_type=refresh_token -d service=registry -d refresh_token=tar_… \
//!     -d scope=repository:alice/app:pull http://127.0.0.1:5001/auth
//!
//! # the robot, with the token that is printed at the start: it asks for more than it gets
//! curl -s -u alice:tap_… 'http://127.0.0.1:5001/auth?service=registry&scope=repository:alice/app:pull,push'
//! ```

#![allow(clippy::print_stdout, reason = "a program talks to its user")]

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::extract::{ConnectInfo, Request};
use axum::middleware::map_request;
use token_auth_backends::core::acl::{Acl, Match, Rule};
use token_auth_backends::core::http::{ClientAddress, TokenEndpoint};
use token_auth_backends::core::token::{Signer, SigningKey};
use token_auth_backends::core::{
    NewPersonalToken, PersonalPolicy, RefreshPolicy, StoredTokens, TokenService, TokenStore as _,
};
use token_auth_backends::password::{PasswordVerifier, VerifierOptions};
use token_auth_backends::static_users::{StaticUser, StaticUsers};
use token_auth_backends::token_store::redb::RedbTokenStore;

#[tokio::main]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    // htpasswd -nbB alice wonderland
    let hash = "$2y$10$meqPnAmOOwD5hwo3QnuXwe0AVrPYX.QAa9leJD2yVTGRo2gKXNtOu".parse()?;
    let users = StaticUsers::new(
        Arc::new(PasswordVerifier::new(VerifierOptions::default())?),
        [("alice", StaticUser::new(hash))],
    );
    let acl = Acl::new([Rule::new(Match::any().account("alice").name("${account}/*"), ["*"])])?;
    let key = SigningKey::from_pem(rcgen::KeyPair::generate()?.serialize_pem().as_bytes())?;

    let store = RedbTokenStore::open("refresh-tokens-example.redb")?;
    let tokens = StoredTokens::new("example", Arc::new(store.clone()))
        .with_refresh_tokens(RefreshPolicy::default().with_idle(Some(Duration::from_secs(7 * 86_400))))
        .with_personal_tokens(PersonalPolicy::default());
    let service =
        TokenService::new("example", users, acl, Signer::new(key)?)?.with_stored_tokens(tokens.clone());

    // What has ended goes; a server that runs for long does this now and then.
    store.purge(service.now()).await?;
    let robot = NewPersonalToken::new("alice", "robot").with_scopes(["repository:alice/**:pull".parse()?]);
    let (token, record) = tokens.create(robot, &**service.authenticator(), service.now()).await?;
    println!("the robot's token {}, shown this once: {}", record.id, token.expose());

    let app = Router::new().route_service("/auth", TokenEndpoint::new(service)).layer(map_request(
        async |ConnectInfo(peer): ConnectInfo<SocketAddr>, mut request: Request| {
            request.extensions_mut().insert(ClientAddress::from(peer));
            request
        },
    ));
    let listener = tokio::net::TcpListener::bind("127.0.0.1:5001").await?;
    axum::serve(listener, app.into_make_service_with_connect_info::<SocketAddr>()).await?;
    Ok(())
}
