//! What can be asked of a server's store of tokens.
//!
//! A running server alone has its store open. Whoever has something to ask it does so over a socket beside the store.

mod command;
mod failure;
mod http;
mod query;

use std::path::{Path, PathBuf};

use anyhow::Result;

use token_auth_backends::config::TokenStoreConfig;
use token_auth_backends::core::TokenService;

pub use command::{Ask, Created, NewToken, Page, Reply, Shown, answer};
pub use failure::Failure;
pub(crate) use http::{owns, response};

use crate::control;

/// Asks the server that has this store open; nothing if there is none.
///
/// # Errors
///
/// When there is a server, and it does not answer, or refuses with a [`Failure`].
pub async fn ask(store: &Path, question: &Ask) -> Result<Option<Reply>> {
    control::ask(store, question).await
}

/// The file that a service's tokens are kept in, if they are kept in one.
pub(crate) fn store_file(config: Option<&TokenStoreConfig>) -> Option<PathBuf> {
    match config? {
        TokenStoreConfig::File(path) => Some(path.clone()),
        _ => None,
    }
}

/// Removes what has ended.
pub(crate) async fn purge(service: &TokenService) {
    let Some(tokens) = service.stored_tokens() else { return };
    match tokens.store().purge(service.now()).await {
        Ok(0) => {}
        Ok(count) => tracing::info!(count, "removed tokens that have ended"),
        Err(error) => tracing::warn!(%error, "cannot remove tokens that have ended"),
    }
}
