//! `docker-auth doctor`: which registries accept, and what it writes for them.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::fs;

use token_auth_tests::{
    Finished, Image, KeyPair, Place, RegistrySetup, Server, ServerSetup, Skopeo, docker_auth, run,
};

fn doctor(place: &Place, config: &str, arguments: &[&str]) -> Finished {
    place.write("config.yml", config);
    run(docker_auth().current_dir(place.path()).args(["doctor", "config.yml"]).args(arguments), "")
}

fn with_key(kind: &str) -> Place {
    let place = Place::new();
    KeyPair::generate(&place, "token", kind);
    place
}

fn token_keys(more: &str) -> String {
    Server::USUAL.replace("expiration: 900", &format!("expiration: 900\n  {more}"))
}

/// What it says of each registry in each form: `+` or `-`.
fn verdicts(finished: &Finished) -> String {
    let lines = finished.stdout.lines().filter_map(|line| line.strip_prefix("registry "));
    let short = lines.map(|line| {
        let (who, verdict) = line.split_once(": ").unwrap();
        format!("{}{who}", if verdict == "accepts" { '+' } else { '-' }).replace(" with ", " ")
    });
    short.collect::<Vec<_>>().join(", ")
}

#[test]
fn tells_which_registries_accept_and_why_not() {
    let both =
        "+2.8 rootcertbundle, +3.0 rootcertbundle, -3.0 jwks, +3.1 rootcertbundle, -3.1 jwks, +zot cert";
    let libtrust =
        "+2.8 rootcertbundle, -3.0 rootcertbundle, +3.0 jwks, -3.1 rootcertbundle, +3.1 jwks, +zot cert";
    let thumbprint =
        "-2.8 rootcertbundle, +3.0 rootcertbundle, +3.0 jwks, +3.1 rootcertbundle, +3.1 jwks, +zot cert";
    let edwards =
        "-2.8 rootcertbundle, -3.0 rootcertbundle, -3.0 jwks, +3.1 rootcertbundle, -3.1 jwks, +zot cert";
    for (kind, more, expected, refusing, why) in [
        ("p256", "x5c: true", both, "", "token.x5c: false"),
        ("rsa2048", "disable_legacy_key_id: true", both, "", "token.x5c: false"),
        ("p256", "x5c: false", libtrust, "", "it knows the key by the id"),
        (
            "rsa2048",
            "{x5c: false, disable_legacy_key_id: true}",
            thumbprint,
            "2.8",
            "it knows the key by the id",
        ),
        ("ed25519", "x5c: true", edwards, "2.8, 3.0", "does not verify EdDSA"),
    ] {
        let place = with_key(kind);
        let more = more.trim_matches(['{', '}']).replace(", ", "\n  ");
        let finished = doctor(&place, &token_keys(&more), &[]);
        assert_eq!(verdicts(&finished), expected, "{kind}, {more}\n{finished}");
        assert!(finished.stdout.contains(why), "{finished}");
        match refusing {
            "" => drop(finished.ok()),
            refusing => {
                assert_eq!(finished.status.code(), Some(1));
                drop(finished.fails_with(&format!("not accepted by {refusing}")));
            }
        }
    }
}

#[test]
fn asks_only_for_the_registries_that_are_named() {
    let place = with_key("ed25519");
    doctor(&place, Server::USUAL, &["--registry", "2.8"]).fails_with("not accepted by 2.8");
    let finished = doctor(&place, Server::USUAL, &["--registry", "3.1", "--registry", "zot"]).ok();
    assert_eq!(verdicts(&finished), "+3.1 rootcertbundle, -3.1 jwks, +zot cert");
    doctor(&place, Server::USUAL, &["--registry", "1.0"]).fails_with("2.8, 3.0, 3.1 and zot");
    doctor(&place, "server: {}", &[]).fails_with("config.yml:1: token: is required");
}

#[test]
fn an_expired_certificate_is_told_of() {
    let place = with_key("p256");
    KeyPair::self_sign_expired(&place, "token");
    let finished = doctor(&place, Server::USUAL, &["--registry", "2.8"]).ok();
    assert!(finished.stdout.contains("warning: config.yml:7: token.certificate"), "{finished}");
    // The key id is left, which 3.x knows from the JWK set alone.
    let finished = doctor(&place, Server::USUAL, &[]).ok();
    assert!(
        verdicts(&finished).contains("+2.8 rootcertbundle, -3.0 rootcertbundle, +3.0 jwks"),
        "{finished}"
    );
}

#[test]
fn the_registry_accepts_with_the_files_that_it_writes() {
    let place = with_key("p256");
    KeyPair::chain(&place, "other");
    let rotating = token_keys("published_keys: [{file: other.pem}]");
    place.write("config.yml", &rotating);
    let server = ServerSetup::new(&place).arg("config.yml").start();
    let realm = format!("{}/auth", server.url);
    doctor(&place, &rotating, &["--write", "files", "--realm", &realm]).ok();
    let image = Image::new(&place, "hello");
    let registry = RegistrySetup::new(&place).configured(&place.read("files/registry-auth.yml")).start();
    Skopeo::new(&place, &registry).logged_in("admin", "badmin").push(&image, "app:1").ok();

    // The other pair signs now: the registry has its certificate already.
    let swapped = Server::USUAL.replace("token.pem", "other.pem").replace("token.key", "other.key");
    place.replace("config.yml", &swapped);
    server.signal("HUP");
    server.wait_for_log("another key signs from now on");
    Skopeo::new(&place, &registry).logged_in("admin", "badmin").pull("app:1").ok();

    let jwks = place.read("files/jwks.json");
    assert_eq!(jwks.matches("\"kid\"").count(), 4, "{jwks}");
    assert_eq!(place.read("files/rootcertbundle.pem").matches("BEGIN").count(), 2);
    let zot: serde_json::Value = serde_json::from_str(&place.read("files/zot-auth.json")).unwrap();
    assert_eq!(zot["http"]["auth"]["bearer"]["realm"], realm);
}

#[test]
fn files_are_replaced_only_when_asked_to() {
    let place = with_key("p256");
    let write = |more: &[&str]| doctor(&place, Server::USUAL, &[&["--write", "files"][..], more].concat());
    let told = write(&[]).ok().stdout;
    assert!(told.contains("note: the realm http://127.0.0.1:0/auth is a guess"), "{told}");
    let before = place.read("files/rootcertbundle.pem");
    fs::remove_file(place.at("token.key")).unwrap();
    fs::remove_file(place.at("token.pem")).unwrap();
    KeyPair::generate(&place, "token", "p256");
    write(&[]).fails_with("--overwrite");
    assert_eq!(place.read("files/rootcertbundle.pem"), before);
    write(&["--overwrite"]).ok();
    assert_ne!(place.read("files/rootcertbundle.pem"), before);
    assert!(fs::read_dir(place.at("files")).unwrap().count() == 4);
}
