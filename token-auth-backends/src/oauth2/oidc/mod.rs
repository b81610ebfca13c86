//! OpenID Connect: any provider that publishes its configuration (Discovery 1.0).

mod discovery;
mod id_token;
mod options;
mod statement;
#[cfg(test)]
mod tests;

use std::borrow::Cow;
use std::fmt;
use std::str::FromStr as _;
use std::sync::Arc;
use std::time::SystemTime;

use http::header::{ACCEPT, AUTHORIZATION};
use http::{Request, StatusCode};
use openidconnect::core::{
    CoreAuthPrompt, CoreClient, CoreClientAuthMethod, CoreIdToken, CoreProviderMetadata, CoreResponseType,
    CoreTokenResponse,
};
use openidconnect::{
    AuthType, AuthenticationFlow, AuthorizationCode, ClientId, ClientSecret, CsrfToken, EndpointMaybeSet,
    EndpointNotSet, EndpointSet, Nonce, PkceCodeChallenge, PkceCodeVerifier, RedirectUrl, RefreshToken,
    Scope,
};
use serde_json::{Map, Value};
use token_auth_core::{BackendError, Clock, Password, SystemClock, async_trait};
use url::Url;

use super::claims;
use super::exchange::{grant, judge, unavailable};
use super::provider::{
    Challenge, IdentityProvider, Profile, ProviderGrant, Renewal, Verdict, ended, not_allowed, same_person,
    untrusted,
};
use crate::http_client::{HttpClient, HttpError};
use discovery::Discovery;
use id_token::{Expected, Problem};
use statement::Statement;

pub use options::OidcOptions;

type Client = CoreClient<
    EndpointSet,
    EndpointNotSet,
    EndpointNotSet,
    EndpointNotSet,
    EndpointMaybeSet,
    EndpointMaybeSet,
>;
type Claims = Map<String, Value>;

/// A provider that speaks OpenID Connect.
///
/// Its configuration and keys are fetched when they are first needed, kept, and fetched again when they are old or do not
/// know a key. A provider that is away when the server starts is asked again, with growing pauses.
pub struct Oidc {
    name: Arc<str>,
    options: OidcOptions,
    http: HttpClient,
    discovery: Discovery,
    clock: Arc<dyn Clock>,
}

impl Oidc {
    /// A provider, by the name that the log has for it.
    ///
    /// # Errors
    ///
    /// When the client cannot be set up: its certificates, as a rule.
    pub fn new(name: impl Into<Arc<str>>, options: OidcOptions) -> Result<Self, HttpError> {
        let name = name.into();
        let http = HttpClient::new(&options.http)?;
        let discovery =
            Discovery::new(Arc::clone(&name), &options.issuer, options.discovery_ttl, http.clone());
        Ok(Self { name, options, http, discovery, clock: Arc::new(SystemClock) })
    }

    /// Replaces the clock.
    #[must_use]
    pub fn with_clock(mut self, clock: impl Clock + 'static) -> Self {
        self.clock = Arc::new(clock);
        self
    }

    fn client(
        &self,
        metadata: &CoreProviderMetadata,
        redirect_url: Option<&str>,
    ) -> Result<Client, BackendError> {
        let registration = &self.options.registration;
        let client = CoreClient::from_provider_metadata(
            metadata.clone(),
            ClientId::new(registration.client_id.clone()),
            Some(ClientSecret::new(registration.client_secret.expose().to_owned())),
        );
        // Basic is what a provider supports that does not say (Discovery 1.0, section 3).
        let methods = metadata.token_endpoint_auth_methods_supported();
        let basic = methods.is_none_or(|methods| methods.contains(&CoreClientAuthMethod::ClientSecretBasic));
        let client = client.set_auth_type(if basic { AuthType::BasicAuth } else { AuthType::RequestBody });
        match redirect_url {
            None => Ok(client),
            Some(url) => {
                let url = RedirectUrl::new(url.to_owned()).map_err(|error| self.unavailable(error))?;
                Ok(client.set_redirect_uri(url))
            }
        }
    }

