//! [`TokenService`] as a tower `Service` over [`http::Request`]: mounts in axum, runs on plain hyper.
//!
//! One structured event a request goes to `tracing` under the target `token_auth::access`.

mod address;
mod log;
mod received;
mod text;

use std::convert::Infallible;
use std::error::Error as StdError;
use std::future::Future;
use std::net::IpAddr;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::{Duration, Instant};

use bytes::Bytes;
use http::header::{
    ALLOW, AUTHORIZATION, CACHE_CONTROL, CONTENT_TYPE, HeaderName, HeaderValue, RETRY_AFTER, WWW_AUTHENTICATE,
};
use http::request::Parts;
use http::{Method, Request, Response, StatusCode};
use http_body::Body;
use http_body_util::{BodyExt as _, Full, LengthLimitError, Limited};

use address::Notices;
pub use address::{AddressError, AddressSource, ClientAddress};
pub use log::request_id;
pub use received::Received;

use crate::service::error_body;
use crate::{
    Deadline, Record, RequestError, RequestLimits, RequestParts, TokenError, TokenRequest, TokenService,
};

/// As long as clients wait, and load balancers.
const ANSWER_TIME: Duration = Duration::from_secs(5);

static REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");

/// The token endpoint: GET and POST, at whatever path it is mounted.
///
/// The client's address, which rules with `ip`, the limit of guesses at passwords and the log see, is taken from a
/// [`ClientAddress`] that the server puts into the request's extensions, or from a header that
/// [`with_addresses`](Self::with_addresses) names. Without it all clients share one limit of guesses: the log says so once.
///
/// ```
/// use token_auth_core::{TokenService, http::TokenEndpoint};
///
/// fn mount(service: TokenService) -> TokenEndpoint {
///     // In axum: Router::new().route_service("/auth", endpoint)
///     TokenEndpoint::new(service)
/// }
/// ```
#[derive(Clone)]
pub struct TokenEndpoint {
    service: TokenService,
    limits: RequestLimits,
    addresses: Arc<AddressSource>,
    denials: tracing::Level,
    answer_time: Duration,
    notices: Arc<Notices>,
}

impl TokenEndpoint {
    /// An endpoint with the default limits, whose clients connect to it directly.
    pub fn new(service: TokenService) -> Self {
        Self {
            service,
            limits: RequestLimits::default(),
            addresses: Arc::default(),
            denials: tracing::Level::INFO,
            answer_time: ANSWER_TIME,
            notices: Arc::default(),
        }
    }

    /// Replaces the limits.
    #[must_use]
    pub fn with_limits(mut self, limits: RequestLimits) -> Self {
        self.limits = limits;
        self
    }

    /// Says where the client's address stands when a reverse proxy is in front.
    #[must_use]
    pub fn with_addresses(mut self, addresses: AddressSource) -> Self {
        self.addresses = Arc::new(addresses);
        self
    }

    /// Says of which level the log line of a request is that was denied: answered with 401, 403 or 429. By default info, as of
    /// one that was granted. One that is answered with 5xx is always an error.
    #[must_use]
    pub fn with_denial_level(mut self, level: tracing::Level) -> Self {
        self.denials = level;
        self
    }

    /// Replaces how long a request may take from its first byte, or where nobody says when that [came](Received) from its
    /// head, to its answer: its [deadline](TokenRequest::deadline), which a service with a
    /// [timer](TokenService::with_timer) ends it at. Default 5 seconds.
    #[must_use]
    pub fn with_answer_time(mut self, time: Duration) -> Self {
        self.answer_time = time;
        self
    }

    /// The service behind this endpoint.
    pub fn service(&self) -> &TokenService {
        &self.service
    }

    /// Answers one request.
    pub async fn respond<B>(&self, request: Request<B>) -> Response<Full<Bytes>>
    where
        B: Body<Error: Into<Box<dyn StdError + Send + Sync>>>,
    {
        let (parts, body) = request.into_parts();
        let start = parts.extensions.get().map_or_else(Instant::now, |Received(first)| *first);
        let id = request_id(&parts.headers);
        let mut read = self.read(&parts, body).await;
        if let (Ok(request), Some(moment)) = (&mut read, start.checked_add(self.answer_time)) {
            request.deadline = Deadline::at(moment);
        }
        let mut record = Record::default();
        let mut response = match &read {
            Ok(request) => {
                let answer = self.service.answer(request).await;
                record = answer.record;
                match answer.result {
                    Ok(token) => json(StatusCode::OK, token.to_json(parts.method == Method::POST)),
                    Err(error) => self.refusal(&error, parts.method == Method::POST),
                }
            }
            Err(Refused::Error(error)) => self.refusal(error, parts.method == Method::POST),
            Err(Refused::Status(status, code, message)) => {
                let mut response = json(*status, error_body(code, message, None));
                if *status == StatusCode::METHOD_NOT_ALLOWED {
                    response.headers_mut().insert(ALLOW, HeaderValue::from_static("GET, POST"));
                }
                response
            }
        };
        log::write(&log::Line {
            id: &id,
            method: &parts.method,
            request: read.as_ref().ok(),
            refused: read.as_ref().err(),
            record: &record,
            status: response.status(),
            elapsed: start.elapsed(),
            denials: self.denials,
        });
        if let Ok(id) = HeaderValue::from_str(&id) {
            response.headers_mut().insert(REQUEST_ID.clone(), id);
        }
        response
    }

