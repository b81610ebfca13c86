//! Sign-in with the browser, mounted in axum beside the token endpoint.
//!
//! ```text
//! ISSUER=https://id.example.com CLIENT_ID=registry CLIENT_SECRET=… cargo run --example sign_in
//!
//! # In a browser: http://127.0.0.1:5001/ (the provider knows the redirect URI http://127.0.0.1:5001/oidc_auth)
//! curl -s -u alice@example.com:tap_… 'http://127.0.0.1:5001/auth?service=registry&scope=repository:app:pull'
//! ```
//!
//! Restarting it ends all tokens: they are kept in memory here.

use std::env;
use std::net::SocketAddr;
use std::sync::Arc;

use axum::Router;
use axum::extract::{ConnectInfo, Request};
use axum::middleware::map_request;
use token_auth_backends::core::acl::{Acl, Match, Rule};
use token_auth_backends::core::http::{ClientAddress, TokenEndpoint};
use token_auth_backends::core::token::{Signer, SigningKey};
use token_auth_backends::core::{
    Authenticator, AuthenticatorChain, MemoryTokenStore, Password, PersonalPolicy, Store, StoredTokens,
    TokenService,
};
use token_auth_backends::oauth2::{
    Oidc, OidcOptions, PageOptions, Registration, SealingKeys, SignInOffer, SignInPages, SignInSource,
};

#[tokio::main]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let registration = Registration {
        client_id: env::var("CLIENT_ID")?,
        client_secret: Password::new(env::var("CLIENT_SECRET")?),
    };
    let provider = Oidc::new("oidc", OidcOptions::new(env::var("ISSUER")?, registration))?;

    let store: Arc<dyn Store> = Arc::new(MemoryTokenStore::default());
    let keys = SealingKeys::random()?;
    let people = SignInSource::new("oidc".try_into()?, Arc::new(provider), Arc::clone(&store), keys.clone());
    let tokens = StoredTokens::new("example", store).with_personal_tokens(PersonalPolicy::default());
    // A chain names each account's source, which is asked at every use of a token.
    let mut sources = AuthenticatorChain::new();
    sources.push(people.id().clone(), people.clone())?;
    let sources: Arc<dyn Authenticator> = Arc::new(sources);
    let pages = SignInPages::new(
        [SignInOffer::new(people, "Example")],
        Arc::clone(&sources),
        tokens.clone(),
        keys,
        PageOptions::at("http://127.0.0.1:5001".parse()?),
    );

    let acl = Acl::new([Rule::new(Match::any(), ["pull"])])?;
    let key = SigningKey::from_pem(rcgen::KeyPair::generate()?.serialize_pem().as_bytes())?;
    let service = TokenService::new("example", sources, acl, Signer::new(key)?)?.with_stored_tokens(tokens);

    let app = Router::new()
        .route_service("/auth", TokenEndpoint::new(service))
        .fallback_service(pages)
        .layer(map_request(async |ConnectInfo(peer): ConnectInfo<SocketAddr>, mut request: Request| {
            request.extensions_mut().insert(ClientAddress::from(peer));
            request
        }));
    let listener = tokio::net::TcpListener::bind("127.0.0.1:5001").await?;
    axum::serve(listener, app.into_make_service_with_connect_info::<SocketAddr>()).await?;
    Ok(())
}