    /// The claims of an ID token, when it is good. Keys that are not known are fetched once more.
    async fn verified(
        &self,
        metadata: &Arc<CoreProviderMetadata>,
        token: &CoreIdToken,
        access_token: &Password,
        nonce: Option<&str>,
    ) -> Result<Result<Claims, &'static str>, BackendError> {
        let verify = |metadata: &CoreProviderMetadata| {
            let expected = Expected {
                client_id: &self.options.registration.client_id,
                nonce,
                access_token,
                now: self.clock.now(),
                skew: self.options.clock_skew,
            };
            id_token::verify(token, metadata, &expected)
        };
        match verify(metadata) {
            Ok(claims) => Ok(Ok(claims)),
            Err(Problem::Untrusted(reason)) => Ok(Err(reason)),
            Err(Problem::UnknownKey) => {
                let renewed = self.discovery.renewed(metadata).await?;
                Ok(verify(&renewed).map_err(|problem| match problem {
                    Problem::Untrusted(reason) => reason,
                    Problem::UnknownKey => {
                        "the ID token is not signed with a key that the provider publishes"
                    }
                }))
            }
        }
    }

    /// What the provider says of the user of this access token; an outcome if it does not take the token.
    async fn user_info(
        &self,
        metadata: &CoreProviderMetadata,
        access_token: &Password,
    ) -> Result<Option<Result<Claims, &'static str>>, BackendError> {
        let Some(url) = metadata.userinfo_endpoint() else { return Ok(None) };
        let request = Request::get(url.as_str())
            .header(ACCEPT, "application/json")
            .header(AUTHORIZATION, format!("Bearer {}", access_token.expose()))
            .body(Vec::new())
            .map_err(|_| self.unavailable("the access token or the userinfo endpoint cannot be used"))?;
        let answer = self.http.send(request).await.map_err(|error| self.unavailable(error))?;
        match answer.status() {
            StatusCode::OK => serde_json::from_slice(answer.body())
                .map(|claims| Some(Ok(claims)))
                .map_err(|_| self.unavailable("the userinfo endpoint's answer cannot be understood")),
            StatusCode::UNAUTHORIZED | StatusCode::FORBIDDEN => {
                Ok(Some(Err("the provider does not take the access token any more")))
            }
            status => Err(self.unavailable(format!("the userinfo endpoint answers {}", status.as_u16()))),
        }
    }

    fn wanted(&self) -> impl Iterator<Item = &str> {
        let labels = self.options.label_claims.iter().map(claims::LabelClaim::claim);
        std::iter::once(self.options.user_claim.as_str()).chain(labels)
    }

    /// Whoever these verified claims are of; claims that the ID token lacks are asked for.
    async fn profile(
        &self,
        metadata: &CoreProviderMetadata,
        claims: Claims,
        grant: ProviderGrant,
    ) -> Result<Verdict, BackendError> {
        let Some(subject) = claims::text(&claims, "sub") else {
            return Ok(untrusted("the ID token has no subject"));
        };
        let mut said = Statement::new(claims);
        if self.wanted().any(|claim| said.find(claim).is_none() || !self.believes(&said, claim)) {
            match self.user_info(metadata, &grant.access_token).await? {
                None => {}
                Some(Err(reason)) => return Ok(untrusted(reason)),
                Some(Ok(further)) => {
                    if claims::text(&further, "sub").as_ref() != Some(&subject) {
                        return Ok(untrusted("the userinfo endpoint tells of someone else"));
                    }
                    said.add(further);
                }
            }
        }
        Ok(self.judge_statement(&said, subject, grant))
    }

    fn believes(&self, said: &Statement, claim: &str) -> bool {
        said.vouches_for(claim, self.options.dangerous_unverified_email)
    }

    fn judge_statement(&self, said: &Statement, subject: String, grant: ProviderGrant) -> Verdict {
        if let Some(domain) = &self.options.hosted_domain
            && !said.text("hd").is_some_and(|hosted| hosted.eq_ignore_ascii_case(domain))
        {
            return not_allowed("the account is not of the domain");
        }
        if !self.wanted().all(|claim| self.believes(said, claim)) {
            return not_allowed("the e-mail address is not verified, or the provider does not say so");
        }
        let account = said.text(&self.options.user_claim).filter(|account| claims::is_account(account));
        let Some(account) = account else {
            return not_allowed("the provider gives no account name, or one that cannot be used");
        };
        match claims::labels(|claim| said.find(claim), &self.options.label_claims) {
            Some(labels) => Verdict::Known(Profile { subject, account, labels, grant }),
            None => not_allowed("the account has too many label values"),
        }
    }

    /// Without an ID token only the userinfo endpoint can tell. What it leaves out of what was said at the sign-in cannot
    /// be told from what was taken away.
    async fn ask_user(
        &self,
        metadata: &CoreProviderMetadata,
        known: &Profile,
    ) -> Result<Verdict, BackendError> {
        let grant = known.grant.clone();
        match self.user_info(metadata, &grant.access_token).await? {
            None => Ok(ended("the provider tells nothing of its users after the sign-in")),
            Some(Err(reason)) => Ok(ended(reason)),
            Some(Ok(claims)) => {
                let verdict = match claims::text(&claims, "sub") {
                    Some(subject) => self.judge_statement(&Statement::new(claims), subject, grant),
                    None => untrusted("the userinfo endpoint tells of nobody"),
                };
                Ok(match verdict {
                    Verdict::Known(now)
                        if known.labels.iter().any(|(label, _)| !now.labels.contains(label)) =>
                    {
                        ended("the provider tells some claims only at the sign-in")
                    }
                    verdict => verdict,
                })
            }
        }
    }

    fn unavailable(&self, cause: impl Into<Box<dyn std::error::Error + Send + Sync>>) -> BackendError {
        unavailable(&self.name, cause)
    }
}

