//! What it means to be someone.

use std::borrow::Cow;
use std::fmt;
use std::future::Future;
use std::sync::Arc;

use async_trait::async_trait;
use zeroize::Zeroizing;

use crate::{BackendError, Labels, Restriction};

/// A password, wiped when dropped; its `Debug` says `[redacted]`.
#[derive(Clone, PartialEq, Eq)]
pub struct Password(Zeroizing<String>);

impl Password {
    /// Takes a password in.
    pub fn new(secret: impl Into<String>) -> Self {
        Self(Zeroizing::new(secret.into()))
    }

    /// The password itself. Compare it through a password hash or in constant time, and never print it.
    pub fn expose(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for Password {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Password([redacted])")
    }
}

/// What a client presents to say who it is.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Credentials {
    /// Nothing. An authenticator may accept this as its anonymous account, whose name is empty.
    Anonymous,
    /// A user name and a password. Either may be empty: what that means is the authenticator's to say.
    Password {
        /// The name as the client wrote it.
        username: String,
        /// The password.
        password: Password,
    },
    /// A refresh token, in the grant that is made for it (RFC 6749, section 6). Only the service that issued it can tell
    /// whose it is.
    RefreshToken(Password),
    /// A token of another issuer, as `Authorization: Bearer …` (RFC 6750) or as the `subject_token` of a token exchange
    /// (RFC 8693): a build job's OpenID Connect token, say. Whoever accepts it has verified its issuer and audience.
    Bearer(Password),
}

impl Credentials {
    /// User name and password.
    pub fn password(username: impl Into<String>, password: impl Into<String>) -> Self {
        Self::Password { username: username.into(), password: Password::new(password) }
    }

    /// The name that the client gave; empty if it gave none. A claim until an authenticator has accepted it.
    pub fn username(&self) -> &str {
        match self {
            Self::Anonymous | Self::RefreshToken(_) | Self::Bearer(_) => "",
            Self::Password { username, .. } => username,
        }
    }
}

/// Someone, as an authenticator knows them.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Identity {
    /// The canonical account name: the `sub` of the token, and what ACL rules see. Empty for the anonymous account.
    pub account: Arc<str>,
    /// What the source says of the account.
    pub labels: Arc<Labels>,
    /// Which backend said so, for the log; a chain fills it in.
    pub source: Option<Cow<'static, str>>,
    /// What narrows the credential below the account: none, for the account's own password.
    pub restriction: Restriction,
    /// Something that changes whenever the account's password does, and tells nothing of it (a digest of the stored hash,
    /// the time of the last change): a refresh token is no longer good once it differs. Nothing where the source cannot
    /// tell; refresh tokens then outlive the password, until the account is gone or they are revoked.
    pub security_stamp: Option<Arc<str>>,
    /// Something that the person has who has the account now, and nobody who gets the same name later (a digest of the
    /// provider's `sub`): a personal access token is no longer good once it differs. Nothing where the source cannot tell.
    pub subject: Option<Arc<str>>,
}

impl Identity {
    /// An account without labels.
    pub fn new(account: impl Into<Arc<str>>) -> Self {
        Self {
            account: account.into(),
            labels: Arc::default(),
            source: None,
            restriction: Restriction::none(),
            security_stamp: None,
            subject: None,
        }
    }

    /// The same account with these labels.
    #[must_use]
    pub fn with_labels(mut self, labels: impl Into<Arc<Labels>>) -> Self {
        self.labels = labels.into();
        self
    }

    /// The same account, known to this source.
    #[must_use]
    pub fn with_source(mut self, source: impl Into<Cow<'static, str>>) -> Self {
        self.source = Some(source.into());
        self
    }

    /// The same account through a credential that is good for less. It adds to what narrows the identity already.
    #[must_use]
    pub fn restricted(mut self, restriction: Restriction) -> Self {
        self.restriction = self.restriction.and(restriction);
        self
    }

    /// The same account, with what changes when it becomes another person's.
    #[must_use]
    pub fn with_subject(mut self, subject: impl Into<Arc<str>>) -> Self {
        self.subject = Some(subject.into());
        self
    }

