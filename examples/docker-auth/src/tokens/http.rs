//! The commands for tokens and their answers as HTTP has them: `control/openapi.json` describes it.

use anyhow::Context as _;
use bytes::Bytes;
use http::header::{ALLOW, CACHE_CONTROL, CONTENT_TYPE, HeaderValue};
use http::request::Parts;
use http::{HeaderMap, Method, Request, Response, StatusCode};
use http_body_util::Full;
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use token_auth_backends::core::TokenId;
use token_auth_backends::core::http::error;

use super::query::{self, Query};
use super::{Ask, Failure, Reply};

const TOKENS: &str = "/v1/tokens";
const JSON: HeaderValue = HeaderValue::from_static("application/json");

/// Whether a path is one of these commands, or would be with another id.
pub(crate) fn owns(path: &str) -> bool {
    path == TOKENS || id(path).is_some()
}

fn id(path: &str) -> Option<&str> {
    path.strip_prefix(TOKENS)?.strip_prefix('/')
}

/// What [`Reply::Revoked`] is on the way.
#[derive(Serialize, Deserialize)]
struct Revoked {
    revoked: u64,
}

impl Ask {
    /// Reads the question of a request that [is one](owns).
    pub(crate) fn read(head: &Parts, body: &[u8]) -> Result<Self, Failure> {
        let mut query = Query::read(head.uri.query().unwrap_or_default())?;
        let ask = match (id(head.uri.path()), &head.method) {
            (None, &Method::GET) => Self::List {
                account: query.take("account")?,
                kind: query.take("kind")?,
                // A server has a control socket where its store is a file. There a page begins after an id.
                after: query.take::<TokenId>("after")?.map(|id| id.to_string()),
            },
            (None, &Method::POST) => Self::Create(content(&head.headers, body)?),
            (None, &Method::DELETE) => Self::RevokeAccount {
                account: query.take("account")?.ok_or_else(|| Failure::invalid("`account` is missing"))?,
                kind: query.take("kind")?,
            },
            (Some(id), &Method::DELETE) => {
                let id = id.parse().map_err(|error| Failure::invalid(format!("{error}")))?;
                Self::Revoke { id }
            }
            (None, _) => return Err(Failure::method("GET, POST, DELETE")),
            (Some(_), _) => return Err(Failure::method("DELETE")),
        };
        query.finish()?;
        Ok(ask)
    }

    /// The request that asks this.
    pub(crate) fn request(&self) -> anyhow::Result<Request<Full<Bytes>>> {
        let (method, target, body) = match self {
            Self::List { account, kind, after } => {
                let kind = kind.map(|kind| kind.to_string());
                let fields =
                    [("account", account.as_deref()), ("kind", kind.as_deref()), ("after", after.as_deref())];
                (Method::GET, query::target(TOKENS, &fields), Vec::new())
            }
            Self::Create(new) => (Method::POST, TOKENS.to_owned(), serde_json::to_vec(new)?),
            Self::RevokeAccount { account, kind } => {
                let kind = kind.map(|kind| kind.to_string());
                let fields = [("account", Some(&**account)), ("kind", kind.as_deref())];
                (Method::DELETE, query::target(TOKENS, &fields), Vec::new())
            }
            Self::Revoke { id } => (Method::DELETE, format!("{TOKENS}/{id}"), Vec::new()),
        };
        let request = Request::builder().method(method).uri(target).header("host", "docker-auth");
        Ok(request.header(CONTENT_TYPE, JSON).body(Full::new(body.into()))?)
    }

    /// The answer to it.
    ///
    /// # Errors
    ///
    /// When it cannot be read.
    pub(crate) fn reply(&self, status: StatusCode, body: &[u8]) -> anyhow::Result<Result<Reply, Failure>> {
        if !status.is_success() {
            return Ok(Err(Failure::new(status, message(body)?)));
        }
        Ok(Ok(match self {
            Self::List { .. } => Reply::Page(serde_json::from_slice(body)?),
            Self::Create(_) => Reply::Created(serde_json::from_slice(body)?),
            Self::Revoke { .. } | Self::RevokeAccount { .. } => {
                Reply::Revoked(serde_json::from_slice::<Revoked>(body)?.revoked)
            }
        }))
    }
}

fn content<T: DeserializeOwned>(headers: &HeaderMap, body: &[u8]) -> Result<T, Failure> {
    if headers.get(CONTENT_TYPE) != Some(&JSON) {
        return Err(Failure::new(StatusCode::UNSUPPORTED_MEDIA_TYPE, "the body must be application/json"));
    }
    serde_json::from_slice(body)
        .map_err(|error| Failure::invalid(format!("the body cannot be read: {error}")))
}

/// What the form of all errors says.
fn message(body: &[u8]) -> anyhow::Result<String> {
    let body: serde_json::Value = serde_json::from_slice(body)?;
    let message = body.pointer("/errors/0/message").and_then(serde_json::Value::as_str);
    Ok(message.context("an error without a message")?.to_owned())
}

/// An answer, or why there is none.
pub(crate) fn response(reply: Result<Reply, Failure>) -> Response<Full<Bytes>> {
    let failure = match reply {
        Ok(Reply::Page(page)) => return json(StatusCode::OK, &page),
        Ok(Reply::Revoked(revoked)) => return json(StatusCode::OK, &Revoked { revoked }),
        Ok(Reply::Created(created)) => return json(StatusCode::CREATED, &created),
        Err(failure) => failure,
    };
    let code = match failure.status() {
        StatusCode::NOT_FOUND => "NOT_FOUND",
        StatusCode::METHOD_NOT_ALLOWED => "UNSUPPORTED",
        StatusCode::SERVICE_UNAVAILABLE => "UNAVAILABLE",
        _ => "INVALID_REQUEST",
    };
    let mut response = error(failure.status(), code, &failure.to_string());
    response.headers_mut().extend(failure.allow().map(|methods| (ALLOW, HeaderValue::from_static(methods))));
    response
}

fn json(status: StatusCode, content: &impl Serialize) -> Response<Full<Bytes>> {
    let Ok(body) = serde_json::to_vec(content) else {
        return error(StatusCode::INTERNAL_SERVER_ERROR, "UNAVAILABLE", "the answer cannot be written");
    };
    let mut response = Response::new(Full::new(body.into()));
    *response.status_mut() = status;
    response.headers_mut().insert(CONTENT_TYPE, JSON);
    response.headers_mut().insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
    response
}
