//! The straight line: request, authentication, authorization, claims, signed token.

mod answer;
mod attempts;
mod authentication;
mod authorization;
mod error;
mod succession;
mod timer;

use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use attempts::Attempts;

pub use answer::{Answer, Record, ScopeDecision, TokenResponse};
pub use attempts::AttemptLimits;
#[cfg(feature = "http")]
pub(crate) use error::error_body;
pub use error::{ServiceError, TokenError};
pub use timer::Timer;

use crate::token::{AccessEntry, Claims, PublishedKey, Sign};
use crate::unix_seconds;
use crate::{
    Authenticator, Authorizer, Clock, Credentials, GrantType, Identity, Password, RandomIds, RequestedToken,
    StoredTokens, SystemClock, TokenIds, TokenRequest,
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
    tokens: Option<StoredTokens>,
    attempts: Attempts,
    forgeries: Attempts,
    timer: Option<Arc<dyn Timer>>,
}

impl TokenService {
    /// A service whose tokens live fifteen minutes and are issued for any registry that trusts its key.
    ///
    /// # Errors
    ///
    /// When the issuer is empty, or the system has no randomness.
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
            tokens: None,
            attempts: Attempts::new(AttemptLimits::default()).ok_or(ServiceError::NoRandomness)?,
            forgeries: Attempts::new(AttemptLimits::default().of_forgeries())
                .ok_or(ServiceError::NoRandomness)?,
            timer: None,
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

    /// Issues and accepts refresh tokens, and accepts personal access tokens. Without them the refresh grant is an
    /// unsupported grant type.
    #[must_use]
    pub fn with_stored_tokens(mut self, tokens: StoredTokens) -> Self {
        self.tokens = Some(tokens);
        self
    }

    /// Replaces how often a password may be guessed. What was counted is forgotten.
    ///
    /// # Errors
    ///
    /// When the system has no randomness.
    pub fn with_attempt_limits(mut self, limits: AttemptLimits) -> Result<Self, ServiceError> {
        self.attempts = Attempts::new(limits).ok_or(ServiceError::NoRandomness)?;
        self.forgeries = Attempts::new(limits.of_forgeries()).ok_or(ServiceError::NoRandomness)?;
        Ok(self)
    }