    /// The same account, with what changes when its password does.
    #[must_use]
    pub fn with_security_stamp(mut self, stamp: impl Into<Arc<str>>) -> Self {
        self.security_stamp = Some(stamp.into());
        self
    }
}

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
/// use token_auth_core::{async_trait, Authenticator, Authn, BackendError, Credentials, Identity};
///
/// /// Knows one machine account by a shared secret.
/// struct Machine {
///     secret_sha256: [u8; 32],
/// }
///
/// #[async_trait]
/// impl Authenticator for Machine {
///     async fn authenticate(&self, credentials: &Credentials) -> Result<Authn, BackendError> {
///         let Credentials::Password { username, password } = credentials else { return Ok(Authn::Abstain) };
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
///     fn name(&self) -> Cow<'static, str> {
///         "machine".into()
///     }
/// }
/// # use std::borrow::Cow;
/// ```
#[async_trait]
pub trait Authenticator: Send + Sync {
    /// Judges the credentials.
    ///
    /// # Errors
    ///
    /// When the source could not be asked.
    async fn authenticate(&self, credentials: &Credentials) -> Result<Authn, BackendError>;

    /// Says what has become of an identity that [`authenticate`](Self::authenticate) accepted earlier, when its password
    /// is not at hand: whether there still is such an account, and what its labels are now. A refresh token or a personal
    /// access token is good for nothing without this.
    ///
    /// [`Authn::Accept`] with the present labels; [`Authn::Reject`] for an account that is disabled, locked or expired;
    /// [`Authn::Abstain`] for one that this source does not know (any more). Default: abstain, which refuses.
    ///
    /// # Errors
    ///
    /// When the source could not be asked.
    async fn revalidate(&self, identity: &Identity) -> Result<Authn, BackendError> {
        let _ = identity;
        Ok(Authn::Abstain)
    }

    /// What the operator's log calls this backend. Default: the name of its type.
    fn name(&self) -> Cow<'static, str> {
        std::any::type_name::<Self>().into()
    }
}

macro_rules! forward {
    ($($pointer:ty),*) => {$(
        #[async_trait]
        impl<A: Authenticator + ?Sized> Authenticator for $pointer {
            async fn authenticate(&self, credentials: &Credentials) -> Result<Authn, BackendError> {
                (**self).authenticate(credentials).await
            }

            async fn revalidate(&self, identity: &Identity) -> Result<Authn, BackendError> {
                (**self).revalidate(identity).await
            }

            fn name(&self) -> Cow<'static, str> {
                (**self).name()
            }
        }
    )*};
}

forward!(&A, Box<A>, Arc<A>);

/// An [`Authenticator`] made of a function; see [`authenticator_fn`].
#[derive(Clone, Copy)]
pub struct AuthenticatorFn<F>(F);

/// Makes an authenticator of an async closure. It owns the credentials that it is given.
///
/// ```
/// use token_auth_core::{authenticator_fn, Authn, Credentials, Identity};
///
/// let guest = authenticator_fn(|credentials: Credentials| async move {
///     Ok(match credentials {
///         Credentials::Anonymous => Authn::Accept(Identity::new("")),
///         _ => Authn::Abstain,
///     })
/// });
/// # let _: &dyn token_auth_core::Authenticator = &guest;
/// ```
pub fn authenticator_fn<F, Fut>(function: F) -> AuthenticatorFn<F>
where
    F: Fn(Credentials) -> Fut + Send + Sync,
    Fut: Future<Output = Result<Authn, BackendError>> + Send,
{
    AuthenticatorFn(function)
}

#[async_trait]
impl<F, Fut> Authenticator for AuthenticatorFn<F>
where
    F: Fn(Credentials) -> Fut + Send + Sync,
    Fut: Future<Output = Result<Authn, BackendError>> + Send,
{
    async fn authenticate(&self, credentials: &Credentials) -> Result<Authn, BackendError> {
        (self.0)(credentials.clone()).await
    }

    fn name(&self) -> Cow<'static, str> {
        "function".into()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn debug_of_credentials_hides_the_password() {
        let shown = format!("{:?}", Credentials::password("alice", "hunter2"));
        assert!(shown.contains("alice") && shown.contains("[redacted]"), "{shown}");
        assert!(!shown.contains("hunter2"), "{shown}");
    }
}
