//! The Docker/OCI registry token protocol: "who are you, and what do you want to do?" becomes a signed token, and a signed
//! token becomes "may this be done here?".
//!
//! A registry that does not judge its clients itself sends them to a token server. This crate is that server without its
//! sockets: a [`TokenService`] asks an [`Authenticator`] who a client is and an [`Authorizer`] what it may do, and signs
//! what both agree to. Sources of identities and the configuration file of docker_auth are in `token-auth-backends`; who
//! writes a source of their own needs only this crate.
//!
//! ```
//! use std::time::SystemTime;
//! use token_auth_core::acl::{Acl, Match, Rule};
//! use token_auth_core::token::{Signer, SigningKey, Verifier};
//! use token_auth_core::{
//!     Authn, Credentials, Identity, RequestLimits, RequestParts, RequestedToken, TokenRequest, TokenService, authenticator_fn,
//! };
//!
//! # #[tokio::main(flavor = "current_thread")]
//! # async fn main() -> Result<(), Box<dyn std::error::Error>> {
//! # let pem = KEY;
//! // Everyone is nobody, and nobody pulls what is public.
//! let everyone = authenticator_fn(|credentials: Credentials| async move {
//!     Ok(match credentials {
//!         Credentials::Anonymous => Authn::Accept(Identity::new("")),
//!         _ => Authn::Reject("there are no accounts".into()),
//!     })
//! });
//! let acl = Acl::new([Rule::new(Match::any().name("public/*"), ["pull"])])?;
//! let signer = Signer::new(SigningKey::from_pem(pem)?)?;
//! let service = TokenService::new("Acme auth server", everyone, acl, signer)?;
//!
//! // The token server: what came over HTTP, and what goes back.
//! let query = "service=registry&scope=repository:public/app:pull,push";
//! let parts = RequestParts { query, ..RequestParts::default() };
//! let request = TokenRequest::parse(parts, RequestLimits::default())?;
//! let response = service.answer(&request).await.result?;
//!
//! // The registry: what the token that came with a request is good for.
//! let verifier = Verifier::builder("Acme auth server", "registry").jwks(&service.jwks())?.build()?;
//! let token = verifier.verify(&response.token, SystemTime::now())?;
//! assert!(token.allows("repository", "public/app", "pull"));
//! assert!(!token.allows("repository", "public/app", "push"));
//! # Ok(())
//! # }
//! # const KEY: &[u8] = b"-----BEGIN PRIVATE KEY-----
//! # MIGHAgEAMBMGByqGSM49AgEGCCqGSM49AwEHBG0wawIBAQQgq0ZOHSTDct7NcNzr
//! # VTSvYT8vQyOi+auqShTe+gir84ehRANCAAREnIcWsxeZrfkCVSZshXdVes1ae/uC
//! # AQY0Lk3N7l/tKZb+dL5d9BXuJBpTCR24eCw+moSqrouRa4559n84+1Lr
//! # -----END PRIVATE KEY-----";
//! ```
//!
//! # The way of the data
//!
//! | step | type |
//! |---|---|
//! | a request, read within limits | [`TokenRequest`], [`scope::ScopeSet`] |
//! | who asks | [`AuthnRequest`] → [`Authn`]; several sources: [`AuthenticatorChain`] |
//! | what they may do | [`AccessRequest`] → [`Authz`]; docker_auth's rules: [`acl::Acl`]; several: [`AuthorizerChain`] |
//! | what is signed | [`token::Claims`], by a [`token::Sign`], usually the local [`token::Signer`] |
//! | the answer, and how it came about | [`TokenResponse`] or [`TokenError`], and [`Record`] |
//! | what a registry checks | [`token::Verifier`] |
//!
//! # Features
//!
//! | feature | gives |
//! |---|---|
//! | `acl` (default) | [`acl`]: docker_auth's rules, and Go's regular expressions |
//! | `sign` (default) | what issues tokens: keys that sign, certificates, `TokenService`, refresh tokens and personal access tokens. Without it [`token::Verifier`] is left, and what requests and backends are made of |
//! | `http` | `http::TokenEndpoint`: the service as a tower `Service` that mounts in axum and runs on plain hyper, with one log line a request through `tracing` |
//!
//! # What it refuses
//!
//! An async runtime, sockets, the file system, YAML and TLS: whoever embeds it brings their own. The clock and the ids of
//! tokens can be replaced, so that every outcome can be tested. A grant in doubt: what no source knows is 401, a source
//! that cannot answer is 503, a condition that cannot be evaluated within its limits does not hold, and no source can
//! widen what was asked for. A verifier trusts nothing that a token brings along: no key, no certificate, no algorithm.

#[cfg(feature = "acl")]
pub mod acl;
mod authn;
mod authz;
mod chain;
#[cfg(feature = "sign")]
mod clock;
mod deadline;
mod error;
#[cfg(feature = "http")]
pub mod http;
mod labels;
mod network;
pub mod pattern;
mod request;
mod restriction;
pub mod scope;
#[cfg(feature = "sign")]
mod service;
mod source;
#[cfg(feature = "sign")]
mod stored_tokens;
mod succession;
pub mod token;
#[cfg(feature = "sign")]
mod token_store;
mod unix_time;

pub use async_trait::async_trait;

pub use authn::{
    AccountRequest, Authenticator, AuthenticatorFn, Authn, AuthnRequest, Credentials, Identity, Password,
    Prefixed, authenticator_fn,
};
pub use authz::{AccessRequest, Authorizer, AuthorizerFn, Authz, Grant, authorizer_fn};
pub use chain::{AuthenticatorChain, AuthorizerChain};
#[cfg(feature = "sign")]
pub use clock::{Clock, RandomIds, SystemClock, TokenIds};
pub use deadline::Deadline;
pub use error::{BackendError, with_causes};
pub use labels::{LabelValue, Labels, Origin};
pub use network::ClientNetwork;
pub use request::{GrantType, RequestError, RequestLimits, RequestParts, RequestedToken, TokenRequest};
pub use restriction::{Restriction, ScopePattern, ScopePatternError};
pub use scope::{ActionSet, ResourceScope, ScopeError, ScopeErrorKind, ScopeLimits, ScopeSet, TooManyScopes};
#[cfg(feature = "sign")]
pub use service::{
    Answer, AttemptLimits, Record, ScopeDecision, ServiceError, Timer, TokenError, TokenResponse,
    TokenService,
};
pub use source::{Precedence, SourceError, SourceId};
#[cfg(feature = "sign")]
pub use stored_tokens::{
    CreateTokenError, DamagedToken, NewPersonalToken, OpaqueToken, PersonalPolicy, RefreshPolicy,
    StoredTokens,
};
pub use succession::{Memory, Succeed, hand_over};
#[cfg(feature = "sign")]
pub use token_store::{
    Blob, BlobKey, BlobStore, BlobVersion, BlobWrite, LastUse, MalformedTokenId, MemoryTokenStore,
    PageCursor, SecretDigest, Store, TOUCH_RESOLUTION, TokenId, TokenKind, TokenPage, TokenPages, TokenQuery,
    TokenRecord, TokenStore,
};
pub use unix_time::unix_seconds;
