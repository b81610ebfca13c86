//! The first start in an empty folder: everything is made, told once, and works.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "test code fails by panicking")]

use std::collections::BTreeMap;
use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};

use token_auth_tests::{Image, Place, RegistrySetup, Server, ServerSetup, Skopeo, until};

fn start(place: &Place) -> Server {
    ServerSetup::bare(place.path()).arg("--listen").arg("127.0.0.1:0").arg("--data-dir").arg("data").start()
}

/// The value that follows this word in what was printed.
fn told(server: &Server, word: &str) -> Option<String> {
    server.stdout().lines().find_map(|line| {
        let rest = line.trim().strip_prefix(word)?;
        Some(rest.trim_start_matches('=').trim().to_owned())
    })
}

fn mode(path: &Path) -> u32 {
    fs::metadata(path).unwrap().permissions().mode() & 0o777
}

/// Every file below a folder, with what is in it.
fn contents(folder: &Path) -> BTreeMap<PathBuf, Vec<u8>> {
    let entries = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
    entries.map(|path| (path.clone(), fs::read(path).unwrap())).collect()
}

#[test]
fn what_is_printed_works() {
    let place = Place::new();
    let server = start(&place);
    let password = told(&server, "password").expect("a password");
    assert!(password.len() >= 16, "{password}");
    assert_eq!(told(&server, "user").as_deref(), Some("admin"));

    let mut setup = RegistrySetup::new(&place);
    let printed = server.stdout();
    let variables: Vec<(&str, &str)> =
        printed.lines().filter_map(|line| line.trim().strip_prefix("REGISTRY_")?.split_once('=')).collect();
    assert!(variables.len() >= 5, "{printed}");
    for (name, value) in variables {
        setup = setup.environment(&format!("REGISTRY_{name}"), value);
    }
    let registry = setup.start();
    let image = Image::new(&place, "hello");
    let admin = Skopeo::new(&place, &registry).logged_in("admin", &password);
    admin.push(&image, "team/app:1").ok();
    admin.pull("team/app:1").ok();
    let anyone = Skopeo::new(&place, &registry);
    anyone.pull("team/app:1").fails();
    anyone.push(&image, "app:1").fails();
    anyone.login("admin", "admin").fails_with("invalid username/password");
    assert!(!server.log().contains(&password), "the password is in the log");
}

#[test]
fn secrets_are_the_owners_alone() {
    let place = Place::new();
    let server = start(&place);
    let folder = place.at("data");
    assert_eq!(mode(&folder), 0o700);
    assert_eq!(mode(&folder.join("token.key")), 0o600);
    assert_eq!(mode(&folder.join("config.yml")), 0o600);
    let password = told(&server, "password").unwrap();
    for (path, content) in contents(&folder) {
        let clear = content.windows(password.len()).any(|window| window == password.as_bytes());
        assert!(!clear, "the password is in {}", path.display());
    }
}

#[test]
fn the_second_start_keeps_everything_and_tells_nothing() {
    let place = Place::new();
    let first = start(&place);
    let password = told(&first, "password").unwrap();
    let credentials = format!("admin:{password}");
    let key = first.token(Some(&credentials), &[]).header["kid"].clone();
    let before = contents(&place.at("data"));
    first.signal("TERM");
    first.finish().ok();

    let second = start(&place);
    assert_eq!(contents(&place.at("data")), before);
    assert!(!second.stdout().contains(&password) && told(&second, "password").is_none());
    assert_eq!(second.token(Some(&credentials), &[]).header["kid"], key);
}

/// Without `--listen`, the second start is where the first one was: the registry is told that address.
#[test]
fn the_address_stays() {
    let place = Place::new();
    let first = start(&place);
    let realm = told(&first, "REGISTRY_AUTH_TOKEN_REALM").unwrap();
    assert_eq!(realm, format!("{}/auth", first.url));
    let url = first.url.clone();
    first.signal("TERM");
    first.finish().ok();
    let second = ServerSetup::bare(place.path()).arg("--data-dir").arg("data").start();
    assert_eq!(second.url, url);
}

#[test]
fn two_machines_have_nothing_in_common() {
    let (here, there) = (Place::new(), Place::new());
    let (one, other) = (start(&here), start(&there));
    assert_ne!(told(&one, "password"), told(&other, "password"));
    assert_ne!(here.read("data/token.key"), there.read("data/token.key"));
    let password = told(&one, "password").unwrap();
    other.ask(Some(&format!("admin:{password}")), &[]).is_error(401);
}

/// What the configuration that was made says is the documentation that people read first.
#[test]
fn the_configuration_that_was_made_is_good_and_can_be_changed() {
    let place = Place::new();
    let server = start(&place);
    token_auth_tests::run(
        token_auth_tests::docker_auth().args(["check"]).arg(place.at("data/config.yml")),
        "",
    )
    .ok();
    let config = place.read("data/config.yml");
    place.replace("data/config.yml", &config.replace("users:", "users:\n  \"\": {}"));
    server.signal("HUP");
    until("anonymous users", || (server.ask(None, &[]).status == 200).then_some(()));
}
