//! A tiny read-only registry that sends the 401 challenge and verifies the tokens that come back.
//!
//! Start a token server first (`cargo run --release -p docker-auth`), then this with its key set:
//!
//! ```text
//! curl -s http://127.0.0.1:5001/.well-known/jwks.json > jwks.json
//! cargo run --example resource_server -- jwks.json token-auth
//!
//! curl -si http://127.0.0.1:5002/v2/admin/app/tags/list          # 401, with where to get a token
//! TOKEN=$(curl -s -u admin:PASSWORD 'http://127.0.0.1:5001/auth?service=tiny&scope=repository:admin/app:pull' | jq -r .token)
//! curl -s -H "Authorization: Bearer $TOKEN" http://127.0.0.1:5002/v2/admin/app/tags/list
//! ```

use std::sync::Arc;
use std::time::SystemTime;

use axum::Router;
use axum::extract::{Path, State};
use axum::http::header::{AUTHORIZATION, CONTENT_TYPE, WWW_AUTHENTICATE};
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use token_auth_backends::core::token::Verifier;

#[tokio::main]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let mut arguments = std::env::args().skip(1);
    let (Some(keys), Some(issuer)) = (arguments.next(), arguments.next()) else {
        return Err("usage: resource_server JWKS_FILE ISSUER".into());
    };
    let keys = serde_json::from_slice(&std::fs::read(keys)?)?;
    let verifier = Arc::new(Verifier::builder(issuer, "tiny").jwks(&keys)?.build()?);

    let app = Router::new()
        .route("/v2/", get(async || "{}"))
        .route("/v2/{owner}/{name}/tags/list", get(tags))
        .with_state(verifier);
    axum::serve(tokio::net::TcpListener::bind("127.0.0.1:5002").await?, app).await?;
    Ok(())
}

async fn tags(
    State(verifier): State<Arc<Verifier>>,
    Path((owner, name)): Path<(String, String)>,
    headers: HeaderMap,
) -> Response {
    let repository = format!("{owner}/{name}");
    let bearer = headers.get(AUTHORIZATION).and_then(|value| value.to_str().ok()?.strip_prefix("Bearer "));
    let token = bearer.and_then(|token| verifier.verify(token, SystemTime::now()).ok());
    match token {
        Some(token) if token.allows("repository", &repository, "pull") => {
            let body = serde_json::json!({"name": repository, "tags": ["latest"]}).to_string();
            ([(CONTENT_TYPE, "application/json")], body).into_response()
        }
        // Not allowed is 401 too: the client comes back with another token.
        _ => challenge(&repository).into_response(),
    }
}

/// RFC 6750, section 3, with the parameters of the registry token specification.
fn challenge(repository: &str) -> impl IntoResponse {
    let realm = "http://127.0.0.1:5001/auth";
    let challenge =
        format!("Bearer realm=\"{realm}\",service=\"tiny\",scope=\"repository:{repository}:pull\"");
    let body = r#"{"errors":[{"code":"UNAUTHORIZED","message":"authentication required"}]}"#;
    (
        StatusCode::UNAUTHORIZED,
        [(WWW_AUTHENTICATE, challenge), (CONTENT_TYPE, "application/json".into())],
        body,
    )
}
