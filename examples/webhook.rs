//! A policy of your own as a service: what `webhook_authz` of any token server asks. Everybody may pull, and owns what lies
//! below the own name.
//!
//! ```text
//! cargo run --example webhook
//!
//! curl -s -H 'Content-Type: application/json' -d '{"question": "access", "account": "alice", "labels": {},
//!   "service": "registry", "address": null, "type": "repository", "name": "alice/app", "actions": ["pull", "push"]}' \
//!   http://127.0.0.1:8000/
//! ```

use axum::Router;
use axum::body::Bytes;
use axum::http::StatusCode;
use axum::http::header::CONTENT_TYPE;
use axum::response::IntoResponse;
use axum::routing::post;
use serde_json::{Value, json};

async fn decide(body: Bytes) -> Result<impl IntoResponse, StatusCode> {
    let asked: Value = serde_json::from_slice(&body).map_err(|_| StatusCode::BAD_REQUEST)?;
    let text = |key: &str| asked.get(key).and_then(Value::as_str).unwrap_or_default();
    let (account, name) = (text("account"), text("name"));
    let owns = !account.is_empty() && name.strip_prefix(account).is_some_and(|rest| rest.starts_with('/'));
    let granted = asked.get("actions").filter(|_| owns).cloned().unwrap_or_else(|| json!(["pull"]));
    Ok(([(CONTENT_TYPE, "application/json")], json!({"decision": "grant", "actions": granted}).to_string()))
}

#[tokio::main]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let listener = tokio::net::TcpListener::bind("127.0.0.1:8000").await?;
    axum::serve(listener, Router::new().route("/", post(decide))).await?;
    Ok(())
}
