//! OpenID Connect: any provider that publishes its configuration (Discovery 1.0).

mod id_token;
mod options;
mod published;
mod statement;
#[cfg(test)]
mod tests;

use std::borrow::Cow;
use std::fmt;
use std::sync::Arc;

use http::header::{ACCEPT, AUTHORIZATION};
use http::{Request, StatusCode};
use oauth2::basic::{
    BasicErrorResponse, BasicRevocationErrorResponse, BasicTokenIntrospectionResponse, BasicTokenType,
};
use oauth2::{
    AuthType, AuthUrl, AuthorizationCode, ClientId, ClientSecret, CsrfToken, EndpointNotSet, EndpointSet,
    ExtraTokenFields, PkceCodeChallenge, PkceCodeVerifier, RedirectUrl, RefreshToken, Scope,
    StandardRevocableToken, StandardTokenResponse, TokenUrl,
};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use token_auth_core::{BackendError, Clock, Memory, Password, Succeed, SystemClock, async_trait};
use url::Url;
use zeroize::Zeroizing;

use super::claims;
use super::exchange::{grant, judge, unavailable};
use super::provider::{
    Challenge, IdentityProvider, Profile, ProviderGrant, Registration, Renewal, SignInVerdict, ended,
    not_allowed, same_person, untrusted,
};
use crate::http_client::{HttpClient, HttpError};
use crate::issuer::{KeyOptions, Remembered};
use id_token::{Expected, IdTokenProblem};
use published::{Provider, Published};
use statement::Statement;

pub use options::OidcOptions;

type Client = oauth2::Client<
    BasicErrorResponse,
    Answer,
    BasicTokenIntrospectionResponse,
    StandardRevocableToken,
    BasicRevocationErrorResponse,
    EndpointSet,
    EndpointNotSet,
    EndpointNotSet,
    EndpointNotSet,
    EndpointSet,
>;
/// Of the token endpoint (OpenID Connect Core 1.0, section 3.1.3.3).
type Answer = StandardTokenResponse<WithIdToken, BasicTokenType>;
type ClaimMap = Map<String, Value>;

#[derive(Clone, Serialize, Deserialize)]
struct WithIdToken {
    id_token: Option<Zeroizing<String>>,
}

impl ExtraTokenFields for WithIdToken {}

impl fmt::Debug for WithIdToken {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("WithIdToken([redacted])")
    }
}

/// A provider that speaks OpenID Connect.
///
/// Its configuration and keys are fetched when they are first needed, kept, and fetched again when they are old or do not
/// know a key. A provider that is away when the server starts is asked again, with growing pauses.
pub struct Oidc {
    name: Arc<str>,
    options: OidcOptions,
    http: HttpClient,
    published: Arc<Remembered<Provider>>,
    clock: Arc<dyn Clock>,
}

impl Oidc {
    /// A provider, by the name that the log has for it.
    ///
    /// # Errors
    ///
    /// When the client cannot be set up: its certificates, as a rule.
    pub fn new(name: impl Into<Arc<str>>, options: OidcOptions) -> Result<Self, HttpError> {
        let http = HttpClient::new(&options.http)?;
        let clock: Arc<dyn Clock> = Arc::new(SystemClock);
        let published = remembered(&options, &http, &clock);
        Ok(Self { name: name.into(), options, http, published, clock })
    }

    /// Replaces the clock.
    #[must_use]
    pub fn with_clock(mut self, clock: impl Clock + 'static) -> Self {
        self.clock = Arc::new(clock);
        self.published = remembered(&self.options, &self.http, &self.clock);
        self
    }

    async fn published(&self) -> Result<Arc<Published>, BackendError> {
        self.published.now().await.map_err(|error| self.unavailable(error))
    }

