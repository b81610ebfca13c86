//! The straight line: request, authentication, authorization, claims, signed token.

mod answer;
mod error;
mod succession;

use std::borrow::Cow;
use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::{Duration, SystemTime};

pub use answer::{Answer, Decision, Record, TokenResponse};
#[cfg(feature = "http")]
pub(crate) use error::error_body;
pub use error::{ServiceError, TokenError};

use crate::token::{AccessEntry, Claims, PublishedKey, Sign, unix_seconds};
use crate::{
    AccessRequest, Authenticator, Authn, Authorizer, Authz, BackendError, Clock, GrantType, Identity,
    RandomIds, ResourceScope, SystemClock, TokenIds, TokenRequest,
};

/// Turns "who are you, and what do you want to do?" into a signed token. There is no HTTP in it; the feature `http` adds
/// that.
///
/// It fails closed: what no authenticator accepts is 401, what a backend cannot answer is 503, and a token holds only
/// actions that were asked for and granted, whatever an authorizer says.
///
/// ```no_run
/// use std::{sync::Arc, time::Duration};
/// use token_auth_core::{Authenticator, Authorizer, TokenRequest, TokenService, token::Sign};
///
/// # async fn example(
/// #     authenticator: Arc<dyn Authenticator>, authorizer: Arc<dyn Authorizer>, signer: Arc<dyn Sign>,
/// # ) -> Result<(), Box<dyn std::error::Error>> {
/// let service = TokenService::new("Acme auth server", authenticator, authorizer, signer)?
///     .with_lifetime(Duration::from_secs(900))?
///     .with_services(["registry.example.com"]);
/// let answer = service.answer(&TokenRequest::new("registry.example.com")).await;
/// println!("{}", answer.result?.token);
/// # Ok(())
/// # }
/// ```
#[derive(Clone)]
pub struct TokenService {
    issuer: Arc<str>,
    challenge: Arc<str>,
    authenticator: Arc<dyn Authenticator>,
    authorizer: Arc<dyn Authorizer>,
    signer: Arc<dyn Sign>,
    published: Vec<PublishedKey>,
    lifetime: Duration,
    services: Option<BTreeSet<String>>,
    clock: Arc<dyn Clock>,
    ids: Arc<dyn TokenIds>,
}

impl TokenService {
    /// A service whose tokens live fifteen minutes and are issued for any registry that trusts its key.
    ///
    /// # Errors
    ///
    /// When the issuer is empty.
    pub fn new(
        issuer: impl Into<Arc<str>>,
        authenticator: impl Authenticator + 'static,
        authorizer: impl Authorizer + 'static,
        signer: impl Sign + 'static,
    ) -> Result<Self, ServiceError> {
        let issuer = issuer.into();
        if issuer.is_empty() {
            return Err(ServiceError::NoIssuer);
        }
        Ok(Self {
            challenge: error::challenge(&issuer).into(),
            issuer,
            authenticator: Arc::new(authenticator),
            authorizer: Arc::new(authorizer),
            signer: Arc::new(signer),
            published: Vec::new(),
            lifetime: Duration::from_secs(900),
            services: None,
            clock: Arc::new(SystemClock),
            ids: Arc::new(RandomIds),
        })
    }

    /// Sets how long tokens live, in whole seconds. Docker's client takes anything below 60 s for 60 s.
    ///
    /// # Errors
    ///
    /// When that is less than a second.
    pub fn with_lifetime(mut self, lifetime: Duration) -> Result<Self, ServiceError> {
        if lifetime.as_secs() == 0 {
            return Err(ServiceError::NoLifetime);
        }
        self.lifetime = Duration::from_secs(lifetime.as_secs());
        Ok(self)
    }

    /// Names the services (audiences) that tokens are issued for; a request for another is refused.
    #[must_use]
    pub fn with_services<S: Into<String>>(mut self, services: impl IntoIterator<Item = S>) -> Self {
        self.services = Some(services.into_iter().map(Into::into).collect());
        self
    }

    /// Replaces the clock.
    #[must_use]
    pub fn with_clock(mut self, clock: impl Clock + 'static) -> Self {
        self.clock = Arc::new(clock);
        self
    }

    /// Replaces the source of token ids.
    #[must_use]
    pub fn with_token_ids(mut self, ids: impl TokenIds + 'static) -> Self {
        self.ids = Arc::new(ids);
        self
    }

    /// How long tokens live.
    pub fn lifetime(&self) -> Duration {
        self.lifetime
    }

    /// The services that tokens are issued for; none where they are issued for any.
    pub fn services(&self) -> impl Iterator<Item = &str> {
        self.services.iter().flatten().map(String::as_str)
    }

