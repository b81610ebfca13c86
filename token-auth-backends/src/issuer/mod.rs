//! Issuers of signed tokens, of people and of workloads alike: their configuration and keys, asked for and remembered, and how
//! what their tokens say is read.

#[cfg(feature = "workload")]
mod address;
pub(crate) mod claims;
mod error;
mod fetch;
pub(crate) mod jwt;
mod remembered;

#[cfg(feature = "workload")]
pub(crate) use address::{check, check_named};
#[cfg(feature = "workload")]
pub use error::AddressError;
pub use error::KeysError;
pub(crate) use fetch::{discovery_url, get};
#[cfg(feature = "workload")]
pub use remembered::KeyOptions;
#[cfg(not(feature = "workload"))]
pub(crate) use remembered::KeyOptions;
pub(crate) use remembered::{Publisher, Remembered};
