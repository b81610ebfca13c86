//! The Docker/OCI registry token protocol.

pub mod acl;
mod authn;
mod authz;
mod error;
mod labels;
pub mod scope;
pub mod token;

pub use async_trait::async_trait;

pub use authn::{Authenticator, AuthenticatorFn, Authn, Credentials, Identity, Password, authenticator_fn};
pub use authz::{AccessRequest, Authorizer, AuthorizerFn, Authz, Grant, authorizer_fn};
pub use error::BackendError;
pub use labels::{LabelValue, Labels, Origin};
pub use scope::{ActionSet, ResourceScope, ScopeError, ScopeErrorKind, ScopeLimits, ScopeSet, TooManyScopes};
