//! What real clients send and registries check, line by line, in process.

#![allow(clippy::unwrap_used, reason = "test code fails by panicking")]
#![allow(clippy::indexing_slicing, reason = "a JSON value that is not there is null")]

use std::sync::Arc;
use std::time::{Duration, UNIX_EPOCH};

use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use bytes::Bytes;
use http::{HeaderMap, Request};
use http_body_util::{BodyExt as _, Full};
use serde_json::{Value, json};
use token_auth_backends::core::TokenService;
use token_auth_backends::core::acl::{Acl, Match, Rule};
use token_auth_backends::core::http::TokenEndpoint;
use token_auth_backends::core::token::{CertificateChain, Signer, SigningKey};
use token_auth_backends::password::{PasswordVerifier, VerifierOptions};
use token_auth_backends::static_users::{StaticUser, StaticUsers};

const NOW: u64 = 1_800_000_000;

/// `badmin`, bcrypt with cost 5.
const HASH: &str = "$2y$05$LO.vzwpWC5LZGqThvEfznu8qhb5SGqvBSWY1J3yZ4AxtMRZ3kN5jC";

/// A server with alice, who owns what lies below her name, and perhaps the anonymous account, which pulls `public/*`.
struct Server(TokenEndpoint);

struct Reply {
    status: u16,
    headers: HeaderMap,
    body: Value,
    bytes: usize,
}

impl Server {
    fn new(anonymous: bool) -> Self {
        let key = rcgen::KeyPair::generate().unwrap();
        let certificate = rcgen::CertificateParams::default().self_signed(&key).unwrap();
        let chain = CertificateChain::from_pem(certificate.pem().as_bytes()).unwrap();
        let signing_key = SigningKey::from_pem(key.serialize_pem().as_bytes()).unwrap();
        let signer = Signer::new(signing_key).unwrap().with_certificates(chain).unwrap();

        let mut users = vec![("alice", StaticUser::new(HASH.parse().unwrap()))];
        if anonymous {
            users.push(("", StaticUser::dangerous_any_password()));
        }
        let verifier = Arc::new(PasswordVerifier::new(VerifierOptions::default()).unwrap());
        let acl = Acl::new([
            Rule::new(Match::any().account("alice").name("alice/secret"), ["pull", "push"]),
            Rule::new(Match::any().account("alice").name("alice/*"), ["*"]),
            Rule::new(Match::any().account("alice").resource_type("registry").name("catalog"), ["*"]),
            Rule::new(Match::any().name("public/*"), ["pull"]),
        ]);
        let service = TokenService::new("Acme", StaticUsers::new(verifier, users), acl.unwrap(), signer)
            .unwrap()
            .with_clock(|| UNIX_EPOCH + Duration::from_secs(NOW));
        Self(TokenEndpoint::new(service))
    }

    async fn send(&self, request: http::request::Builder, body: impl Into<Bytes>) -> Reply {
        let (parts, body) = self.0.respond(request.body(Full::new(body.into())).unwrap()).await.into_parts();
        let body = body.collect().await.unwrap().to_bytes();
        Reply {
            status: parts.status.as_u16(),
            headers: parts.headers,
            bytes: body.len(),
            body: serde_json::from_slice(&body).unwrap(),
        }
    }

    async fn get(&self, query: &str, user: Option<(&str, &str)>) -> Reply {
        let request = Request::get(format!("/auth?{query}"));
        let request = match user {
            Some((name, password)) => request
                .header("authorization", format!("Basic {}", STANDARD.encode(format!("{name}:{password}")))),
            None => request,
        };
        self.send(request, "").await
    }

    async fn post(&self, form: &str) -> Reply {
        let content_type = "application/x-www-form-urlencoded; charset=utf-8";
        self.send(Request::post("/auth").header("content-type", content_type), form.to_owned()).await
    }
}

impl Reply {
    fn part(&self, at: usize) -> Value {
        let token = self.body["token"].as_str().unwrap();
        serde_json::from_slice(&URL_SAFE_NO_PAD.decode(token.split('.').nth(at).unwrap()).unwrap()).unwrap()
    }

    fn claims(&self) -> Value {
        self.part(1)
    }