    fn client(&self, provider: &Published, redirect_url: Option<&str>) -> Result<Client, BackendError> {
        let Registration { client_id, client_secret } = &self.options.registration;
        let client = oauth2::Client::new(ClientId::new(client_id.clone()))
            .set_client_secret(ClientSecret::new(client_secret.expose().to_owned()))
            .set_auth_uri(AuthUrl::from_url(provider.authorization.clone()))
            .set_token_uri(TokenUrl::from_url(provider.token.clone()))
            .set_auth_type(if provider.basic { AuthType::BasicAuth } else { AuthType::RequestBody });
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
        provider: &Arc<Published>,
        token: &str,
        access_token: &Password,
        nonce: Option<&str>,
    ) -> Result<ClaimMap, &'static str> {
        let verify = |provider: &Published| {
            let expected = Expected {
                issuer: &self.options.issuer,
                client_id: &self.options.registration.client_id,
                nonce,
                access_token,
                now: self.clock.now(),
                skew: self.options.clock_skew,
            };
            id_token::verify(token, provider, &expected)
        };
        let verified = match verify(provider) {
            Err(IdTokenProblem::UnknownKey) => match self.published.other_than(provider).await {
                Some(newer) => verify(&newer),
                None => Err(IdTokenProblem::UnknownKey),
            },
            verified => verified,
        };
        verified.map_err(|problem| match problem {
            IdTokenProblem::Untrusted(reason) => reason,
            IdTokenProblem::UnknownKey => "the ID token is not signed with a key that the provider publishes",
        })
    }

    /// What the provider says of the user of this access token; an outcome if it does not take the token.
    async fn user_info(
        &self,
        provider: &Published,
        access_token: &Password,
    ) -> Result<Option<Result<ClaimMap, &'static str>>, BackendError> {
        let Some(url) = &provider.user_info else { return Ok(None) };
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
        provider: &Published,
        claims: ClaimMap,
        grant: ProviderGrant,
    ) -> Result<SignInVerdict, BackendError> {
        let Some(subject) = claims::text(&claims, "sub") else {
            return Ok(untrusted("the ID token has no subject"));
        };
        let mut said = Statement::new(claims);
        let unsaid_will_do = self.options.dangerous_unverified_email;
        if self.wanted().any(|claim| said.lacks(claim, unsaid_will_do)) {
            match self.user_info(provider, &grant.access_token).await? {
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

    fn judge_statement(&self, said: &Statement, subject: String, grant: ProviderGrant) -> SignInVerdict {
        if let Some(domain) = &self.options.hosted_domain
            && !said.text("hd").is_some_and(|hosted| hosted.eq_ignore_ascii_case(domain))
        {
            return not_allowed("the account is not of the domain");
        }
        let unsaid_will_do = self.options.dangerous_unverified_email;
        if !self.wanted().all(|claim| said.vouches_for(claim, unsaid_will_do)) {
            return not_allowed("the e-mail address is not verified, or the provider does not say so");
        }
        let account = said.text(&self.options.user_claim).filter(|account| claims::is_account(account));
        let Some(account) = account else {
            return not_allowed("the provider gives no account name, or one that cannot be used");
        };
        match claims::labels(|claim| said.find(claim), &self.options.label_claims) {
            Some(labels) => SignInVerdict::Known(Profile { subject, account, labels, grant }),
            None => not_allowed("the account has too many label values"),
        }
    }

    /// Without an ID token only the userinfo endpoint can tell. What it leaves out of what was said at the sign-in cannot
    /// be told from what was taken away.
    async fn ask_user(&self, provider: &Published, known: &Profile) -> Result<SignInVerdict, BackendError> {
        let grant = known.grant.clone();
        match self.user_info(provider, &grant.access_token).await? {
            None => Ok(ended("the provider tells nothing of its users after the sign-in")),
            Some(Err(reason)) => Ok(ended(reason)),
            Some(Ok(claims)) => {
                let verdict = match claims::text(&claims, "sub") {
                    Some(subject) => self.judge_statement(&Statement::new(claims), subject, grant),
                    None => untrusted("the userinfo endpoint tells of nobody"),
                };
                Ok(match verdict {
                    SignInVerdict::Known(now)
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
        let provider = self.published().await?;
        let client = self.client(&provider, challenge.redirect_url)?;
        let verifier = PkceCodeVerifier::new(challenge.verifier.to_owned());
        let (state, nonce) = (challenge.state.to_owned(), challenge.nonce.to_owned());
        let mut request = client
            .authorize_url(|| CsrfToken::new(state))
            .set_pkce_challenge(PkceCodeChallenge::from_code_verifier_sha256(&verifier))
            .add_extra_param("nonce", nonce)
            .add_scope(Scope::new("openid".to_owned()));
        // `openid` is always asked for.
        for scope in self.options.scopes.iter().filter(|scope| *scope != "openid") {
            request = request.add_scope(Scope::new(scope.clone()));
        }
        // Without it a provider must leave the scope out (OpenID Connect Core 1.0, section 11); twice it is an error.
        let prompts = self.options.parameters.iter().any(|(name, _)| name == "prompt");
        if !prompts && self.options.scopes.iter().any(|scope| scope == "offline_access") {
            request = request.add_extra_param("prompt", "consent");
        }
        for (name, value) in &self.options.parameters {
            request = request.add_extra_param(name.clone(), value.clone());
        }
        Ok(request.url().0)
    }

    async fn redeem(
        &self,
        code: &Password,
        challenge: &Challenge<'_>,
    ) -> Result<SignInVerdict, BackendError> {
        let provider = self.published().await?;
        let client = self.client(&provider, challenge.redirect_url)?;
        let request = client
            .exchange_code(AuthorizationCode::new(code.expose().to_owned()))
            .set_pkce_verifier(PkceCodeVerifier::new(challenge.verifier.to_owned()));
        let answer: Answer = match judge(&self.name, request.request_async(&self.http).await)? {
            Ok(answer) => answer,
            Err(reason) => return Ok(untrusted(reason)),
        };
        let Some(token) = &answer.extra_fields().id_token else {
            return Ok(untrusted("the provider gives no ID token"));
        };
        let grant = grant(&answer, None, self.clock.now());
        match self.verified(&provider, token, &grant.access_token, Some(challenge.nonce)).await {
            Err(reason) => Ok(untrusted(reason)),
            Ok(claims) => self.profile(&provider, claims, grant).await,
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
        let provider = self.published().await?;
        let client = self.client(&provider, None)?;
        let token = RefreshToken::new(refresh_token.expose().to_owned());
        let answer: Result<Answer, _> = client.exchange_refresh_token(&token).request_async(&self.http).await;
        Ok(match judge(&self.name, answer)? {
            Err(reason) => Renewal::Ended(reason.into()),
            Ok(answer) => Renewal::Current {
                grant: grant(&answer, Some(refresh_token), self.clock.now()),
                id_token: answer.extra_fields().id_token.as_ref().map(|token| Password::new(token.as_str())),
            },
        })
    }

    async fn revalidate(
        &self,
        known: &Profile,
        id_token: Option<&Password>,
    ) -> Result<SignInVerdict, BackendError> {
        let provider = self.published().await?;
        let verdict = match id_token {
            None => self.ask_user(&provider, known).await?,
            Some(token) => {
                match self.verified(&provider, token.expose(), &known.grant.access_token, None).await {
                    Err(reason) => untrusted(reason),
                    Ok(claims) => self.profile(&provider, claims, known.grant.clone()).await?,
                }
            }
        };
        Ok(same_person(known, verdict))
    }

    async fn ready(&self) -> bool {
        self.published().await.is_ok()
    }

    fn issuer(&self) -> Option<&str> {
        Some(&self.options.issuer)
    }

    fn identifier(&self) -> Cow<'_, str> {
        format!("{}\0{}", self.options.issuer, self.options.registration.client_id).into()
    }

    fn memory(&self) -> Option<&dyn Memory> {
        Some(self)
    }
}

/// Goes on with what the same issuer has published, if it is believed for the same reason.
impl Succeed for Oidc {
    fn succeed(&self, previous: &Self) {
        let place = |oidc: &Self| (oidc.options.issuer.clone(), oidc.options.http.certificates.clone());
        if place(self) == place(previous) {
            self.published.succeed(&previous.published);
        }
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

fn remembered(options: &OidcOptions, http: &HttpClient, clock: &Arc<dyn Clock>) -> Arc<Remembered<Provider>> {
    let provider = Provider { issuer: options.issuer.clone(), http: http.clone() };
    let kept = KeyOptions { refresh_after: options.discovery_ttl, ..KeyOptions::default() };
    Arc::new(Remembered::new(provider, kept, Arc::clone(clock)))
}
