//! What an authenticator is asked: about credentials, or about an account.

use std::net::IpAddr;

use crate::{Credentials, Deadline, Identity, SourceId};

/// Someone presents credentials.
///
/// ```
/// use token_auth_core::{AuthnRequest, Credentials};
///
/// let credentials = Credentials::password("alice", "wonderland");
/// let request = AuthnRequest::new(&credentials).with_service("registry.example.com");
/// assert_eq!(request.credentials.username(), "alice");
/// ```
#[derive(Clone, Copy, Debug)]
#[non_exhaustive]
pub struct AuthnRequest<'a> {
    /// Who the client says it is, with what proves it.
    pub credentials: &'a Credentials,
    /// The client's address, if it is known.
    pub address: Option<IpAddr>,
    /// The registry that a token is asked for; may be empty.
    pub service: &'a str,
    /// The name of the client program, by its own word.
    pub client_id: Option<&'a str>,
    /// When an answer comes too late to be of use: who waits for others gives up then.
    pub deadline: Deadline,
}

impl<'a> AuthnRequest<'a> {
    /// These credentials, from an unknown address, for no particular service, without a deadline.
    pub fn new(credentials: &'a Credentials) -> Self {
        Self { credentials, address: None, service: "", client_id: None, deadline: Deadline::NONE }
    }

    /// The same request with other credentials: for an authenticator that changes them before it asks another.
    #[must_use]
    pub fn with_credentials(self, credentials: &'a Credentials) -> Self {
        Self { credentials, ..self }
    }

    /// The same request from this address.
    #[must_use]
    pub fn with_address(self, address: Option<IpAddr>) -> Self {
        Self { address, ..self }
    }

    /// The same request for this service.
    #[must_use]
    pub fn with_service(self, service: &'a str) -> Self {
        Self { service, ..self }
    }

    /// The same request by this client program.
    #[must_use]
    pub fn with_client_id(self, client_id: Option<&'a str>) -> Self {
        Self { client_id, ..self }
    }

    /// The same request with this deadline.
    #[must_use]
    pub fn with_deadline(self, deadline: Deadline) -> Self {
        Self { deadline, ..self }
    }
}

/// Something is asked about an account whose credentials are not at hand.
///
/// ```
/// use token_auth_core::{AccountRequest, SourceId};
///
/// let directory = SourceId::try_from("ldap")?;
/// let request = AccountRequest::new("alice").from_source(Some(&directory));
/// assert_eq!((request.account, request.source), ("alice", Some(&directory)));
/// # Ok::<(), token_auth_core::SourceError>(())
/// ```
#[derive(Clone, Copy, Debug)]
#[non_exhaustive]
pub struct AccountRequest<'a> {
    /// The canonical name of the account.
    pub account: &'a str,
    /// The only source that is asked; nothing for any. A chain asks that one, and says nothing of it to it.
    pub source: Option<&'a SourceId>,
    /// When an answer comes too late to be of use: who waits for others gives up then.
    pub deadline: Deadline,
}

impl<'a> AccountRequest<'a> {
    /// About an account of any source, without a deadline.
    pub fn new(account: &'a str) -> Self {
        Self { account, source: None, deadline: Deadline::NONE }
    }

    /// About the account of someone whom an authenticator has accepted, at the source that knew them.
    pub fn of(identity: &'a Identity) -> Self {
        Self { source: identity.source.as_ref(), ..Self::new(&identity.account) }
    }

    /// The same of another account: for an authenticator that changes names before it asks another.
    #[must_use]
    pub fn with_account(self, account: &'a str) -> Self {
        Self { account, ..self }
    }

    /// The same of an account of this source only.
    #[must_use]
    pub fn from_source(self, source: Option<&'a SourceId>) -> Self {
        Self { source, ..self }
    }

    /// The same with this deadline.
    #[must_use]
    pub fn with_deadline(self, deadline: Deadline) -> Self {
        Self { deadline, ..self }
    }
}
