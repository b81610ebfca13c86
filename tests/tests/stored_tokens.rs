//! Identity tokens and personal access tokens, as docker, skopeo and podman use them.

#![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "test code fails by panicking")]

use std::fs;

use serde_json::Value;
use token_auth_tests::{
    Answer, Docker, Finished, Image, Place, Podman, Registry, Server, Skopeo, curl, docker_auth, run,
};

/// The usual configuration, with a store of tokens.
fn config() -> String {
    format!("{}\ntokens:\n  store: {{path: tokens.redb}}\n", Server::USUAL)
}

struct Scene {
    place: Place,
    server: Server,
    registry: Registry,
    image: Image,
}

impl Scene {
    fn new() -> Self {
        let place = Place::new();
        let server = Server::with(&place, &config());
        let registry = Registry::trusting(&place, &server).start();
        let image = Image::new(&place, "hello");
        Self { place, server, registry, image }
    }

    fn skopeo(&self) -> Skopeo {
        Skopeo::new(&self.place, &self.registry)
    }
}

/// Runs `docker-auth tokens`.
fn tokens(place: &Place, arguments: &[&str]) -> Finished {
    run(docker_auth().current_dir(place.path()).arg("tokens").args(arguments), "")
}

fn list(place: &Place, arguments: &[&str]) -> Vec<Value> {
    let finished = tokens(place, &[&["list", "config.yml", "--json"], arguments].concat()).ok();
    serde_json::from_str(&finished.stdout).unwrap()
}

fn create(place: &Place, arguments: &[&str]) -> String {
    let command = ["create", "config.yml", "--account", "alice", "--name", "ci"];
    tokens(place, &[&command, arguments].concat()).ok().stdout.trim_end().to_owned()
}

fn post(server: &Server, form: &str) -> Answer {
    curl(&["--data", form, &format!("{}/auth", server.url)])
}

fn refresh(server: &Server, token: &str) -> Answer {
    post(server, &format!("grant_type=refresh_token&service=registry&client_id=test&refresh_token={token}"))
}

fn login(server: &Server, credentials: &str) -> Answer {
    let query = "service=registry&client_id=docker&offline_token=true&account=alice";
    curl(&["--user", credentials, &format!("{}/auth?{query}", server.url)])
}

fn refresh_token(server: &Server) -> String {
    login(server, "alice:alice-password").is(200).json()["refresh_token"].as_str().unwrap().to_owned()
}

#[test]
fn docker_keeps_no_password_and_tools_that_read_its_logins_still_pull() {
    let scene = Scene::new();
    let alice = scene.skopeo().logged_in("alice", "alice-password");
    alice.push_schema2(&scene.image, "alice/app:1").ok();
    let docker = Docker::new(&scene.place, &scene.registry);
    docker.login("alice", "alice-password").ok();
    let kept = fs::read_to_string(docker.config()).unwrap();
    let logins: Value = serde_json::from_str(&kept).unwrap();
    let entry = logins["auths"].as_object().unwrap().values().next().unwrap();
    assert!(entry["identitytoken"].as_str().unwrap().starts_with("tar_"), "{kept}");
    // `alice:alice-password`, plain or in base 64.
    for password in ["alice-password", "YWxpY2UtcGFzc3dvcmQ", "YWxpY2U6YWxpY2UtcGFzc3dvcmQ"] {
        assert!(!kept.contains(password), "{kept}");
    }
    assert!(docker.manifest("alice/app:1").ok().stdout.contains("layers"));
    docker.manifest("bob/app:1").fails();
    let skopeo = scene.skopeo().with_logins(&docker.config());
    skopeo.pull("alice/app:1").ok();
    skopeo.push(&scene.image, "alice/app:2").ok();
    skopeo.push(&scene.image, "bob/app:1").fails_with("denied");
    Podman::new(&scene.place, &scene.registry).with_logins(&docker.config()).pull("alice/app:1").ok();

    let records = list(&scene.place, &[]);
    let [record] = records.as_slice() else { panic!("{records:?}") };
    assert_eq!((&record["account"], &record["kind"]), (&"alice".into(), &"refresh".into()));
    assert!(record["last_used"].is_u64() && record["last_client"].is_string(), "{record}");
    assert_eq!(record["last_address"], "127.0.0.1");

    tokens(&scene.place, &["revoke", "config.yml", record["id"].as_str().unwrap()]).ok();
    docker.manifest("alice/app:1").fails();
    skopeo.pull("alice/app:1").fails();
    docker.login("alice", "alice-password").ok();
    docker.manifest("alice/app:1").ok();
    let secret = entry["identitytoken"].as_str().unwrap().split('_').nth(2).unwrap();
    scene.server.never_told(&["alice-password", secret]);
}

