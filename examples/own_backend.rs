//! A source of identities and a policy of one's own: build machines that sign in with a shared secret, and may push only
//! what belongs to their own team.
//!
//! ```text
//! BUILD_SECRET=s3cret cargo run --example own_backend
//!
//! curl -s -u build-blue:s3cret 'http://127.0.0.1:5001/auth?service=registry&scope=repository:blue/app:pull,push'
//! curl -s -u build-blue:s3cret 'http://127.0.0.1:5001/auth?service=registry&scope=repository:red/app:pull,push'
//! curl -s -u build-blue:wrong  'http://127.0.0.1:5001/auth?service=registry'
//! ```

use std::net::SocketAddr;

use axum::Router;
use axum::extract::{ConnectInfo, Request};
use axum::middleware::map_request;
use token_auth_backends::core::http::{ClientAddress, TokenEndpoint};
use token_auth_backends::core::token::{Signer, SigningKey};
use token_auth_backends::core::{
    AccessRequest, AccountRequest, Authenticator, Authn, AuthnRequest, Authz, BackendError, Credentials,
    Grant, Identity, LabelValue, Labels, TokenService, async_trait, authorizer_fn,
};

/// Knows `build-TEAM` by the secret that all build machines share.
struct BuildMachines {
    secret: aws_lc_rs::hmac::Tag,
    key: aws_lc_rs::hmac::Key,
}

impl BuildMachines {
    fn new(secret: &str) -> Result<Self, Box<dyn std::error::Error>> {
        let key = aws_lc_rs::hmac::Key::generate(
            aws_lc_rs::hmac::HMAC_SHA256,
            &aws_lc_rs::rand::SystemRandom::new(),
        )?;
        Ok(Self { secret: aws_lc_rs::hmac::sign(&key, secret.as_bytes()), key })
    }
}

#[async_trait]
impl Authenticator for BuildMachines {
    async fn authenticate(&self, request: &AuthnRequest<'_>) -> Result<Authn, BackendError> {
        let Credentials::Password { username, password } = request.credentials else {
            return Ok(Authn::Abstain);
        };
        let Some(machine) = machine(username) else { return Ok(Authn::Abstain) };
        // Verifying a MAC takes the same time wherever the two first differ.
        if aws_lc_rs::hmac::verify(&self.key, password.expose().as_bytes(), self.secret.as_ref()).is_err() {
            return Ok(Authn::Reject("wrong secret".into()));
        }
        Ok(Authn::Accept(machine))
    }

    /// Every team has a build machine.
    async fn revalidate(&self, request: &AccountRequest<'_>) -> Result<Authn, BackendError> {
        Ok(machine(request.account).map_or(Authn::Abstain, Authn::Accept))
    }
}

/// The build machine of this name, if it can be one's.
fn machine(name: &str) -> Option<Identity> {
    let team = name.strip_prefix("build-")?;
    Some(Identity::new(name).with_labels(Labels::new().with("team", LabelValue::literal(team))))
}

/// What belongs to a team lies below its name.
fn own_team(request: &AccessRequest<'_>) -> Authz {
    let owner = request.name.split('/').next().unwrap_or_default();
    match request.labels.get("team").iter().any(|team| team.as_str() == owner) {
        true => Authz::Grant(Grant::new(request.actions.clone()).decided_by("own team")),
        false => Authz::Abstain,
    }
}

#[tokio::main]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let machines =
        BuildMachines::new(&std::env::var("BUILD_SECRET").map_err(|_| "BUILD_SECRET is not set")?)?;
    let key = SigningKey::from_pem(rcgen::KeyPair::generate()?.serialize_pem().as_bytes())?;
    let service = TokenService::new("example", machines, authorizer_fn(own_team), Signer::new(key)?)?;

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
