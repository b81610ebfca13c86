//! Services say who somebody is and what they may do, through the whole server.

#![allow(clippy::unwrap_used, reason = "test code fails by panicking")]

use std::net::{TcpListener, TcpStream};
use std::process::Command;

use axum::Router;
use axum::body::Bytes;
use axum::http::header::{CACHE_CONTROL, CONTENT_TYPE};
use axum::routing::post;
use serde_json::{Value, json};
use token_auth_tests::{KeyPair, Place, Process, Server, docker_auth, guide_to_webhooks, run, until};

const BASE: &str = "server: {addr: '127.0.0.1:0'}\n\
                    token: {issuer: Acme auth server, expiration: 900, certificate: token.pem, key: token.key}\n";

/// Where a service listens that answers so.
async fn service(answer: fn(&Value) -> Value) -> String {
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}/ask", listener.local_addr().unwrap());
    let answer = move |body: Bytes| async move {
        let asked: Value = serde_json::from_slice(&body).unwrap();
        ([(CONTENT_TYPE, "application/json"), (CACHE_CONTROL, "no-store")], answer(&asked).to_string())
    };
    let router = Router::new().route("/ask", post(answer));
    tokio::spawn(async move { axum::serve(listener, router).await });
    url
}

fn accounts(asked: &Value) -> Value {
    match (asked["question"].as_str(), asked["username"].as_str(), asked["password"].as_str()) {
        (Some("login"), Some("alice"), Some("wonderland")) => {
            json!({"decision": "accept", "labels": {"team": ["*", "dev"]}})
        }
        (Some("account"), ..) if asked["account"] == "alice" => {
            json!({"decision": "accept", "labels": {"team": ["*", "dev"]}})
        }
        (Some("login"), Some("alice"), Some(guess)) => json!({"decision": "reject", "reason": guess}),
        (Some("login"), Some("broken"), _) => json!({"decision": "perhaps"}),
        _ => json!({"decision": "abstain"}),
    }
}

/// Grants more than anybody has asked for.
fn rights(asked: &Value) -> Value {
    match asked["name"].as_str() {
        Some("shared/app") => json!({"decision": "grant", "actions": ["delete", "pull", "push"]}),
        Some("frozen/app") => json!({"decision": "deny", "reason": "frozen"}),
        _ => json!({"decision": "abstain"}),
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn services_decide() {
    let place = Place::new();
    let (accounts, rights) = (service(accounts).await, service(rights).await);
    let server = Server::with(
        &place,
        &format!(
            "{BASE}tokens: {{store: {{path: tokens.redb}}}}\n\
             webhook_auth: {{url: '{accounts}', allow_loopback_http: true, accounts: true}}\n\
             acl:\n- {{match: {{name: '${{labels:team}}/app'}}, actions: [pull]}}\n\
             webhook_authz: {{url: '{rights}', allow_loopback_http: true}}\n"
        ),
    );
    let alice = Some("alice:wonderland");
    let scopes = ["repository:dev/app:pull,push", "repository:shared/app:pull", "repository:other/app:pull"];
    let token = server.token(alice, &scopes);
    for (name, actions) in [("dev/app", "pull"), ("shared/app", "pull"), ("other/app", "")] {
        assert_eq!(token.actions("repository", name).as_deref(), Some(actions), "{name}");
    }
    server.token(alice, &["repository:frozen/app:pull"]);
    server.wait_for_log("webhook: frozen");
    server.ask(Some("alice:guess"), &[]).is_error(401);
    server.ask(Some("bob:wonderland"), &[]).is_error(401);
    server.ask(Some("broken:wonderland"), &[]).is_error(503);
    server.wait_for_log("it is not of the form that is documented");
    let url = format!("{}/auth?service=registry&offline_token=true&account=alice", server.url);
    assert!(
        token_auth_tests::curl(&["--user", "alice:wonderland", &url]).is(200).body.contains("refresh_token")
    );
    server.never_told(&["wonderland", "guess"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_service_in_the_form_of_authzen_decides_each_action() {
    let place = Place::new();
    let pdp = service(|asked| {
        assert_eq!(asked["subject"]["properties"]["cerbos.roles"], json!(["account"]));
        json!({"decision": asked["action"]["name"] == "pull" && asked["subject"]["type"] == "anonymous"})
    })
    .await;
    let server = Server::with(
        &place,
        &format!(
            "{BASE}users: {{'': {{}}}}\n\
             webhook_authz: {{url: '{pdp}', allow_loopback_http: true, form: authzen, subject_properties: {{cerbos.roles: account}}}}\n"
        ),
    );
    let token = server.token(None, &["repository:a/b:pull,push"]);
    assert_eq!(token.actions("repository", "a/b").as_deref(), Some("pull"));
}

#[test]
fn the_service_of_the_guide_works() {
    let place = Place::new();
    let port = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
    place.write("policy.py", &guide_to_webhooks().replace("8000", &port.to_string()));
    let _service = Process::spawn(Command::new("python3").arg("policy.py").current_dir(place.path()));
    until("it listens", || TcpStream::connect(("127.0.0.1", port)).ok());
    let server = Server::with(
        &place,
        &format!(
            "{BASE}users: {{alice: {{}}}}\n\
             webhook_authz: {{url: 'http://127.0.0.1:{port}/', allow_loopback_http: true}}\n"
        ),
    );
    let token =
        server.token(Some("alice:x"), &["repository:alice/app:pull,push", "repository:bob/app:pull,push"]);
    assert_eq!(token.actions("repository", "alice/app").as_deref(), Some("pull,push"));
    assert_eq!(token.actions("repository", "bob/app").as_deref(), Some("pull"));
}

#[test]
fn what_makes_no_sense_is_refused_when_the_configuration_is_loaded() {
    let place = Place::new();
    KeyPair::generate(&place, "token", "p256");
    for (block, said) in [
        ("webhook_auth: {url: 'http://policy.example/'}", "webhook_auth.url: must be an https URL"),
        ("webhook_auth: {url: 'https://policy.example/', form: authzen}", "must be token-auth or opa"),
        ("webhook_authz: {url: 'https://policy.example/', ca_certificate: missing.pem}", "cannot be read"),
        ("webhook_authz: {url: 'https://policy.example/', client_key: missing.pem}", "client_certificate"),
        ("webhook_authz: {form: opa}", "url: is required"),
        ("webhook_authz: {url: 'https://policy.example/', timout: 1s}", "did you mean `timeout`"),
    ] {
        place.write("config.yml", &format!("{BASE}users: {{}}\nacl: []\n{block}\n"));
        let finished = run(docker_auth().current_dir(place.path()).args(["check", "config.yml"]), "").fails();
        let told = format!("{}{}", finished.stdout, finished.stderr);
        assert!(told.contains(said), "{block}: {told}");
    }
}
