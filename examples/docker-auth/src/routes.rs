//! Paths.

use std::net::IpAddr;
use std::sync::atomic::Ordering;
use std::time::Instant;

use bytes::Bytes;
use http::header::{ALLOW, CONTENT_TYPE, HeaderValue, STRICT_TRANSPORT_SECURITY};
use http::{Method, Request, Response, StatusCode};
use http_body_util::Full;
use hyper::body::Incoming;
use token_auth_backends::core::http::{ClientAddress, Received, error, jwks};
use tracing::error as log_error;

use crate::state::State;
use crate::watched::Watched;

/// Answers one request.
pub(crate) async fn answer(
    state: &State,
    peer: Option<IpAddr>,
    arrived: Instant,
    mut request: Request<Incoming>,
) -> Response<Full<Bytes>> {
    // A Unix socket has no addresses.
    let peer = peer.map_or(ClientAddress::LocalSocket, ClientAddress::Ip);
    request.extensions_mut().insert(peer);
    request.extensions_mut().insert(Received(arrived));
    let (head, body) = request.into_parts();
    let (body, ended) = Watched::new(body);
    let request = Request::from_parts(head, body);
    let limit = state.connections.request_timeout;
    let mut response = match tokio::time::timeout(limit, route(state, request)).await {
        Ok(response) => response,
        Err(_) if !ended.load(Ordering::Relaxed) => {
            error(StatusCode::REQUEST_TIMEOUT, "INVALID_REQUEST", "the body did not come in time")
        }
        Err(_) => {
            log_error!(?limit, "a request took too long and is answered with 503");
            error(StatusCode::SERVICE_UNAVAILABLE, "UNAVAILABLE", "temporarily unavailable")
        }
    };
    if state.hsts {
        let value = HeaderValue::from_static("max-age=63072000; includeSubDomains");
        response.headers_mut().insert(STRICT_TRANSPORT_SECURITY, value);
    }
    response
}

async fn route(state: &State, request: Request<Watched>) -> Response<Full<Bytes>> {
    let Some(path) = request.uri().path().strip_prefix(state.path_prefix.as_str()) else {
        return not_found();
    };
    match path {
        "/auth" | "/auth/token" => state.endpoint.respond(request).await,
        "/.well-known/jwks.json" => read_only(&request, || jwks(state.endpoint.service())),
        "/openapi.json" => read_only(&request, || document(include_bytes!("openapi.json"))),
        path => match &state.sign_in {
            Some(pages) if pages.owns(path) => pages.respond(request).await,
            _ if path == "/" => read_only(&request, index),
            _ => not_found(),
        },
    }
}

/// A page that can only be read.
pub(crate) fn read_only<B>(
    request: &Request<B>,
    page: impl FnOnce() -> Response<Full<Bytes>>,
) -> Response<Full<Bytes>> {
    match *request.method() {
        Method::GET | Method::HEAD => page(),
        // What load balancers ask to see whether a server is there.
        Method::OPTIONS => {
            let mut response = Response::new(Full::default());
            *response.status_mut() = StatusCode::NO_CONTENT;
            response.headers_mut().insert(ALLOW, HeaderValue::from_static("GET, HEAD, OPTIONS"));
            response
        }
        _ => {
            let mut response = error(StatusCode::METHOD_NOT_ALLOWED, "UNSUPPORTED", "use GET");
            response.headers_mut().insert(ALLOW, HeaderValue::from_static("GET, HEAD, OPTIONS"));
            response
        }
    }
}

fn not_found() -> Response<Full<Bytes>> {
    error(StatusCode::NOT_FOUND, "NOT_FOUND", "no such page")
}

/// What paths are, for programs: tests hold these documents against the running server.
pub(crate) fn document(text: &'static [u8]) -> Response<Full<Bytes>> {
    let mut response = Response::new(Full::new(Bytes::from_static(text)));
    response.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
    response
}

fn index() -> Response<Full<Bytes>> {
    const PAGE: &str = "<!doctype html><html lang=en><meta charset=utf-8><title>Registry token server</title>\
        <p>This server issues access tokens for a container registry. Point <code>docker login</code> at the registry.";
    let mut response = Response::new(Full::new(Bytes::from_static(PAGE.as_bytes())));
    response.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static("text/html; charset=utf-8"));
    response
}