    /// `name:actions` of each resource.
    fn access(&self) -> Vec<String> {
        let claims = self.claims();
        let entries = claims["access"].as_array().unwrap().iter();
        let shown = entries.map(|entry| {
            let actions: Vec<&str> =
                entry["actions"].as_array().unwrap().iter().map(|a| a.as_str().unwrap()).collect();
            format!("{}:{}", entry["name"].as_str().unwrap(), actions.join(","))
        });
        shown.collect()
    }
}

const ALICE: Option<(&str, &str)> = Some(("alice", "badmin"));

#[tokio::test]
async fn docker_logs_in_without_a_scope_and_gets_no_refresh_token_that_it_would_then_rely_on() {
    let query = "account=alice&client_id=docker&offline_token=true&service=registry";
    let reply = Server::new(false).get(query, ALICE).await;
    assert_eq!(reply.status, 200);
    assert_eq!(reply.claims()["access"], json!([]));
    assert_eq!(reply.body.get("refresh_token"), None);
}

#[tokio::test]
async fn expiry_is_issued_at_and_expires_in_and_exp() {
    let reply = Server::new(false).get("service=registry", ALICE).await;
    assert_eq!(reply.body["expires_in"], 900);
    assert_eq!(reply.body["issued_at"], "2027-01-15T08:00:00Z");
    // oci-client reads the token alone.
    assert_eq!(reply.claims()["exp"], NOW + 900);
    // zot refuses an `iat` from the future.
    assert!(reply.claims()["iat"].as_u64().unwrap() < NOW && reply.claims()["nbf"].as_u64().unwrap() < NOW);
    assert_eq!(reply.body["token"], reply.body["access_token"]);
}

#[tokio::test]
async fn a_mount_across_repositories_asks_for_both() {
    let server = Server::new(false);
    let query = "service=registry&scope=repository:alice/app:push,pull&scope=repository:bob/base:pull";
    assert_eq!(server.get(query, ALICE).await.access(), ["alice/app:pull,push", "bob/base:"]);
    let query = "service=registry&scope=repository:alice/app:push,pull&scope=repository:public/base:pull";
    assert_eq!(server.get(query, ALICE).await.access(), ["alice/app:pull,push", "public/base:pull"]);
}

#[tokio::test]
async fn containerd_posts_the_password_and_falls_back_to_get() {
    let server = Server::new(false);
    let form = |password| {
        format!(
            "client_id=containerd-client&grant_type=password&password={password}&service=registry&username=alice\
             &scope=repository%3Aalice%2Fx%3Apull+repository%3Aalice%2Fx%3Apull%2Cpush"
        )
    };
    let reply = server.post(&form("badmin")).await;
    assert_eq!((reply.status, reply.access()), (200, vec!["alice/x:pull,push".to_owned()]));
    assert!(reply.body["access_token"].is_string());
    let reply = server.post(&form("wrong")).await;
    // One of the statuses on which it falls back to GET.
    assert_eq!((reply.status, &reply.body["error"]), (401, &json!("invalid_grant")));
    // An empty user name with a refresh token.
    let reply = server.post("grant_type=refresh_token&refresh_token=abc&service=registry&client_id=x").await;
    assert_eq!((reply.status, &reply.body["error"]), (400, &json!("unsupported_grant_type")));
}

#[tokio::test]
async fn one_scope_parameter_may_hold_several_on_get_too() {
    let query = "service=&scope=repository:alice/app:push,pull+repository:public/base:pull";
    let reply = Server::new(false).get(query, ALICE).await;
    assert_eq!(reply.access(), ["alice/app:pull,push", "public/base:pull"]);
    assert_eq!(reply.claims()["aud"], "");
}

#[tokio::test]
async fn an_account_without_a_password_is_anonymous() {
    let query =
        "account=alice&service=registry&scope=repository:alice/app:pull&scope=repository:public/x:pull,push";
    let reply = Server::new(true).get(query, None).await;
    assert_eq!(reply.access(), ["alice/app:", "public/x:pull"]);
    assert_eq!(reply.claims()["sub"], "");
    // Anonymous access only where it is configured.
    assert_eq!(Server::new(false).get(query, None).await.status, 401);
}

#[tokio::test]
async fn a_post_may_repeat_the_scope() {
    let form = "grant_type=password&username=alice&password=badmin&service=registry\
                &scope=repository:alice/a:pull&scope=repository:alice/b:pull";
    assert_eq!(Server::new(false).post(form).await.access(), ["alice/a:pull", "alice/b:pull"]);
}

