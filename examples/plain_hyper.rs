//! The smallest token server again, on hyper alone.
//!
//! ```text
//! cargo run --example plain_hyper
//!
//! curl -s -u alice:wonderland 'http://127.0.0.1:5001/auth?service=registry&scope=repository:alice/app:pull,push'
//! ```

use std::convert::Infallible;
use std::sync::Arc;

use hyper::Request;
use hyper::body::Incoming;
use hyper::service::service_fn;
use hyper_util::rt::{TokioExecutor, TokioIo, TokioTimer};
use hyper_util::server::conn::auto;
use token_auth_backends::core::TokenService;
use token_auth_backends::core::acl::{Acl, Match, Rule};
use token_auth_backends::core::http::{ClientAddress, TokenEndpoint};
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
    let endpoint = TokenEndpoint::new(TokenService::new("example", users, acl, Signer::new(key)?)?);

    let listener = tokio::net::TcpListener::bind("127.0.0.1:5001").await?;
    loop {
        let (stream, peer) = listener.accept().await?;
        let endpoint = endpoint.clone();
        let service = service_fn(move |mut request: Request<Incoming>| {
            request.extensions_mut().insert(ClientAddress::from(peer));
            let endpoint = endpoint.clone();
            async move { Ok::<_, Infallible>(endpoint.respond(request).await) }
        });
        tokio::spawn(async move {
            let mut builder = auto::Builder::new(TokioExecutor::new());
            builder.http1().timer(TokioTimer::new());
            // A client that goes away in the middle is nobody's error.
            let _ = builder.serve_connection(TokioIo::new(stream), service).await;
        });
    }
}