#[test]
fn a_personal_token_is_a_password_that_may_do_less() {
    let scene = Scene::new();
    let admin = scene.skopeo().logged_in("admin", "badmin");
    for name in ["alice/app:1", "alice/other:1", "bob/app:1"] {
        admin.push_schema2(&scene.image, name).ok();
    }
    let scopes = ["--scope", "repository:alice/app:pull", "--scope", "repository:bob/**:pull"];
    let token = create(&scene.place, &[&scopes[..], &["--network", "127.0.0.0/8"]].concat());
    let docker = Docker::new(&scene.place, &scene.registry);
    docker.login("alice", &token).ok();
    docker.manifest("alice/app:1").ok();
    docker.manifest("alice/other:1").fails();
    // Allowed by the token, and not to alice.
    docker.manifest("bob/app:1").fails();
    let skopeo = scene.skopeo().logged_in("alice", &token);
    skopeo.pull("alice/app:1").ok();
    skopeo.push(&scene.image, "alice/app:2").fails_with("denied");
    scene.skopeo().login("bob", &token).fails();
    assert_eq!(login(&scene.server, &format!("alice:{token}")).is(200).json().get("refresh_token"), None);
    refresh(&scene.server, &token).is_error(401);

    let elsewhere = create(&scene.place, &["--network", "192.0.2.0/24"]);
    login(&scene.server, &format!("alice:{elsewhere}")).is_error(401);

    let table = tokens(&scene.place, &["list", "config.yml", "--kind", "personal"]).ok().stdout;
    assert!(table.contains("repository:alice/app:pull") && table.contains("192.0.2.0/24"), "{table}");
    tokens(&scene.place, &["revoke", "config.yml", "--account", "alice", "--kind", "personal"]).ok();
    docker.manifest("alice/app:1").fails();
    skopeo.pull("alice/app:1").fails();
    scene.server.never_told(&[&token, &elsewhere]);
}

#[test]
fn the_refresh_grant_answers_as_the_specification_says() {
    let place = Place::new();
    let server = Server::with(&place, &config());
    let token = refresh_token(&server);
    let scopes = "scope=repository:alice/a:pull%20repository:bob/b:pull&scope=repository:alice/c:push,pull";
    let form = format!("grant_type=refresh_token&service=registry&refresh_token={token}&{scopes}");
    let answer = post(&server, &form).is(200);
    let body = answer.json();
    assert_eq!(body["refresh_token"], token.as_str());
    assert_eq!(body["scope"], "repository:alice/a:pull repository:alice/c:pull,push");
    assert_eq!((&body["token"], &body["expires_in"]), (&body["access_token"], &900.into()));
    assert!(body["issued_at"].is_string(), "{body}");
    assert_eq!(answer.token().claims["sub"], "alice");
    for (form, status, error) in [
        (form.replace("service=registry", "service=other"), 401, "invalid_grant"),
        (form.replace("tar_", "tar_x"), 401, "invalid_grant"),
        ("grant_type=refresh_token&refresh_token=".to_owned(), 400, "invalid_request"),
        (format!("{form}&refresh_token=again"), 400, "invalid_request"),
        ("grant_type=password&username=alice&password=wrong".to_owned(), 401, "invalid_grant"),
        ("grant_type=client_credentials".to_owned(), 400, "unsupported_grant_type"),
        (format!("grant_type=refresh_token&refresh_token={token}&scope=x"), 400, "invalid_scope"),
    ] {
        let answer = post(&server, &form).is_error(status);
        assert_eq!(answer.json()["error"], error, "{form}");
    }
    let url = format!("{}/auth?grant_type=refresh_token&refresh_token={token}", server.url);
    curl(&[&url]).is_error(400);
    let access = body["access_token"].as_str().unwrap();
    refresh(&server, access).is_error(401);
    login(&server, &format!("alice:{token}")).is_error(401);
}

