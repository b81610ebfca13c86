//! Code forges: OAuth 2.0 for the sign-in, and an interface of their own that tells who it was.

mod github;
mod gitlab;
#[cfg(test)]
mod tests;

use std::collections::BTreeSet;
use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use http::header::{ACCEPT, AUTHORIZATION, LINK, RETRY_AFTER};
use http::{HeaderMap, Request, Response, StatusCode};
use oauth2::basic::{BasicClient, BasicTokenResponse};
use oauth2::{
    AuthType, AuthUrl, AuthorizationCode, ClientId, ClientSecret, CsrfToken, EndpointNotSet, EndpointSet,
    PkceCodeChallenge, PkceCodeVerifier, RedirectUrl, RefreshToken, Scope, TokenUrl,
};
use serde::de::DeserializeOwned;
use token_auth_core::{BackendError, Clock, LabelValue, Labels, Password, SystemClock};
use url::Url;

use super::claims::{self, MAX_LABEL_VALUES};
use super::exchange::{grant, judge, unavailable};
use super::provider::{
    Challenge, Profile, ProviderGrant, Registration, Renewal, SignInVerdict, ended, not_allowed,
};
use crate::http_client::{HttpClient, HttpOptions};

pub use github::{GitHub, GitHubOptions};
pub use gitlab::{GitLab, GitLabOptions};

type Client = BasicClient<EndpointSet, EndpointNotSet, EndpointNotSet, EndpointNotSet, EndpointSet>;

/// An access token that ends within this time is renewed before it is used.
const MARGIN: Duration = Duration::from_secs(30);
/// Of a hundred entries each.
const MAX_PAGES: usize = 50;

/// What both forges need.
struct Forge {
    name: Arc<str>,
    client: Client,
    organization: Option<String>,
    scopes: Vec<String>,
    http: HttpClient,
    /// Without a slash at its end.
    api: String,
    clock: Arc<dyn Clock>,
}

/// What a forge's interface says: a value, or a status that means "no".
type Reply<T> = Result<T, StatusCode>;

/// What one forge differs by from the other.
struct Particulars {
    registration: Registration,
    organization: Option<String>,
    scopes: Vec<String>,
    web: String,
    /// Below `web`.
    authorize: &'static str,
    /// Below `web`.
    token: &'static str,
    api: String,
    http: HttpOptions,
}

impl Forge {
    fn new(name: Arc<str>, of: Particulars) -> Result<Self, BackendError> {
        let failed = |error: &dyn std::error::Error| unavailable(&name, error.to_string());
        let (web, api) = (of.web.trim_end_matches('/'), of.api.trim_end_matches('/'));
        let authorize = AuthUrl::new(format!("{web}{}", of.authorize)).map_err(|error| failed(&error))?;
        let token = TokenUrl::new(format!("{web}{}", of.token)).map_err(|error| failed(&error))?;
        let client = BasicClient::new(ClientId::new(of.registration.client_id))
            .set_client_secret(ClientSecret::new(of.registration.client_secret.expose().to_owned()))
            .set_auth_uri(authorize)
            .set_token_uri(token)
            .set_auth_type(AuthType::RequestBody);
        Url::parse(api).map_err(|error| failed(&error))?;
        let http = HttpClient::new(&of.http).map_err(|error| failed(&error))?;
        let (api, clock) = (api.to_owned(), Arc::new(SystemClock));
        let (organization, scopes) = (of.organization, of.scopes);
        Ok(Self { name, client, organization, scopes, http, api, clock })
    }

    fn client(&self, challenge: &Challenge<'_>) -> Result<Client, BackendError> {
        let client = self.client.clone();
        Ok(match challenge.redirect_url {
            None => client,
            Some(url) => {
                let url = RedirectUrl::new(url.to_owned()).map_err(|error| unavailable(&self.name, error))?;
                client.set_redirect_uri(url)
            }
        })
    }

    fn identifier(&self) -> String {
        format!("{}\0{}", self.client.auth_uri().as_str(), self.client.client_id().as_str())
    }

    fn authorization_url(&self, challenge: &Challenge<'_>) -> Result<Url, BackendError> {
        let verifier = PkceCodeVerifier::new(challenge.verifier.to_owned());
        let state = challenge.state.to_owned();
        let client = self.client(challenge)?;
        let request = client
            .authorize_url(|| CsrfToken::new(state))
            .set_pkce_challenge(PkceCodeChallenge::from_code_verifier_sha256(&verifier))
            .add_scopes(self.scopes.iter().cloned().map(Scope::new));
        Ok(request.url().0)
    }

