//! Issuers of signed tokens, of people and of workloads alike: their configuration and keys, asked for and remembered, and how
//! what their tokens say is read.
#![cfg_attr(
    not(feature = "workload"),
    expect(unreachable_pub, reason = "the module `workload` exports them")
)]

pub(crate) mod claims;
mod error;
mod fetch;
pub(crate) mod jwt;
mod remembered;

pub use error::KeysError;
pub(crate) use fetch::{discovery_url, get};
pub use remembered::KeyOptions;
pub(crate) use remembered::{Publisher, Remembered};
