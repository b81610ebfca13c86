//! What it means to be allowed.

use std::borrow::Cow;
use std::net::IpAddr;
use std::sync::Arc;

use async_trait::async_trait;

use crate::{ActionSet, BackendError, Deadline, Labels, Memory};

/// One account asks to do something with one resource.
#[derive(Clone, Copy, Debug)]
#[non_exhaustive]
pub struct AccessRequest<'a> {
    /// The authenticated account; empty for the anonymous one.
    pub account: &'a str,
    /// What the identity source says of the account.
    pub labels: &'a Labels,
    /// The registry that the token is for (its audience).
    pub service: &'a str,
    /// The client's address, if it is known.
    pub address: Option<IpAddr>,
    /// The type of the resource.
    pub resource_type: &'a str,
    /// The name of the resource.
    pub name: &'a str,
    /// What is to be done with it.
    pub actions: &'a ActionSet,
    /// When an answer comes too late to be of use: who waits for others gives up then.
    pub deadline: Deadline,
}

impl<'a> AccessRequest<'a> {
    /// A request of an account without labels, for no particular service, from an unknown address, without a deadline.
    pub fn new(account: &'a str, resource_type: &'a str, name: &'a str, actions: &'a ActionSet) -> Self {
        static NO_LABELS: Labels = Labels::new();
        Self {
            account,
            labels: &NO_LABELS,
            service: "",
            address: None,
            resource_type,
            name,
            actions,
            deadline: Deadline::NONE,
        }
    }

    /// The same request of an account with these labels.
    #[must_use]
    pub fn with_labels(self, labels: &'a Labels) -> Self {
        Self { labels, ..self }
    }

    /// The same request for this service.
    #[must_use]
    pub fn with_service(self, service: &'a str) -> Self {
        Self { service, ..self }
    }

    /// The same request from this address.
    #[must_use]
    pub fn with_address(self, address: Option<IpAddr>) -> Self {
        Self { address, ..self }
    }

    /// The same request with this deadline.
    #[must_use]
    pub fn with_deadline(self, deadline: Deadline) -> Self {
        Self { deadline, ..self }
    }
}

/// What an authorizer grants: the empty set denies.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Grant {
    /// The actions granted. Only those that were also requested count.
    pub actions: ActionSet,
    /// What decided, for the log (`acl rule 3`); a chain fills in the authorizer's name if this is missing.
    pub decided_by: Option<Arc<str>>,
}

impl Grant {
    /// Grants these actions.
    pub fn new(actions: ActionSet) -> Self {
        Self { actions, decided_by: None }
    }

    /// Names what decided.
    #[must_use]
    pub fn decided_by(mut self, what: impl Into<Arc<str>>) -> Self {
        self.decided_by = Some(what.into());
        self
    }
}

/// What an authorizer makes of a request.
///
/// Exhaustive on purpose: a new outcome has to be thought about wherever one is matched.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Authz {
    /// Not mine: the next in the chain decides. If all abstain, nothing is granted.
    Abstain,
    /// These actions and no others.
    Grant(Grant),
}

/// Decides what an account may do.
///
/// An outcome is a value; `Err` means only "this backend could not answer" and denies with 503.
///
/// ```
/// use std::borrow::Cow;
/// use token_auth_core::{async_trait, AccessRequest, Authorizer, Authz, BackendError, Grant};
///
/// /// Everyone owns what lies below their own name.
/// struct Home;
///
/// #[async_trait]
/// impl Authorizer for Home {
///     async fn authorize(&self, request: &AccessRequest<'_>) -> Result<Authz, BackendError> {
///         let home = request.name.strip_prefix(request.account).is_some_and(|rest| rest.starts_with('/'));
///         Ok(match home && !request.account.is_empty() {
///             true => Authz::Grant(Grant::new(request.actions.clone())),
///             false => Authz::Abstain,
///         })
///     }
///
///     fn name(&self) -> Cow<'static, str> {
///         "home".into()
///     }
/// }
/// ```
#[async_trait]
pub trait Authorizer: Send + Sync {
    /// Judges the request.
    ///
    /// # Errors
    ///
    /// When the source could not be asked.
    async fn authorize(&self, request: &AccessRequest<'_>) -> Result<Authz, BackendError>;

    /// What the operator's log calls this backend. Default: the name of its type.
    fn name(&self) -> Cow<'static, str> {
        std::any::type_name::<Self>().into()
    }

    /// What it remembers, for the authorizer of the same name that has its place when the configuration is loaded again; and what
    /// goes on with the memory of the one before: [`Succeed`](crate::Succeed). Default: nothing, it begins anew each time.
    fn memory(&self) -> Option<&dyn Memory> {
        None
    }
}

macro_rules! forward {
    ($($pointer:ty),*) => {$(
        #[async_trait]
        impl<A: Authorizer + ?Sized> Authorizer for $pointer {
            async fn authorize(&self, request: &AccessRequest<'_>) -> Result<Authz, BackendError> {
                (**self).authorize(request).await
            }

            fn name(&self) -> Cow<'static, str> {
                (**self).name()
            }

            fn memory(&self) -> Option<&dyn Memory> {
                (**self).memory()
            }
        }
    )*};
}

forward!(&A, Box<A>, Arc<A>);

/// An [`Authorizer`] made of a function; see [`authorizer_fn`].
#[derive(Clone, Copy)]
pub struct AuthorizerFn<F>(F);

/// Makes an authorizer of a closure. The closure is plain: what has to wait implements [`Authorizer`].
///
/// ```
/// use token_auth_core::{authorizer_fn, AccessRequest, Authz, Grant};
///
/// let read_only = authorizer_fn(|request: &AccessRequest<'_>| {
///     let pull = ["pull"].into_iter().collect();
///     Authz::Grant(Grant::new(request.actions.intersection(&pull)))
/// });
/// # let _: &dyn token_auth_core::Authorizer = &read_only;
/// ```
pub fn authorizer_fn<F>(function: F) -> AuthorizerFn<F>
where
    F: Fn(&AccessRequest<'_>) -> Authz + Send + Sync,
{
    AuthorizerFn(function)
}

#[async_trait]
impl<F> Authorizer for AuthorizerFn<F>
where
    F: Fn(&AccessRequest<'_>) -> Authz + Send + Sync,
{
    async fn authorize(&self, request: &AccessRequest<'_>) -> Result<Authz, BackendError> {
        Ok((self.0)(request))
    }

    fn name(&self) -> Cow<'static, str> {
        "function".into()
    }
}
