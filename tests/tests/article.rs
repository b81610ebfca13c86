//! A published guide to docker_auth, followed to the letter: its commands, its configuration file, its environment.
//!
//! Only what a container would map differs: the port, and where the registry finds the certificate. The folder `/config`
//! is mapped.

#![allow(clippy::unwrap_used, clippy::expect_used, reason = "test code fails by panicking")]

use std::process::Command;

use token_auth_tests::{Image, Place, Registry, RegistrySetup, Server, ServerSetup, Skopeo, run};

const MAKE_KEY: &str = include_str!("../data/article/make-key.sh");
const AUTH_CONFIG: &str = include_str!("../data/article/auth_config.yml");
const COMPOSE: &str = include_str!("../data/article/registry-auth.yml");

/// What someone types at openssl's questions: country, state, town, organization, unit, name, mail, and two extras.
const ANSWERS: &str = "FI\n\nHelsinki\nAcme\n\nauth.acme.example\n\n\n\n";

#[test]
fn the_administrator_does_everything() {
    let place = Place::new();
    let (_server, registry) = follow(&place);
    let admin = Skopeo::new(&place, &registry).logged_in("admin", "badmin");
    let image = Image::new(&place, "hello");
    for name in ["hello-world", "some/deep/repository"] {
        admin.push(&image, &format!("{name}:latest")).ok();
        admin.push(&image, &format!("{name}:v1")).ok();
        admin.pull(&format!("{name}:v1")).ok();
        let tags = admin.tags(name).ok().stdout;
        assert!(tags.contains("\"latest\"") && tags.contains("\"v1\""), "{tags}");
    }
}

#[test]
fn everyone_pulls_hello_world_and_nothing_else() {
    let place = Place::new();
    let (_server, registry) = follow(&place);
    let admin = Skopeo::new(&place, &registry).logged_in("admin", "badmin");
    let image = Image::new(&place, "hello");
    for name in ["hello-world", "hello-world2", "hello/hello-world", "secret"] {
        admin.push(&image, &format!("{name}:latest")).ok();
    }

    let anyone = Skopeo::new(&place, &registry);
    anyone.pull("hello-world:latest").ok();
    assert!(anyone.tags("hello-world").ok().stdout.contains("latest"));
    for name in ["hello-world2", "hello/hello-world", "secret"] {
        anyone.pull(&format!("{name}:latest")).fails_with(DENIED);
        anyone.tags(name).fails_with(DENIED);
    }
    for name in ["hello-world", "secret", "new"] {
        anyone.push(&image, &format!("{name}:latest")).fails_with(DENIED);
    }
}

#[test]
fn a_wrong_password_is_refused() {
    let place = Place::new();
    let (server, registry) = follow(&place);
    let skopeo = Skopeo::new(&place, &registry);
    for (user, password) in [("admin", "badmin2"), ("admin", "Badmin"), ("nobody", "badmin"), ("admin", " ")]
    {
        skopeo.login(user, password).fails_with("invalid username/password");
    }
    // Whoever presents credentials is not anonymous, not even for what everyone may have.
    server.ask(Some("admin:wrong"), &["repository:hello-world:pull"]).is_error(401);
    server.ask(Some("nobody:wrong"), &["repository:hello-world:pull"]).is_error(401);
    server.never_told(&["badmin2", "Badmin", "YWRtaW46d3Jvbmc"]);
}

const DENIED: &str = "denied";

/// Does what the guide says.
fn follow(place: &Place) -> (Server, Registry) {
    let config = place.folder("auth-config");
    run(Command::new("sh").args(["-ec", MAKE_KEY]).current_dir(place.path()), ANSWERS).ok();
    place.write("auth-config/auth_config.yml", AUTH_CONFIG);
    let certificate = config.join("auth.pem");
    let server = ServerSetup::mapped(place, &config, "/config")
        .args(["/config/auth_config.yml", "--listen", "127.0.0.1:0"])
        .certificate(certificate.clone())
        .start();

    let mut setup = RegistrySetup::new(place);
    for (name, value) in environment() {
        let value = value.replace("http://127.0.0.1:5001", &server.url);
        setup =
            setup.environment(name, &value.replace("/auth/certs/auth.pem", certificate.to_str().unwrap()));
    }
    (server, setup.start())
}

/// The environment of the guide's compose file. In YAML, quotes in the middle of an item are part of it: the registry
/// gets them, too.
fn environment() -> Vec<(&'static str, &'static str)> {
    let items = COMPOSE.lines().filter_map(|line| line.trim().strip_prefix("- "));
    let pairs =
        items.map(|item| item.split(" #").next().unwrap_or(item).split_once('=').expect("NAME=VALUE"));
    pairs.collect()
}

#[test]
fn the_environment_keeps_its_quotes() {
    let environment = environment();
    assert_eq!(environment.len(), 5);
    assert!(environment.contains(&("REGISTRY_AUTH_TOKEN_ISSUER", "\"Acme auth server\"")));
    assert!(environment.contains(&("REGISTRY_AUTH", "token")));
}
