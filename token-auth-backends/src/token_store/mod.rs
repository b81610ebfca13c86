//! Lasting stores of refresh tokens and personal access tokens: implementations of [`TokenStore`].

#[cfg(doc)]
use token_auth_core::TokenStore;

mod coded;
#[cfg(any(feature = "token-store-object", feature = "token-store-sql"))]
mod digests;
#[cfg(any(feature = "token-store-object", feature = "token-store-redis", feature = "token-store-sql"))]
mod implement;
mod listed;
#[cfg(feature = "token-store-object")]
pub mod object;
#[cfg(feature = "token-store-redb")]
pub mod redb;
#[cfg(feature = "token-store-redis")]
pub mod redis;
#[cfg(feature = "token-store-sql")]
pub mod sql;