    /// Ends a request at its [deadline](TokenRequest::deadline), whatever a backend, a store or a signer does: the answer is
    /// 503. Without a timer the deadline is only told to those who are asked.
    ///
    /// ```
    /// # use std::time::Instant;
    /// # use token_auth_core::TokenService;
    /// fn on_tokio(service: TokenService) -> TokenService {
    ///     service.with_timer(|moment: Instant| tokio::time::sleep_until(moment.into()))
    /// }
    /// ```
    #[must_use]
    pub fn with_timer(mut self, timer: impl Timer + 'static) -> Self {
        self.timer = Some(Arc::new(timer));
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

    /// What tells who someone is.
    pub fn authenticator(&self) -> &Arc<dyn Authenticator> {
        &self.authenticator
    }

    /// The refresh tokens and personal access tokens, if there are any.
    pub fn stored_tokens(&self) -> Option<&StoredTokens> {
        self.tokens.as_ref()
    }

    /// The present time, by the service's clock.
    pub fn now(&self) -> SystemTime {
        self.clock.now()
    }

    /// Answers a request, and records how the answer came about.
    pub async fn answer(&self, request: &TokenRequest) -> Answer {
        let mut record = Record::default();
        let outcome =
            timer::within(self.timer.as_deref(), request.deadline, self.run(request, &mut record)).await;
        let result = outcome.unwrap_or_else(|| {
            record.reason = Some("there was no answer within the time that a request may take".into());
            Err(TokenError::Unavailable)
        });
        Answer { result, record }
    }

    async fn run(&self, request: &TokenRequest, record: &mut Record) -> Result<TokenResponse, TokenError> {
        let refreshes = self.tokens.as_ref().is_some_and(StoredTokens::has_refresh_tokens);
        match request.grant_type {
            GrantType::Implicit | GrantType::Password | GrantType::TokenExchange => {}
            GrantType::RefreshToken if refreshes => {}
            GrantType::RefreshToken | GrantType::Other(_) => return Err(TokenError::UnsupportedGrantType),
        }
        if self.services.as_ref().is_some_and(|services| !services.contains(&request.service)) {
            return Err(TokenError::UnknownService);
        }
        let now = self.clock.now();
        let identity = self.authenticate(request, record, now).await?;
        if request.requested == RequestedToken::Password && self.passwords(&identity).is_none() {
            record.reason = Some("no password is given in exchange for this credential".into());
            return Err(TokenError::NoPassword);
        }
        let Some(lifetime) = self.lifetime_of(&identity, now) else {
            record.reason = Some("the credential has expired".into());
            return Err(TokenError::Unauthorized);
        };
        record.decisions =
            self.authorize(request, &identity).await.map_err(|error| record.unavailable(&error))?;
        if request.requested == RequestedToken::Password {
            return self.password(request, &identity, record, now).await;
        }
        let entry = |decision: &ScopeDecision| AccessEntry::new(&decision.scope, decision.granted.clone());
        let access = record.decisions.iter().map(entry).collect();
        let id = self.ids.next_id().map_err(|error| record.unavailable(&error))?;
        let claims = self.claims(&identity, request, access, now, lifetime, id);
        let token = self.signer.sign(&claims).await.map_err(|error| record.unavailable(&error))?;
        // Last, so that a request that fails leaves no token behind that nobody knows.
        let refresh_token = self.refresh_token(request, &identity, record, now).await?;
        Ok(TokenResponse {
            refresh_token,
            scope: granted_scope(&record.decisions),
            exchanged: (request.grant_type == GrantType::TokenExchange)
                .then_some(RequestedToken::AccessToken),
            ..TokenResponse::new(token, lifetime, now)
        })
    }

    /// Where passwords in exchange for this credential are kept, and how long they live; nothing if none is given.
    fn passwords(&self, identity: &Identity) -> Option<(&StoredTokens, Duration)> {
        let tokens = self.tokens.as_ref().filter(|tokens| tokens.has_personal_tokens())?;
        Some((tokens, identity.password_lifetime.filter(|lifetime| lifetime.as_secs() > 0)?))
    }

    /// A password for what has been granted, in place of a signed token.
    async fn password(
        &self,
        request: &TokenRequest,
        identity: &Identity,
        record: &mut Record,
        now: SystemTime,
    ) -> Result<TokenResponse, TokenError> {
        let (tokens, lifetime) = self.passwords(identity).ok_or(TokenError::NoPassword)?;
        let granted = record.decisions.iter().map(|decision| (&decision.scope, &decision.granted));
        let made = tokens.exchange(request, identity, granted, lifetime, now).await;
        let Some(password) = made.map_err(|error| record.unavailable(&error))? else {
            record.reason = Some("nothing of what a password was to be good for is granted".into());
            return Err(TokenError::NothingGranted);
        };
        record.token_id = Some(password.id().clone());
        Ok(TokenResponse {
            scope: granted_scope(&record.decisions),
            exchanged: Some(RequestedToken::Password),
            ..TokenResponse::new(password.expose().to_owned(), lifetime, now)
        })
    }

    /// The same one that was presented, or a new one for a password.
    async fn refresh_token(
        &self,
        request: &TokenRequest,
        identity: &Identity,
        record: &mut Record,
        now: SystemTime,
    ) -> Result<Option<Password>, TokenError> {
        if let Credentials::RefreshToken(same) = &request.credentials {
            return Ok(Some(same.clone()));
        }
        let Some(tokens) = &self.tokens else { return Ok(None) };
        let issued = tokens.issue_refresh(request, identity, &*self.authenticator, now).await;
        let issued = issued.map_err(|error| record.unavailable(&error))?;
        Ok(issued.map(|token| {
            record.token_id = Some(token.id().clone());
            Password::new(token.expose())
        }))
    }

    /// As long as tokens live, or as long as the credential does if that is less.
    fn lifetime_of(&self, identity: &Identity, now: SystemTime) -> Option<Duration> {
        let Some(not_after) = identity.restriction.not_after() else { return Some(self.lifetime) };
        let left = unix_seconds(not_after).saturating_sub(unix_seconds(now));
        (left > 0).then(|| self.lifetime.min(Duration::from_secs(left)))
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

/// What was granted, in the form of the `scope` parameter.
fn granted_scope(decisions: &[ScopeDecision]) -> String {
    let granted = decisions.iter().filter(|decision| !decision.granted.is_empty()).map(|decision| {
        let scope = &decision.scope;
        format!("{}:{}:{}", scope.resource_type(), scope.name(), decision.granted)
    });
    granted.collect::<Vec<_>>().join(" ")
}

#[cfg(test)]
mod tests;