    async fn read<B>(&self, parts: &Parts, body: B) -> Result<TokenRequest, Refused>
    where
        B: Body<Error: Into<Box<dyn StdError + Send + Sync>>>,
    {
        let form = match parts.method {
            Method::GET => None,
            Method::POST => Some(self.form(parts, body).await?),
            _ => {
                let message = "use GET or POST";
                return Err(Refused::Status(StatusCode::METHOD_NOT_ALLOWED, "UNSUPPORTED", message));
            }
        };
        let mut authorization = parts.headers.get_all(AUTHORIZATION).iter();
        let first = authorization.next().map(HeaderValue::as_bytes);
        if authorization.next().is_some() {
            return Err(RequestError::MalformedCredentials.into());
        }
        let address = self.address(parts)?;
        let query = parts.uri.query().unwrap_or_default();
        let raw = RequestParts { query, authorization: first, form: form.as_deref() };
        let mut request = TokenRequest::parse(raw, self.limits)?;
        request.address = address;
        Ok(request)
    }

    fn address(&self, parts: &Parts) -> Result<Option<IpAddr>, Refused> {
        let connection = parts.extensions.get::<ClientAddress>().copied();
        let address = self.addresses.resolve(&parts.headers, connection).map_err(|error| match error {
            AddressError::UnknownPeer => {
                tracing::error!(%error, "a request is refused");
                Refused::Status(StatusCode::INTERNAL_SERVER_ERROR, "UNKNOWN", "internal error")
            }
            AddressError::Missing | AddressError::Hidden => Refused::Status(
                StatusCode::BAD_REQUEST,
                "INVALID_REQUEST",
                "the proxy gave no client address",
            ),
        })?;
        self.notices.of(&self.addresses, &parts.headers, connection);
        Ok(address)
    }

    async fn form<B>(&self, parts: &Parts, body: B) -> Result<Bytes, Refused>
    where
        B: Body<Error: Into<Box<dyn StdError + Send + Sync>>>,
    {
        let limit = self.limits.body_bytes;
        // What is announced to be too long need not come first.
        if body.size_hint().lower() > u64::try_from(limit).unwrap_or(u64::MAX) {
            return Err(RequestError::TooLong { what: "body", limit }.into());
        }
        let body = Limited::new(body, limit).collect().await.map_err(|error| {
            match error.is::<LengthLimitError>() {
                true => Refused::from(RequestError::TooLong { what: "body", limit }),
                false => {
                    Refused::Status(StatusCode::BAD_REQUEST, "INVALID_REQUEST", "the body cannot be read")
                }
            }
        })?;
        let body = body.to_bytes();
        let form_type = parts.headers.get(CONTENT_TYPE).is_some_and(|value| {
            let essence = value.as_bytes().split(|byte| *byte == b';').next().unwrap_or_default();
            essence.trim_ascii().eq_ignore_ascii_case(b"application/x-www-form-urlencoded")
        });
        match form_type || body.is_empty() {
            true => Ok(body),
            false => Err(Refused::Status(
                StatusCode::UNSUPPORTED_MEDIA_TYPE,
                "UNSUPPORTED",
                "use application/x-www-form-urlencoded",
            )),
        }
    }

    fn refusal(&self, error: &TokenError, post: bool) -> Response<Full<Bytes>> {
        let status = StatusCode::from_u16(error.status()).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
        let mut response = json(status, error.to_json(post));
        if status == StatusCode::UNAUTHORIZED
            && let Ok(challenge) = HeaderValue::from_str(self.service.challenge())
        {
            response.headers_mut().insert(WWW_AUTHENTICATE, challenge);
        }
        if let Some(seconds) = error.retry_after() {
            response.headers_mut().insert(RETRY_AFTER, seconds.into());
        }
        response
    }
}

impl<B> tower_service::Service<Request<B>> for TokenEndpoint
where
    B: Body<Data: Send, Error: Into<Box<dyn StdError + Send + Sync>>> + Send + 'static,
{
    type Response = Response<Full<Bytes>>;
    type Error = Infallible;
    type Future = Pin<Box<dyn Future<Output = Result<Self::Response, Infallible>> + Send>>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), Infallible>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, request: Request<B>) -> Self::Future {
        let endpoint = self.clone();
        Box::pin(async move { Ok(endpoint.respond(request).await) })
    }
}

/// The keys that tokens may be signed with, as a JWK set (RFC 7517) that registries and gateways can fetch.
pub fn jwks(service: &TokenService) -> Response<Full<Bytes>> {
    let mut response = json(StatusCode::OK, serde_json::to_vec(&service.jwks()).unwrap_or_default());
    response.headers_mut().insert(CACHE_CONTROL, HeaderValue::from_static("public, max-age=300"));
    response
}

/// An error of a server around this endpoint (`404`, say), in the form that registry clients read.
pub fn error(status: StatusCode, code: &str, message: &str) -> Response<Full<Bytes>> {
    json(status, error_body(code, message, None))
}

/// The body of [`error`] alone.
pub fn error_json(code: &str, message: &str) -> Vec<u8> {
    error_body(code, message, None)
}

fn json(status: StatusCode, body: Vec<u8>) -> Response<Full<Bytes>> {
    let mut response = Response::new(Full::new(Bytes::from(body)));
    *response.status_mut() = status;
    let headers = response.headers_mut();
    headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
    // RFC 6749, section 5.1: answers with tokens are not kept by caches.
    headers.insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
    response
}

/// Why a request did not reach the service.
#[derive(Debug)]
enum Refused {
    Error(TokenError),
    Status(StatusCode, &'static str, &'static str),
}

impl From<RequestError> for Refused {
    fn from(error: RequestError) -> Self {
        Self::Error(error.into())
    }
}

impl std::fmt::Display for Refused {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Error(error) => error.fmt(f),
            Self::Status(_, _, message) => f.write_str(message),
        }
    }
}

#[cfg(test)]
mod tests;