#[tokio::test]
async fn an_answer_is_never_longer_than_oras_reads() {
    let server = Server::new(false);
    let scope = |at: usize| format!("scope=repository:alice/{at:03}{}:pull,push&", "x".repeat(280));
    let query: String = (0..100).map(scope).collect();
    let reply = server.get(&format!("service=registry&{query}"), ALICE).await;
    assert_eq!(reply.status, 200);
    assert!(reply.bytes < 128 * 1024, "{}", reply.bytes);
    let reply = server.post(&format!("grant_type=password&username=alice&password=badmin&{query}")).await;
    assert_eq!(reply.status, 200);
    assert!(reply.bytes < 128 * 1024, "{}", reply.bytes);
}

#[tokio::test]
async fn half_empty_credentials_open_nothing() {
    let server = Server::new(true);
    let query = "service=registry&scope=repository:alice/app:pull";
    assert_eq!(server.get(query, Some(("alice", ""))).await.status, 401);
    let nobody = server.get(query, Some(("", "badmin"))).await;
    assert_eq!((nobody.claims()["sub"].clone(), nobody.access()), (json!(""), vec!["alice/app:".to_owned()]));
}

#[tokio::test]
async fn an_empty_scope_is_a_login() {
    let reply = Server::new(false).get("service=registry&scope=", ALICE).await;
    assert_eq!((reply.status, reply.claims()["access"].clone()), (200, json!([])));
}

#[tokio::test]
async fn errors_are_json_with_a_code_and_a_challenge() {
    let reply = Server::new(false).get("service=registry", Some(("alice", "wrong"))).await;
    assert_eq!(reply.status, 401);
    assert_eq!(reply.headers["content-type"], "application/json");
    assert_eq!(reply.headers["www-authenticate"], "Basic realm=\"Acme\"");
    assert_eq!(reply.body["errors"][0]["code"], "UNAUTHORIZED");
    assert!(reply.body["errors"][0]["message"].is_string());
    assert_eq!(reply.body.get("error"), None);
}

#[tokio::test]
async fn the_header_serves_registries_2_and_3() {
    let reply = Server::new(false).get("service=registry", ALICE).await;
    let header = reply.part(0);
    assert_eq!((&header["typ"], &header["alg"]), (&json!("JWT"), &json!("ES256")));
    assert_eq!(header["x5c"].as_array().unwrap().len(), 1);
    let groups: Vec<&str> = header["kid"].as_str().unwrap().split(':').collect();
    assert!(groups.len() == 12 && groups.iter().all(|group| group.len() == 4), "{header}");
    assert_eq!(header.get("jwk"), None);
    // Registry 2.x takes a string and nothing else.
    assert_eq!(reply.claims()["aud"], "registry");
}

#[tokio::test]
async fn the_wildcard_is_granted_where_it_was_asked_for_and_delete_never_with_push() {
    let server = Server::new(false);
    let query = "service=registry&scope=repository:alice/app:pull,push&scope=registry:catalog:*";
    assert_eq!(server.get(query, ALICE).await.access(), ["alice/app:pull,push", "catalog:*"]);
    let query = "service=registry&scope=repository:alice/secret:delete,push&scope=repository:alice/secret:*";
    assert_eq!(server.get(query, ALICE).await.access(), ["alice/secret:push"]);
}

#[tokio::test]
async fn ids_are_long_and_never_the_same() {
    let server = Server::new(false);
    let mut seen = std::collections::BTreeSet::new();
    for _ in 0..100 {
        let id = server.get("service=registry", ALICE).await.claims()["jti"].as_str().unwrap().to_owned();
        assert!(id.len() >= 22, "{id}");
        assert!(seen.insert(id));
    }
}

#[tokio::test]
async fn a_token_that_is_presented_as_a_credential_is_refused() {
    let server = Server::new(true);
    let token = server.get("service=registry", ALICE).await.body["token"].as_str().unwrap().to_owned();
    let request = Request::get("/auth?service=registry").header("authorization", format!("Bearer {token}"));
    assert_eq!(server.send(request, "").await.status, 401);
    assert_eq!(server.get("service=registry", Some(("alice", &token))).await.status, 401);
}
