//! Build jobs push and pull with the identity that they carry.

#![allow(clippy::unwrap_used, reason = "test code fails by panicking")]
#![allow(clippy::indexing_slicing, reason = "a JSON value that is not there is null")]

use serde_json::{Value, json};
use token_auth_tests::{Answer, Image, Issuer, Place, Registry, Server, Skopeo, curl};

/// A server that trusts this issuer beside its users.
fn trusting(place: &Place, issuer: &Issuer) -> Server {
    let block = format!(
        r#"
workload_auth:
  issuers:
    - issuer: {}
      name: github
      audience: registry.example.com
      require: {{repository_owner: acme}}
      account: "github:${{claim.repository}}"
      labels: {{repository: "${{claim.repository}}", ref: "${{claim.ref}}"}}
      keys: {{allow_loopback_http: true, interval: 0s}}
"#,
        issuer.url
    );
    let rules = r#"acl:
  - match: {account: "/^github:/", labels: {ref: refs/heads/main}, name: "${labels:repository}"}
    actions: [pull, push]
    comment: main pushes
  - match: {account: "/^github:/", name: "${labels:repository}"}
    actions: [pull]
"#;
    Server::with(place, &(Server::USUAL.replace("acl:\n", rules) + &block))
}

fn job(repository: &str, branch: &str) -> Value {
    json!({
        "aud": "registry.example.com", "sub": format!("repo:{repository}:ref:refs/heads/{branch}"),
        "repository": repository, "repository_owner": repository.split('/').next(),
        "ref": format!("refs/heads/{branch}"),
    })
}

fn ask(server: &Server, jwt: &str, scope: &str) -> Answer {
    server.ask(Some(&format!("jwt:{jwt}")), &[scope])
}

#[test]
fn a_job_pushes_and_pulls_what_is_its_own() {
    let (place, issuer) = (Place::new(), Issuer::start());
    let server = trusting(&place, &issuer);
    let registry = Registry::trusting(&place, &server).start();
    let image = Image::new(&place, "app");
    let main = issuer.token(&job("acme/app", "main"));
    let skopeo = Skopeo::new(&place, &registry).logged_in("jwt", &main);
    skopeo.push(&image, "acme/app:1").ok();
    skopeo.pull("acme/app:1").ok();
    skopeo.push(&image, "acme/other:1").fails_with("denied");

    let branch = Skopeo::new(&place, &registry).logged_in("x", &issuer.token(&job("acme/app", "feature")));
    branch.pull("acme/app:1").ok();
    branch.push(&image, "acme/app:2").fails_with("denied");

    let stranger = issuer.token(&job("evil/app", "main"));
    Skopeo::new(&place, &registry).login("jwt", &stranger).fails_with("invalid username/password");
    // The users of the server are who they were.
    Skopeo::new(&place, &registry).logged_in("admin", "badmin").push(&image, "acme/other:1").ok();
    server.never_told(&[&main, &stranger]);
}

#[test]
fn a_token_is_presented_in_three_ways() {
    let (place, issuer) = (Place::new(), Issuer::start());
    let server = trusting(&place, &issuer);
    let now = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).unwrap().as_secs();
    let mut claims = job("acme/app", "main");
    claims["exp"] = json!(now + 120);
    let jwt = issuer.token(&claims);
    let bearer = format!("Authorization: Bearer {jwt}");
    let scope = "scope=repository:acme/app:pull,push,delete";
    let endpoint = format!("{}/auth/token", server.url);
    let url = format!("{endpoint}?service=registry&{scope}");
    let exchange = format!(
        "grant_type=urn:ietf:params:oauth:grant-type:token-exchange&subject_token={jwt}\
         &subject_token_type=urn:ietf:params:oauth:token-type:jwt&service=registry&{scope}"
    );
    for answer in [
        ask(&server, &jwt, "repository:acme/app:pull,push,delete"),
        curl(&["--header", &bearer, &url]),
        curl(&["--data", &exchange, &endpoint]),
    ] {
        let answer = answer.is(200);
        // Nothing longer-lived comes of it.
        assert!(answer.json().get("refresh_token").is_none(), "{answer}");
        let token = answer.token();
        assert_eq!(token.claims["sub"], "github:acme/app");
        assert_eq!(token.actions("repository", "acme/app").unwrap(), "pull,push");
        assert!(token.claims["exp"].as_u64().unwrap() <= now + 120, "{}", token.claims);
    }
    let line = &server.requests(1)[0];
    assert_eq!((&line["source"], &line["account"]), (&json!("workload github"), &json!("github:acme/app")));
    server.never_told(&[&jwt]);
}

#[test]
fn what_a_branch_is_named_opens_nothing() {
    let (place, issuer) = (Place::new(), Issuer::start());
    let server = trusting(&place, &issuer);
    for name in ["acme/*", "acme/../../.*/", "/.*/", "${account}", "acme/?pp"] {
        let mut claims = job("acme/app", "main");
        claims["repository"] = json!(name);
        let token = ask(&server, &issuer.token(&claims), "repository:acme/app:pull").is(200).token();
        assert_eq!(token.actions("repository", "acme/app").unwrap(), "", "{name}");
    }
}

#[test]
fn tokens_that_are_not_good_are_refused() {
    let (place, issuer) = (Place::new(), Issuer::start());
    let server = trusting(&place, &issuer);
    let scope = "repository:acme/app:pull";
    let mut expired = job("acme/app", "main");
    (expired["iat"], expired["nbf"], expired["exp"]) = (json!(1_000), json!(1_000), json!(1_300));
    let mut elsewhere = job("acme/app", "main");
    elsewhere["aud"] = json!("https://github.com/acme");
    for claims in [expired, elsewhere, job("evil/app", "main")] {
        ask(&server, &issuer.token(&claims), scope).is_error(401);
    }
    issuer.rotate();
    ask(&server, &issuer.token(&job("acme/app", "main")), scope).is(200);
    ask(&server, &Issuer::start().token(&job("acme/app", "main")), scope).is_error(401);
}

#[test]
fn the_server_starts_without_the_issuer() {
    let (place, issuer) = (Place::new(), Issuer::start());
    issuer.go_away(true);
    let server = trusting(&place, &issuer);
    let jwt = issuer.token(&job("acme/app", "main"));
    let scope = "repository:acme/app:pull";
    let answer = ask(&server, &jwt, scope).is_error(503);
    assert!(!answer.body.contains("127.0.0.1"), "{answer}");
    server.wait_for_log("cannot ask for an issuer's keys");
    // Everyone else is served.
    server.ask(Some("admin:badmin"), &[scope]).is(200);
    issuer.go_away(false);
    ask(&server, &jwt, scope).is(200);
    // And what is known is known, after a change of the configuration, too.
    issuer.go_away(true);
    ask(&server, &jwt, scope).is(200);
    server.signal("HUP");
    server.wait_for_log("configuration loaded again");
    ask(&server, &jwt, scope).is(200);
}
