//! What docker_auth really decided, and what we decide: see `data/vectors/README.md`.
//!
//! `TOKEN_AUTH_VECTORS=DIR cargo test -p token-auth-tests --test vectors -- --nocapture` reads other files of the same
//! form and prints for each kind what agreed, what differed on purpose and why, and what differed.

#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::print_stdout,
    reason = "a test fails by panicking, and this one reports"
)]

#[path = "vectors/acl.rs"]
mod acl;
#[path = "vectors/keyid.rs"]
mod keyid;
#[path = "vectors/reader.rs"]
mod reader;
#[path = "vectors/scope.rs"]
mod scope;
