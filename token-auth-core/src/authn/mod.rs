//! What it means to be someone.

mod credentials;
mod function;
mod identity;
mod prefixed;
mod request;

use std::borrow::Cow;
use std::sync::Arc;

use async_trait::async_trait;

use crate::{BackendError, Memory, Precedence, SourceId};

pub use credentials::{Credentials, Password};
pub use function::{AuthenticatorFn, authenticator_fn};
pub use identity::Identity;
pub use prefixed::Prefixed;
pub use request::{AccountRequest, AuthnRequest};

/// What an authenticator makes of credentials.
///
/// Exhaustive on purpose: a new outcome has to be thought about wherever one is matched.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Authn {
    /// Not mine: the next in the chain decides. If all abstain, the request is denied.
    Abstain,
    /// This is who it is.
    Accept(Identity),
    /// Mine, and wrong. The reason is for the operator's log; clients are told nothing but 401.
    Reject(Cow<'static, str>),
}

/// Tells who someone is.
///
/// An outcome is a value; `Err` means only "this backend could not answer" and denies with 503.
///
/// ```
/// use token_auth_core::{
///     AccountRequest, Authenticator, Authn, AuthnRequest, BackendError, Credentials, Identity, async_trait,
/// };
///
/// /// Knows one machine account by a shared secret.
/// struct Machine {
///     secret_sha256: [u8; 32],
/// }
///
/// #[async_trait]
/// impl Authenticator for Machine {
///     async fn authenticate(&self, request: &AuthnRequest<'_>) -> Result<Authn, BackendError> {
///         let Credentials::Password { username, password } = request.credentials else { return Ok(Authn::Abstain) };
///         if username != "machine" {
///             return Ok(Authn::Abstain);
///         }
///         let digest = aws_lc_rs::digest::digest(&aws_lc_rs::digest::SHA256, password.expose().as_bytes());
///         // Digests of a long random secret may be compared as they are.
///         Ok(match digest.as_ref() == self.secret_sha256 {
///             true => Authn::Accept(Identity::new("machine")),
///             false => Authn::Reject("wrong secret".into()),
///         })
///     }
///
///     async fn revalidate(&self, request: &AccountRequest<'_>) -> Result<Authn, BackendError> {
///         Ok(match request.account {
///             "machine" => Authn::Accept(Identity::new("machine")),
///             _ => Authn::Abstain,
///         })
///     }
/// }
/// ```
#[async_trait]
pub trait Authenticator: Send + Sync {
    /// Judges the credentials.
    ///
    /// # Errors
    ///
    /// When the source could not be asked.
    async fn authenticate(&self, request: &AuthnRequest<'_>) -> Result<Authn, BackendError>;

    /// Says what has become of an account that [`authenticate`](Self::authenticate) accepted earlier, when its password
    /// is not at hand: whether there still is such an account, and what its labels are now. A refresh token or a personal
    /// access token is good for nothing without this.
    ///
    /// [`Authn::Accept`] with the present labels; [`Authn::Reject`] for an account that is disabled, locked or expired;
    /// [`Authn::Abstain`] for one that this source does not know (any more). A source that cannot tell abstains from all,
    /// which refuses. Who decorates another authenticator asks that one.
    ///
    /// # Errors
    ///
    /// When the source could not be asked.
    async fn revalidate(&self, request: &AccountRequest<'_>) -> Result<Authn, BackendError>;

    /// Whether an account of this name is this source's: one that it would accept under this name for some credentials, now
    /// or once it is no longer disabled. A chain refuses what a source of lower [precedence](Self::precedence) accepts under
    /// the name of such an account.
    ///
    /// A source that takes several spellings for one account (capital letters, blanks) owns all of them. Nobody owns the
    /// anonymous account, `""`, and nobody is asked about it. Asked beside the logins of other sources, and often: what has to
    /// be looked up far away is remembered for a while. Default: what [`revalidate`](Self::revalidate) does not abstain from.
    ///
    /// # Errors
    ///
    /// When the source could not be asked. The other source's account is then refused, too.
    async fn owns(&self, request: &AccountRequest<'_>) -> Result<bool, BackendError> {
        Ok(self.revalidate(request).await? != Authn::Abstain)
    }

    /// What the right of this source to the account rests on, if it has it. Nothing is looked up for this: a table says
    /// [`Listed`](Precedence::Listed) for the names in it, and [`None`](Precedence::None) for all others. Default:
    /// [its place](Precedence::Place).
    fn precedence(&self, request: &AccountRequest<'_>) -> Precedence {
        let _ = request;
        Precedence::Place
    }

    /// The ids of the sources that this one is made of, all of which [`revalidate`](Self::revalidate) and
    /// [`precedence`](Self::precedence) can be asked for. They never change. Default: none, it is one source.
    fn sources(&self) -> Vec<SourceId> {
        Vec::new()
    }

    /// Whether these credentials are a signed token that this source alone can judge: one that says it is of an issuer whose
    /// signatures it verifies, be it right or wrong. Such a token is nobody's password. It is shown to no other source, and a
    /// wrong one is no guess at the password of the name that it comes with. Cheap, and nothing that asks another machine.
    /// Default: no.
    fn is_signed(&self, credentials: &Credentials) -> bool {
        let _ = credentials;
        false
    }

    /// What it remembers, for the source that has its place and its id when the configuration is loaded again; and what goes on
    /// with the memory of the one before: [`Succeed`](crate::Succeed). Default: nothing, it begins anew each time.
    fn memory(&self) -> Option<&dyn Memory> {
        None
    }
}

macro_rules! forward {
    ($($pointer:ty),*) => {$(
        #[async_trait]
        impl<A: Authenticator + ?Sized> Authenticator for $pointer {
            async fn authenticate(&self, request: &AuthnRequest<'_>) -> Result<Authn, BackendError> {
                (**self).authenticate(request).await
            }

            async fn revalidate(&self, request: &AccountRequest<'_>) -> Result<Authn, BackendError> {
                (**self).revalidate(request).await
            }

            async fn owns(&self, request: &AccountRequest<'_>) -> Result<bool, BackendError> {
                (**self).owns(request).await
            }

            fn precedence(&self, request: &AccountRequest<'_>) -> Precedence {
                (**self).precedence(request)
            }

            fn sources(&self) -> Vec<SourceId> {
                (**self).sources()
            }

            fn is_signed(&self, credentials: &Credentials) -> bool {
                (**self).is_signed(credentials)
            }

            fn memory(&self) -> Option<&dyn Memory> {
                (**self).memory()
            }
        }
    )*};
}

forward!(&A, Box<A>, Arc<A>);
