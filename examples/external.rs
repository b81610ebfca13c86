//! Accounts and rights by programs of your own: here two lines of shell.
//!
//! ```text
//! cargo run --example external
//!
//! curl -s -u alice:wonderland 'http://127.0.0.1:5001/auth?service=registry&scope=repository:public/app:pull,push'
//! ```

use std::net::SocketAddr;

use axum::Router;
use axum::extract::{ConnectInfo, Request};
use axum::middleware::map_request;
use token_auth_backends::core::TokenService;
use token_auth_backends::core::http::{ClientAddress, TokenEndpoint};
use token_auth_backends::core::token::{Signer, SigningKey};
use token_auth_backends::external::{ExternalAuthenticator, ExternalAuthorizer, ProgramOptions};

#[tokio::main]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let shell = |script| ProgramOptions::new("sh").with_args(["-c", script]);
    let users = ExternalAuthenticator::new(&shell(r#"[ "$(cat)" = "alice wonderland" ]"#))?;
    let rights = ExternalAuthorizer::new(&shell(r#"grep -q '"Name":"public/'"#))?;
    let key = SigningKey::from_pem(rcgen::KeyPair::generate()?.serialize_pem().as_bytes())?;
    let service = TokenService::new("example", users, rights, Signer::new(key)?)?;

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
