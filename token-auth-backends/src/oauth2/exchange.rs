//! What is common to every token endpoint (RFC 6749, section 5).

use std::borrow::Cow;
use std::future::Future;
use std::pin::Pin;
use std::time::SystemTime;

use oauth2::basic::{BasicErrorResponse, BasicErrorResponseType};
use oauth2::{AsyncHttpClient, HttpRequest, HttpResponse, RequestTokenError, TokenResponse};
use token_auth_core::{BackendError, Password};

use super::provider::ProviderGrant;
use crate::http_client::{HttpClient, HttpError};

impl<'c> AsyncHttpClient<'c> for HttpClient {
    type Error = HttpError;
    type Future = Pin<Box<dyn Future<Output = Result<HttpResponse, HttpError>> + Send + 'c>>;

    fn call(&'c self, request: HttpRequest) -> Self::Future {
        Box::pin(self.send(request))
    }
}

/// The answer of a token endpoint; a grant that it does not take (any more) is an outcome.
pub(super) fn judge<T>(
    backend: &str,
    result: Result<T, RequestTokenError<HttpError, BasicErrorResponse>>,
) -> Result<Result<T, &'static str>, BackendError> {
    let error = match result {
        Ok(answer) => return Ok(Ok(answer)),
        Err(RequestTokenError::ServerResponse(error)) => error,
        Err(RequestTokenError::Request(error)) => return Err(unavailable(backend, error)),
        // GitHub tells its errors with status 200.
        Err(RequestTokenError::Parse(_, body)) => serde_json::from_slice(&body)
            .map_err(|_| unavailable(backend, "the token endpoint's answer cannot be understood"))?,
        Err(_) => return Err(unavailable(backend, "the token endpoint's answer cannot be understood")),
    };
    match error.error() {
        BasicErrorResponseType::InvalidGrant => Ok(Err("the provider does not take the grant")),
        BasicErrorResponseType::Extension(code)
            if matches!(code.as_str(), "bad_verification_code" | "bad_refresh_token") =>
        {
            Ok(Err("the provider does not take the grant"))
        }
        code => Err(unavailable(backend, format!("the token endpoint answers {}", plain(code.as_ref())))),
    }
}

pub(super) fn unavailable(
    backend: &str,
    cause: impl Into<Box<dyn std::error::Error + Send + Sync>>,
) -> BackendError {
    BackendError::new(Cow::Owned(backend.to_owned()), cause)
}

/// The tokens of an answer. A provider that does not rotate refresh tokens leaves the old one in place.
pub(super) fn grant(answer: &impl TokenResponse, old: Option<&Password>, now: SystemTime) -> ProviderGrant {
    ProviderGrant {
        access_token: Password::new(answer.access_token().secret().as_str()),
        expires: answer.expires_in().and_then(|time| now.checked_add(time)),
        refresh_token: answer
            .refresh_token()
            .map(|token| Password::new(token.secret().as_str()))
            .or_else(|| old.cloned()),
    }
}

/// A code of someone else's, for the log: short, and nothing but what codes are made of.
pub(super) fn plain(code: &str) -> String {
    let simple = |c: char| if c.is_ascii_alphanumeric() || "_-.".contains(c) { c } else { '?' };
    code.chars().take(40).map(simple).collect()
}
