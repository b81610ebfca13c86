//! The smallest token server: a fixed user, a fixed policy, on axum.
//!
//! ```text
//! cargo run --example static
//!
//! curl -s -u alice:wonderland 'http://127.0.0.1:5001/auth?service=registry&scope=repository:alice/app:pull,push'
//! curl -s 'http://127.0.0.1:5001/jwks.json'
//! ```
//!
//! Restarting it makes a new key: registries then need the new key set.

use std::net::SocketAddr;
use std::sync::Arc;

use axum::Router;
use axum::extract::{ConnectInfo, Request};
use axum::middleware::map_request;
use axum::routing::get;
use token_auth_backends::core::TokenService;
use token_auth_backends::core::acl::{Acl, Match, Rule};
use token_auth_backends::core::http::{ClientAddress, TokenEndpoint, jwks};
use token_auth_backends::core::token::{Signer, SigningKey};
use token_auth_backends::password::{PasswordVerifier, VerifierOptions};
use token_auth_backends::static_users::{StaticUser, StaticUsers};

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
    let service = TokenService::new("example", users, acl, Signer::new(key)?)?;

    let keys = service.clone();
    let app = Router::new()
        .route_service("/auth", TokenEndpoint::new(service))
        .route("/jwks.json", get(async move || jwks(&keys)))
        .layer(map_request(async |ConnectInfo(peer): ConnectInfo<SocketAddr>, mut request: Request| {
            request.extensions_mut().insert(ClientAddress::from(peer));
            request
        }));
    let listener = tokio::net::TcpListener::bind("127.0.0.1:5001").await?;
    axum::serve(listener, app.into_make_service_with_connect_info::<SocketAddr>()).await?;
    Ok(())
}