    /// The issuer of the tokens.
    pub fn issuer(&self) -> &str {
        &self.issuer
    }

    /// The value of `WWW-Authenticate` that goes with a 401.
    pub fn challenge(&self) -> &str {
        &self.challenge
    }

    /// What signs the tokens.
    pub fn signer(&self) -> &Arc<dyn Sign> {
        &self.signer
    }

    /// Answers a request, and records how the answer came about.
    pub async fn answer(&self, request: &TokenRequest) -> Answer {
        let mut record = Record::default();
        let result = self.run(request, &mut record).await;
        Answer { result, record }
    }

    async fn run(&self, request: &TokenRequest, record: &mut Record) -> Result<TokenResponse, TokenError> {
        if let GrantType::RefreshToken | GrantType::Other(_) = request.grant_type {
            return Err(TokenError::UnsupportedGrantType);
        }
        if self.services.as_ref().is_some_and(|services| !services.contains(&request.service)) {
            return Err(TokenError::UnknownService);
        }
        let identity = self.authenticate(request, record).await?;
        let now = self.clock.now();
        let Some(lifetime) = self.lifetime_of(&identity, now) else {
            record.reason = Some("the credential has expired".into());
            return Err(TokenError::Unauthorized);
        };
        let mut access = Vec::with_capacity(request.scopes.scopes().len());
        for scope in request.scopes.scopes() {
            let decision = self
                .authorize(request, &identity, scope)
                .await
                .map_err(|error| record.unavailable(&error))?;
            access.push(AccessEntry::new(scope, decision.granted.clone()));
            record.decisions.push(decision);
        }
        let id = self.ids.next_id().map_err(|error| record.unavailable(&error))?;
        let claims = self.claims(&identity, request, access, now, lifetime, id);
        let token = self.signer.sign(&claims).await.map_err(|error| record.unavailable(&error))?;
        Ok(TokenResponse::new(token, lifetime, now))
    }

    /// As long as tokens live, or as long as the credential does if that is less.
    fn lifetime_of(&self, identity: &Identity, now: SystemTime) -> Option<Duration> {
        let Some(not_after) = identity.restriction.not_after() else { return Some(self.lifetime) };
        let left = unix_seconds(not_after).saturating_sub(unix_seconds(now));
        (left > 0).then(|| self.lifetime.min(Duration::from_secs(left)))
    }

    async fn authenticate(
        &self,
        request: &TokenRequest,
        record: &mut Record,
    ) -> Result<Identity, TokenError> {
        let outcome = self.authenticator.authenticate(&request.credentials).await;
        let reason = match outcome.map_err(|error| record.unavailable(&error))? {
            Authn::Accept(identity) => {
                record.account = Some(Arc::clone(&identity.account));
                record.source = identity.source.clone().or_else(|| Some(self.authenticator.name()));
                return Ok(identity);
            }
            Authn::Reject(reason) => reason,
            Authn::Abstain => Cow::Borrowed("no authenticator knows these credentials"),
        };
        record.reason = Some(reason);
        Err(TokenError::Unauthorized)
    }

    async fn authorize(
        &self,
        request: &TokenRequest,
        identity: &Identity,
        scope: &ResourceScope,
    ) -> Result<Decision, BackendError> {
        let access =
            AccessRequest::new(&identity.account, scope.resource_type(), scope.name(), scope.actions())
                .with_labels(&identity.labels)
                .with_service(&request.service)
                .with_address(request.address);
        let grant = match self.authorizer.authorize(&access).await? {
            Authz::Abstain => return Ok(Decision::nobody(scope.clone())),
            Authz::Grant(grant) => grant,
        };
        let decided_by = grant.decided_by.unwrap_or_else(|| self.authorizer.name().into());
        let full = scope.actions().intersection(&grant.actions);
        let granted = identity.restriction.narrow(scope, &full);
        let decided_by = match granted == full {
            true => decided_by,
            false => format!("{decided_by}, narrowed by the credential").into(),
        };
        Ok(Decision { granted, scope: scope.clone(), decided_by: Some(decided_by) })
    }

    fn claims(
        &self,
        identity: &Identity,
        request: &TokenRequest,
        access: Vec<AccessEntry>,
        now: SystemTime,
        lifetime: Duration,
        id: String,
    ) -> Claims {
        let mut claims = Claims::new(&*self.issuer, &*identity.account, &*request.service, now, lifetime);
        claims.id = id;
        claims.access = access;
        claims
    }
}

#[cfg(test)]
mod tests;
