//! What signs tokens, wherever its key is.

use std::sync::Arc;

use async_trait::async_trait;

use super::{Claims, PublicKey};
use crate::BackendError;

/// Signs tokens, wherever the key is: here ([`Signer`](super::Signer)), on another thread, or in a machine that keeps it
/// (see [`Envelope`](super::Envelope)).
///
/// ```
/// use token_auth_core::token::{Claims, PublicKey, Sign, Signer};
/// use token_auth_core::{BackendError, async_trait};
///
/// /// Publishes the next key before it signs with it, so that registries know it in time.
/// struct Rotating {
///     present: Signer,
///     next: Signer,
/// }
///
/// #[async_trait]
/// impl Sign for Rotating {
///     async fn sign(&self, claims: &Claims) -> Result<String, BackendError> {
///         self.present.sign(claims).await
///     }
///
///     fn public_keys(&self) -> Vec<PublicKey> {
///         vec![self.present.public_key().clone(), self.next.public_key().clone()]
///     }
/// }
/// ```
#[async_trait]
pub trait Sign: Send + Sync {
    /// Signs claims: a JWS in compact form (RFC 7515, section 7.1).
    ///
    /// # Errors
    ///
    /// When what holds the key could not be asked, or refused.
    async fn sign(&self, claims: &Claims) -> Result<String, BackendError>;

    /// The keys to publish in the JWK set: those that verify the tokens signed now, the present one first, and those whose
    /// tokens may still live or are to come.
    fn public_keys(&self) -> Vec<PublicKey>;
}

macro_rules! forward {
    ($($pointer:ty),*) => {$(
        #[async_trait]
        impl<S: Sign + ?Sized> Sign for $pointer {
            async fn sign(&self, claims: &Claims) -> Result<String, BackendError> {
                (**self).sign(claims).await
            }

            fn public_keys(&self) -> Vec<PublicKey> {
                (**self).public_keys()
            }
        }
    )*};
}

forward!(&S, Box<S>, Arc<S>);