#[async_trait]
impl IdentityProvider for Oidc {
    async fn authorization_url(&self, challenge: &Challenge<'_>) -> Result<Url, BackendError> {
        let metadata = self.discovery.current().await?;
        let client = self.client(&metadata, challenge.redirect_url)?;
        let verifier = PkceCodeVerifier::new(challenge.verifier.to_owned());
        let (state, nonce) = (challenge.state.to_owned(), challenge.nonce.to_owned());
        let mut request = client
            .authorize_url(
                AuthenticationFlow::<CoreResponseType>::AuthorizationCode,
                || CsrfToken::new(state),
                || Nonce::new(nonce),
            )
            .set_pkce_challenge(PkceCodeChallenge::from_code_verifier_sha256(&verifier));
        // `openid` is always asked for.
        for scope in self.options.scopes.iter().filter(|scope| *scope != "openid") {
            request = request.add_scope(Scope::new(scope.clone()));
        }
        // Without it a provider must leave the scope out (OpenID Connect Core 1.0, section 11); twice it is an error.
        let prompts = self.options.parameters.iter().any(|(name, _)| name == "prompt");
        if !prompts && self.options.scopes.iter().any(|scope| scope == "offline_access") {
            request = request.add_prompt(CoreAuthPrompt::Consent);
        }
        for (name, value) in &self.options.parameters {
            request = request.add_extra_param(name.clone(), value.clone());
        }
        Ok(request.url().0)
    }

    async fn redeem(&self, code: &Password, challenge: &Challenge<'_>) -> Result<Verdict, BackendError> {
        let metadata = self.discovery.current().await?;
        let client = self.client(&metadata, challenge.redirect_url)?;
        let request = client
            .exchange_code(AuthorizationCode::new(code.expose().to_owned()))
            .map_err(|error| self.unavailable(error))?
            .set_pkce_verifier(PkceCodeVerifier::new(challenge.verifier.to_owned()));
        let answer = request.request_async(&self.http).await;
        let answer: CoreTokenResponse = match judge(&self.name, answer)? {
            Ok(answer) => answer,
            Err(reason) => return Ok(untrusted(reason)),
        };
        let Some(token) = answer.extra_fields().id_token() else {
            return Ok(untrusted("the provider gives no ID token"));
        };
        let grant = grant(&answer, None, self.clock.now());
        match self.verified(&metadata, token, &grant.access_token, Some(challenge.nonce)).await? {
            Err(reason) => Ok(untrusted(reason)),
            Ok(claims) => self.profile(&metadata, claims, grant).await,
        }
    }

    async fn renew(&self, known: &ProviderGrant) -> Result<Renewal, BackendError> {
        let Some(refresh_token) = &known.refresh_token else {
            return Ok(match known.expires {
                Some(expires) if expires <= self.clock.now() => {
                    Renewal::Ended("the access token has expired, and there is no refresh token".into())
                }
                _ => Renewal::Current { grant: known.clone(), id_token: None },
            });
        };
        let metadata = self.discovery.current().await?;
        let client = self.client(&metadata, None)?;
        let token = RefreshToken::new(refresh_token.expose().to_owned());
        let request = client.exchange_refresh_token(&token).map_err(|error| self.unavailable(error))?;
        let answer: Result<CoreTokenResponse, _> = request.request_async(&self.http).await;
        Ok(match judge(&self.name, answer)? {
            Err(reason) => Renewal::Ended(reason.into()),
            Ok(answer) => Renewal::Current {
                grant: grant(&answer, Some(refresh_token), self.clock.now()),
                id_token: answer.extra_fields().id_token().map(|token| Password::new(token.to_string())),
            },
        })
    }

    async fn revalidate(
        &self,
        known: &Profile,
        id_token: Option<&Password>,
    ) -> Result<Verdict, BackendError> {
        let metadata = self.discovery.current().await?;
        let verdict = match id_token {
            None => self.ask_user(&metadata, known).await?,
            Some(token) => {
                let token = CoreIdToken::from_str(token.expose())
                    .map_err(|_| self.unavailable("the ID token cannot be read"))?;
                match self.verified(&metadata, &token, &known.grant.access_token, None).await? {
                    Err(reason) => untrusted(reason),
                    Ok(claims) => self.profile(&metadata, claims, known.grant.clone()).await?,
                }
            }
        };
        Ok(same_person(known, verdict))
    }

    async fn ready(&self) -> bool {
        self.discovery.current().await.is_ok()
    }

    fn issuer(&self) -> Option<&str> {
        Some(&self.options.issuer)
    }

    fn identifier(&self) -> Cow<'_, str> {
        format!("{}\0{}", self.options.issuer, self.options.registration.client_id).into()
    }
}

impl fmt::Debug for Oidc {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Oidc")
            .field("name", &self.name)
            .field("options", &self.options)
            .finish_non_exhaustive()
    }
}

/// The present time, for what is compared with a token's.
fn unix(time: SystemTime) -> i64 {
    time.duration_since(SystemTime::UNIX_EPOCH)
        .ok()
        .and_then(|since| i64::try_from(since.as_secs()).ok())
        .unwrap_or_default()
}
