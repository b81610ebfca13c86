//! The keys of an issuer: those that were given, or what it publishes.

use std::sync::Arc;

use token_auth_core::token::TrustedKeys;

use super::remote::Remote;
use crate::issuer::{KeysError, Remembered};

/// Keys that do not change, or those of an issuer, remembered.
#[derive(Debug)]
pub(super) enum Keys {
    Fixed(Arc<TrustedKeys>),
    Remembered(Arc<Remembered<Remote>>),
}

impl Keys {
    pub(super) async fn now(&self) -> Result<Arc<TrustedKeys>, KeysError> {
        match self {
            Self::Fixed(keys) => Ok(Arc::clone(keys)),
            Self::Remembered(keys) => keys.now().await,
        }
    }

    /// Goes on with what a previous one remembers of the same publisher.
    pub(super) fn succeed(&self, previous: &Self) {
        if let (Self::Remembered(now), Self::Remembered(then)) = (self, previous)
            && now.publisher().is_same(then.publisher())
        {
            now.succeed(then);
        }
    }

    /// Others than these, if the issuer has new ones: a token is signed by a key that is not among them.
    pub(super) async fn other_than(&self, known: &Arc<TrustedKeys>) -> Option<Arc<TrustedKeys>> {
        match self {
            Self::Fixed(_) => None,
            Self::Remembered(keys) => keys.other_than(known).await,
        }
    }
}
