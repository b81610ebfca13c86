//! Lasting stores of refresh tokens and personal access tokens: implementations of [`TokenStore`].

#[cfg(doc)]
use token_auth_core::TokenStore;

#[cfg(any(feature = "token-store-redb", feature = "token-store-redis", feature = "token-store-sql"))]
mod coded;
#[cfg(feature = "token-store-redb")]
pub mod redb;
#[cfg(feature = "token-store-redis")]
pub mod redis;
#[cfg(feature = "token-store-sql")]
pub mod sql;
