//! The provider's configuration and keys, kept.

use std::error::Error as StdError;
use std::sync::Arc;
use std::time::Duration;

use openidconnect::core::CoreProviderMetadata;
use openidconnect::{DiscoveryError, IssuerUrl};
use token_auth_core::BackendError;
use tokio::sync::Mutex;
use tokio::time::Instant;

use crate::http_client::{HttpClient, HttpError};
use crate::oauth2::exchange::unavailable;

/// Between two fetches that an unknown key causes: anyone can send a token that names one.
const RENEW_PAUSE: Duration = Duration::from_secs(10);
/// The pause after the first failure; it doubles.
const FIRST_PAUSE: Duration = Duration::from_secs(1);
const LONGEST_PAUSE: Duration = Duration::from_secs(60);

pub(super) struct Discovery {
    name: Arc<str>,
    issuer: String,
    lifetime: Duration,
    http: HttpClient,
    /// Held while the provider is asked: who comes meanwhile waits for that answer.
    state: Mutex<State>,
}

#[derive(Default)]
struct State {
    known: Option<(Arc<CoreProviderMetadata>, Instant)>,
    failure: Option<Failure>,
}

struct Failure {
    reason: String,
    pause: Duration,
    retry: Instant,
}

impl Discovery {
    pub(super) fn new(name: Arc<str>, issuer: &str, lifetime: Duration, http: HttpClient) -> Self {
        Self { name, issuer: issuer.to_owned(), lifetime, http, state: Mutex::default() }
    }

    /// What is known, be it old while the provider does not answer.
    pub(super) async fn current(&self) -> Result<Arc<CoreProviderMetadata>, BackendError> {
        let mut state = self.state.lock().await;
        match &state.known {
            Some((metadata, fetched)) if fetched.elapsed() < self.lifetime => {
                return Ok(Arc::clone(metadata));
            }
            _ => {}
        }
        match (self.fetch(&mut state).await, &state.known) {
            (Err(_), Some((metadata, _))) => Ok(Arc::clone(metadata)),
            (fetched, _) => fetched,
        }
    }

    /// What the provider says now, for a key that `seen` does not know. Within [`RENEW_PAUSE`] it is not asked again.
    pub(super) async fn renewed(
        &self,
        seen: &Arc<CoreProviderMetadata>,
    ) -> Result<Arc<CoreProviderMetadata>, BackendError> {
        let mut state = self.state.lock().await;
        match &state.known {
            Some((metadata, fetched)) if !Arc::ptr_eq(metadata, seen) || fetched.elapsed() < RENEW_PAUSE => {
                Ok(Arc::clone(metadata))
            }
            _ => self.fetch(&mut state).await,
        }
    }

    async fn fetch(&self, state: &mut State) -> Result<Arc<CoreProviderMetadata>, BackendError> {
        if let Some(failure) = &state.failure
            && Instant::now() < failure.retry
        {
            return Err(unavailable(&self.name, failure.reason.clone()));
        }
        match self.ask().await {
            Ok(metadata) => {
                let metadata = Arc::new(metadata);
                state.known = Some((Arc::clone(&metadata), Instant::now()));
                if state.failure.take().is_some() {
                    tracing::info!(provider = &*self.name, "the identity provider answers again");
                }
                Ok(metadata)
            }
            Err(reason) => {
                let before = state.failure.as_ref().map(|failure| failure.pause * 2);
                let pause = before.unwrap_or(FIRST_PAUSE).min(LONGEST_PAUSE);
                tracing::warn!(
                    provider = &*self.name,
                    reason,
                    ?pause,
                    "the identity provider's configuration cannot be read"
                );
                state.failure =
                    Some(Failure { reason: reason.clone(), pause, retry: Instant::now() + pause });
                Err(unavailable(&self.name, reason))
            }
        }
    }

    async fn ask(&self) -> Result<CoreProviderMetadata, String> {
        let issuer = IssuerUrl::new(self.issuer.clone()).map_err(|error| error.to_string())?;
        let metadata =
            CoreProviderMetadata::discover_async(issuer, &self.http).await.map_err(|error| told(&error))?;
        // What was reached safely does not lead to what is not.
        let endpoints = [
            Some(metadata.authorization_endpoint().url()),
            metadata.token_endpoint().map(|endpoint| endpoint.url()),
            metadata.userinfo_endpoint().map(|endpoint| endpoint.url()),
            Some(metadata.jwks_uri().url()),
        ];
        if self.issuer.starts_with("https:")
            && endpoints.into_iter().flatten().any(|endpoint| endpoint.scheme() != "https")
        {
            return Err("the configuration names an endpoint without TLS".to_owned());
        }
        Ok(metadata)
    }
}

/// The error with its causes; of what the provider said, only the status.
fn told(error: &DiscoveryError<HttpError>) -> String {
    if let DiscoveryError::Response(status, ..) = error {
        return format!(
            "the configuration is answered with {}, or with another kind of content",
            status.as_u16()
        );
    }
    let mut text = error.to_string();
    let mut cause = error.source();
    while let Some(error) = cause {
        text = format!("{text}: {error}");
        cause = error.source();
    }
    text
}
