//! The Docker/OCI registry token protocol.

pub mod acl;
mod authn;
mod authz;
mod chain;
mod clock;
mod error;
#[cfg(feature = "http")]
pub mod http;
mod labels;
mod request;
mod restriction;
pub mod scope;
mod service;
pub mod token;
mod token_store;

pub use async_trait::async_trait;

pub use authn::{Authenticator, AuthenticatorFn, Authn, Credentials, Identity, Password, authenticator_fn};
pub use authz::{AccessRequest, Authorizer, AuthorizerFn, Authz, Grant, authorizer_fn};
pub use chain::{AuthenticatorChain, AuthorizerChain};
pub use clock::{Clock, RandomIds, SystemClock, TokenIds};
pub use error::BackendError;
pub use labels::{LabelValue, Labels, Origin};
pub use request::{GrantType, RequestError, RequestLimits, RequestParts, TokenRequest};
pub use restriction::{Restriction, ScopePattern, ScopePatternError};
pub use scope::{ActionSet, ResourceScope, ScopeError, ScopeErrorKind, ScopeLimits, ScopeSet, TooManyScopes};
pub use service::{Answer, Decision, Record, ServiceError, TokenError, TokenResponse, TokenService};
pub use token_store::{
    Blob, BlobKey, BlobVersion, BlobWrite, LastUse, MalformedTokenId, MemoryTokenStore, PageCursor,
    SecretDigest, TOUCH_RESOLUTION, TokenId, TokenKind, TokenPage, TokenQuery, TokenRecord, TokenStore,
};