#[test]
fn commands_work_beside_a_running_server_and_without_one() {
    let place = Place::new();
    let server = Server::with(&place, &config());
    let token = refresh_token(&server);
    assert_eq!(list(&place, &[]).len(), 1);
    // Another server cannot have the store, and looking at the configuration needs none.
    run(docker_auth().current_dir(place.path()).args(["check", "config.yml"]), "").ok();
    let other = ["config.yml", "--listen", "127.0.0.1:0"];
    run(docker_auth().current_dir(place.path()).args(other), "")
        .fails_with("another process has the token store open");
    let mode = |name: &str| {
        use std::os::unix::fs::PermissionsExt as _;
        fs::metadata(place.at(name)).unwrap().permissions().mode() & 0o777
    };
    assert_eq!((mode("tokens.redb"), mode("tokens.redb.sock")), (0o600, 0o600));
    server.signal("TERM");
    assert!(server.finish().status.success());
    assert!(!place.at("tokens.redb.sock").exists());

    // Nothing runs: the store is opened.
    let command = ["create", "config.yml", "--name", "ci", "--account"];
    tokens(&place, &[&command[..], &["alice", "--unlimited"]].concat()).fails_with("366 days");
    tokens(&place, &[&command[..], &["nobody"]].concat()).fails_with("no source knows");
    tokens(&place, &[&command[..], &["alice", "--scope", "repository:[:pull"]].concat()).fails_with("scope");
    let personal = create(&place, &["--days", "7"]);
    let records = list(&place, &["--account", "alice"]);
    assert_eq!(records.len(), 2);
    assert!(records.iter().all(|record| record.get("secret").is_none()), "{records:?}");
    let id = token.split('_').nth(1).unwrap();
    let revoked = tokens(&place, &["revoke", "config.yml", id, "--json"]).ok().stdout;
    assert_eq!(revoked.trim_end(), r#"{"revoked":1}"#);
    tokens(&place, &["revoke", "config.yml", id]).fails_with("there is no token");

    let server = Server::with(&place, &config());
    refresh(&server, &token).is_error(401);
    login(&server, &format!("alice:{personal}")).is(200);
    assert_eq!(list(&place, &["--kind", "refresh"]).len(), 0);
}

#[test]
fn a_reload_keeps_the_store_and_a_changed_password_ends_its_tokens() {
    let place = Place::new();
    let server = Server::with(&place, &config());
    let token = refresh_token(&server);
    place.replace("config.yml", &config().replace("expiration: 900", "expiration: 600"));
    server.wait_for_log("configuration loaded again");
    assert_eq!(refresh(&server, &token).is(200).json()["expires_in"], 600);
    assert_eq!(list(&place, &[]).len(), 1);
    // alice's hash becomes bob's.
    let usual = config();
    let hash = |name: &str| {
        usual.split(&format!("\"{name}\":")).nth(1).unwrap().split('"').nth(1).unwrap().to_owned()
    };
    place.replace("config.yml", &usual.replace(&hash("alice"), &hash("bob")));
    server.wait_for_logs("configuration loaded again", 2);
    let answer = refresh(&server, &token).is_error(401);
    assert_eq!(answer.json()["error"], "invalid_grant");
    server.wait_for_log("password has changed");
    place.replace("config.yml", &usual);
    server.wait_for_logs("configuration loaded again", 3);
    refresh(&server, &token).is(200);
    place.replace("config.yml", Server::USUAL);
    server.wait_for_logs("configuration loaded again", 4);
    assert_eq!(refresh(&server, &token).is_error(400).json()["error"], "unsupported_grant_type");
    tokens(&place, &["list", "config.yml"]).fails_with("no block `tokens`");
}
