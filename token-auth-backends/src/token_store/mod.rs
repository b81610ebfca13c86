//! Lasting stores of refresh tokens and personal access tokens: implementations of [`TokenStore`].

#[cfg(doc)]
use token_auth_core::TokenStore;

#[cfg(feature = "token-store-redb")]
pub mod redb;