    async fn redeem(
        &self,
        code: &Password,
        challenge: &Challenge<'_>,
    ) -> Result<Result<ProviderGrant, &'static str>, BackendError> {
        let client = self.client(challenge)?;
        let request = client
            .exchange_code(AuthorizationCode::new(code.expose().to_owned()))
            .set_pkce_verifier(PkceCodeVerifier::new(challenge.verifier.to_owned()));
        let answer: Result<BasicTokenResponse, _> = request.request_async(&self.http).await;
        Ok(judge(&self.name, answer)?.map(|answer| grant(&answer, None, self.clock.now())))
    }

    async fn renew(&self, known: &ProviderGrant) -> Result<Renewal, BackendError> {
        let now = self.clock.now();
        if known.expires.is_none_or(|expires| expires > now + MARGIN) {
            return Ok(Renewal::Current { grant: known.clone(), id_token: None });
        }
        let Some(token) = &known.refresh_token else {
            return Ok(Renewal::Ended("the access token has expired, and there is no refresh token".into()));
        };
        let refresh = RefreshToken::new(token.expose().to_owned());
        let request = self.client.exchange_refresh_token(&refresh);
        let answer: Result<BasicTokenResponse, _> = request.request_async(&self.http).await;
        Ok(match judge(&self.name, answer)? {
            Ok(answer) => {
                Renewal::Current { grant: grant(&answer, Some(token), self.clock.now()), id_token: None }
            }
            Err(reason) => Renewal::Ended(reason.into()),
        })
    }

    /// Whose token it is.
    async fn user<T: DeserializeOwned>(
        &self,
        token: &Password,
    ) -> Result<Result<T, SignInVerdict>, BackendError> {
        let user = self.get("/user", token).await?;
        Ok(user.map_err(|_| ended("the access token is not taken any more")))
    }

    async fn get<T: DeserializeOwned>(&self, path: &str, token: &Password) -> Result<Reply<T>, BackendError> {
        let answer = self.ask(path, token).await?;
        let Some(status) = refused(&answer) else { return self.parse(&answer).map(Ok) };
        Ok(Err(status))
    }

    /// All entries of a list, page by page.
    async fn list<T: DeserializeOwned>(
        &self,
        path: &str,
        token: &Password,
    ) -> Result<Reply<Vec<T>>, BackendError> {
        let mut entries = Vec::new();
        let separator = if path.contains('?') { '&' } else { '?' };
        for page in 1..=MAX_PAGES {
            // Counted, and not followed: a link could lead the token elsewhere.
            let answer = self.ask(&format!("{path}{separator}per_page=100&page={page}"), token).await?;
            if let Some(status) = refused(&answer) {
                return Ok(Err(status));
            }
            entries.append(&mut self.parse::<Vec<T>>(&answer)?);
            if !has_next(answer.headers()) {
                return Ok(Ok(entries));
            }
        }
        Err(unavailable(&self.name, format!("there are more than {MAX_PAGES} pages of {path}")))
    }

    async fn ask(&self, path: &str, token: &Password) -> Result<Response<Vec<u8>>, BackendError> {
        let request = Request::get(format!("{}{path}", self.api))
            .header(ACCEPT, "application/json")
            .header(AUTHORIZATION, format!("Bearer {}", token.expose()))
            .body(Vec::new())
            .map_err(|_| unavailable(&self.name, "the access token cannot be used"))?;
        let answer = self.http.send(request).await.map_err(|error| unavailable(&self.name, error))?;
        // Too many requests are told with 403, too.
        let headers = answer.headers();
        let limited = headers.contains_key(RETRY_AFTER)
            || headers.get("x-ratelimit-remaining").is_some_and(|left| left == "0");
        match answer.status() {
            StatusCode::OK | StatusCode::UNAUTHORIZED | StatusCode::NOT_FOUND => Ok(answer),
            StatusCode::FORBIDDEN if !limited => Ok(answer),
            status => Err(unavailable(&self.name, format!("the interface answers {}", status.as_u16()))),
        }
    }

    fn parse<T: DeserializeOwned>(&self, answer: &Response<Vec<u8>>) -> Result<T, BackendError> {
        serde_json::from_slice(answer.body())
            .map_err(|_| unavailable(&self.name, "the interface's answer cannot be understood"))
    }

    fn verdict(
        &self,
        (subject, account): (u64, String),
        label: Option<(&str, BTreeSet<String>)>,
        grant: ProviderGrant,
    ) -> SignInVerdict {
        if !claims::is_account(&account) {
            return not_allowed("the account name cannot be used");
        }
        let mut labels = Labels::new();
        if let Some((name, values)) = label {
            if values.len() > MAX_LABEL_VALUES {
                return not_allowed("the account has too many label values");
            }
            labels.declare(name);
            for value in values {
                labels.insert(name, LabelValue::literal(value));
            }
        }
        SignInVerdict::Known(Profile { subject: subject.to_string(), account, labels, grant })
    }
}

impl fmt::Debug for Forge {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Forge").field("name", &self.name).field("api", &self.api).finish_non_exhaustive()
    }
}

fn refused(answer: &Response<Vec<u8>>) -> Option<StatusCode> {
    Some(answer.status()).filter(|status| *status != StatusCode::OK)
}

/// RFC 8288, as both forges write it.
fn has_next(headers: &HeaderMap) -> bool {
    headers.get_all(LINK).iter().any(|link| link.to_str().is_ok_and(|link| link.contains("rel=\"next\"")))
}
