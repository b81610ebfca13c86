//! Who someone is, once a source has said so.

use std::sync::Arc;
use std::time::Duration;

use crate::{Labels, Restriction, SourceId};

/// Someone, as an authenticator knows them.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Identity {
    /// The canonical account name: the `sub` of the token, and what ACL rules see. Empty for the anonymous account.
    pub account: Arc<str>,
    /// What the source says of the account.
    pub labels: Arc<Labels>,
    /// Which source said so: a chain fills it in.
    pub source: Option<SourceId>,
    /// What narrows the credential below the account: none, for the account's own password.
    pub restriction: Restriction,
    /// Something that changes whenever the account's password does, and tells nothing of it (a digest of the stored hash,
    /// the time of the last change): a refresh token is no longer good once it differs. Nothing where the source cannot
    /// tell; refresh tokens then outlive the password, until the account is gone or they are revoked.
    pub security_stamp: Option<Arc<str>>,
    /// Something that the person has who has the account now, and nobody who gets the same name later (a digest of the
    /// provider's `sub`): a personal access token is no longer good once it differs. Nothing where the source cannot tell.
    pub subject: Option<Arc<str>>,
    /// How long a password is good that is given in exchange for the credential
    /// ([`RequestedToken::Password`](crate::RequestedToken::Password)). Nothing, which is the default: none is given.
    pub password_lifetime: Option<Duration>,
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
            password_lifetime: None,
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
    pub fn with_source(mut self, source: SourceId) -> Self {
        self.source = Some(source);
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

    /// The same account, for whose credential a password of this lifetime is given where one is asked for.
    #[must_use]
    pub fn with_password_lifetime(mut self, lifetime: Option<Duration>) -> Self {
        self.password_lifetime = lifetime;
        self
    }

    /// The same account, with what changes when its password does.
    #[must_use]
    pub fn with_security_stamp(mut self, stamp: impl Into<Arc<str>>) -> Self {
        self.security_stamp = Some(stamp.into());
        self
    }
}
