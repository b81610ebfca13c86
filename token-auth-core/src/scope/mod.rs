//! Resource scopes: what a client asks to do (`repository:library/alpine:pull,push`).
//!
//! Follows distribution's `docs/content/spec/auth/scope.md`, read as real clients write it; see [`ResourceScope`].

mod actions;
mod resource;
mod set;

pub use actions::ActionSet;
pub(crate) use resource::is_type_value;
pub use resource::{ResourceScope, ScopeError, ScopeErrorKind};
pub use set::{ScopeLimits, ScopeSet, TooManyScopes};
