//! Personal access tokens, for whoever asks for one by name.

use std::time::{Duration, SystemTime};

use ipnet::IpNet;

use super::creation::Quota;
use super::{OpaqueToken, StoredTokens};
use crate::{
    AccountRequest, Authenticator, Authn, BackendError, ScopePattern, SourceId, TokenKind, TokenRecord,
};

/// A personal access token, or that of a robot account, to be made.
///
/// ```
/// use std::time::Duration;
/// use token_auth_core::NewPersonalToken;
///
/// let robot = NewPersonalToken::new("alice", "build server")
///     .with_lifetime(Some(Duration::from_secs(90 * 86_400)))
///     .with_scopes(["repository:team/**:pull".parse()?])
///     .with_networks(["10.0.0.0/8".parse()?]);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct NewPersonalToken {
    /// Whose it is.
    pub account: String,
    /// The source that knows them; nothing for the first that does.
    pub source: Option<SourceId>,
    /// What its owner calls it: 1 to 100 characters, none of them a control character.
    pub name: String,
    /// How long it is good; nothing for ever. Default 90 days.
    pub lifetime: Option<Duration>,
    /// What it is good for; nothing for all that the account may do.
    pub scopes: Option<Vec<ScopePattern>>,
    /// Where it is good from; nothing for anywhere.
    pub networks: Option<Vec<IpNet>>,
    /// The only service (audience) that it is good for; nothing for any.
    pub service: Option<String>,
    /// Who must have the account still ([`Identity::subject`](crate::Identity::subject)); nothing for whoever has it now.
    pub subject: Option<String>,
    /// How many personal tokens that person may have of that source, with this one; nothing for any number.
    pub at_most: Option<usize>,
}

impl NewPersonalToken {
    /// A token of this account with this name, for ninety days, without restrictions.
    pub fn new(account: impl Into<String>, name: impl Into<String>) -> Self {
        Self {
            account: account.into(),
            source: None,
            name: name.into(),
            lifetime: Some(Duration::from_secs(90 * 86_400)),
            scopes: None,
            networks: None,
            service: None,
            subject: None,
            at_most: None,
        }
    }

    /// Says which source knows the account.
    #[must_use]
    pub fn of_source(self, source: SourceId) -> Self {
        Self { source: Some(source), ..self }
    }

    /// Replaces how long it is good.
    #[must_use]
    pub fn with_lifetime(self, lifetime: Option<Duration>) -> Self {
        Self { lifetime, ..self }
    }

    /// Restricts it to what one of these patterns allows.
    #[must_use]
    pub fn with_scopes(self, scopes: impl IntoIterator<Item = ScopePattern>) -> Self {
        Self { scopes: Some(scopes.into_iter().collect()), ..self }
    }

    /// Restricts it to these networks.
    #[must_use]
    pub fn with_networks(self, networks: impl IntoIterator<Item = IpNet>) -> Self {
        Self { networks: Some(networks.into_iter().collect()), ..self }
    }

    /// Makes it for this person alone, should the account be another one's meanwhile.
    #[must_use]
    pub fn with_subject(self, subject: Option<impl Into<String>>) -> Self {
        Self { subject: subject.map(Into::into), ..self }
    }

    /// Does not make it if that person has this many tokens of that source already.
    #[must_use]
    pub fn with_at_most(self, tokens: usize) -> Self {
        Self { at_most: Some(tokens), ..self }
    }

    /// Restricts it to this service.
    #[must_use]
    pub fn with_service(self, service: impl Into<String>) -> Self {
        Self { service: Some(service.into()), ..self }
    }
}

/// Why a personal access token is not made.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum CreateTokenError {
    /// The service does not use them.
    #[error("personal access tokens are not enabled")]
    NotEnabled,
    /// No source knows the account, or would tell later whether it still does.
    #[error("no source knows the account {0:?}, or can tell whether it still exists")]
    UnknownAccount(String),
    /// The name is empty, too long or not readable.
    #[error("the name of a token is 1 to 100 characters, none of them a control character")]
    Name,
    /// It would be good for longer than is allowed, or not at all.
    #[error("a token may be good for at most {} days", maximum.as_secs() / 86_400)]
    Lifetime {
        /// How long it may be.
        maximum: Duration,
    },
    /// It would be good for nothing, or from nowhere.
    #[error("a token that is restricted to no {0} would be good for nothing")]
    Nothing(&'static str),
    /// The account has as many tokens as it may.
    #[error("the account has as many tokens as it may have: revoke one first")]
    Enough,
    /// The store, or the source, could not answer.
    #[error(transparent)]
    Unavailable(#[from] BackendError),
}

impl StoredTokens {
    /// Makes a personal access token. The answer is the only place where it can be read; its record is kept.
    ///
    /// The authenticator is the one of the service: it has to know the account.
    ///
    /// # Errors
    ///
    /// When the token may not be made, or cannot be kept.
    pub async fn create(
        &self,
        new: NewPersonalToken,
        authenticator: &dyn Authenticator,
        now: SystemTime,
    ) -> Result<(OpaqueToken, TokenRecord), CreateTokenError> {
        let policy = self.personal.ok_or(CreateTokenError::NotEnabled)?;
        if !(1..=100).contains(&new.name.chars().count()) || new.name.chars().any(char::is_control) {
            return Err(CreateTokenError::Name);
        }
        if new.scopes.as_ref().is_some_and(Vec::is_empty) {
            return Err(CreateTokenError::Nothing("scope"));
        }
        if new.networks.as_ref().is_some_and(Vec::is_empty) {
            return Err(CreateTokenError::Nothing("network"));
        }
        if new.lifetime.is_some_and(|lifetime| lifetime.as_secs() == 0) {
            return Err(CreateTokenError::Nothing("time"));
        }
        let longest = new.lifetime.unwrap_or(Duration::MAX);
        if let Some(maximum) = policy.max_lifetime
            && longest > maximum
        {
            return Err(CreateTokenError::Lifetime { maximum });
        }
        let about = AccountRequest::new(&new.account).from_source(new.source.as_ref());
        let present = match authenticator.revalidate(&about).await? {
            Authn::Accept(present) if !present.account.is_empty() => present,
            _ => return Err(CreateTokenError::UnknownAccount(new.account)),
        };
        if new.subject.is_some() && new.subject.as_deref() != present.subject.as_deref() {
            return Err(CreateTokenError::UnknownAccount(new.account));
        }
        let quota = new.at_most.map_or(Quota::Unlimited, Quota::Refusing);
        let made = self.make(TokenKind::Personal, &present.account, now, quota, |record| {
            record.source = present.source;
            record.security_stamp = present.subject.as_deref().map(str::to_owned);
            record.service = new.service;
            record.name = Some(new.name);
            record.scopes = new.scopes.into_iter().collect();
            record.networks = new.networks;
            record.expires = new.lifetime.and_then(|lifetime| record.created.checked_add(lifetime));
            record.idle = policy.idle;
        });
        made.await?.ok_or(CreateTokenError::Enough)
    }
}
