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
        "-2.8 rootcertbundle, +3.0 rootcertbundle, -3.0 jwks, +3.1 rootcertbundle, -3.1 jwks, +zot cert";
    let edwards_id =
        "-2.8 rootcertbundle, -3.0 rootcertbundle, +3.0 jwks, -3.1 rootcertbundle, +3.1 jwks, +zot cert";
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
        ("ed25519", "x5c: true", edwards, "2.8", "does not start"),
        ("ed25519", "x5c: false", edwards_id, "2.8", "does not start"),
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

/// From P-256 to Ed25519: the next key is published, and 2.8 would not start with its certificate.
#[test]
fn a_certificate_with_which_a_registry_does_not_start_is_left_out() {
    let place = with_key("p256");
    KeyPair::generate(&place, "next", "ed25519");
    let config = token_keys("published_keys: [{file: next.pem}]");
    place.write("config.yml", &config);
    let server = ServerSetup::new(&place).arg("config.yml").start();
    let realm = format!("{}/auth", server.url);
    let finished = doctor(&place, &config, &["--write", "files", "--realm", &realm]);
    assert_eq!(finished.status.code(), Some(1));
    let said = "registry 2.8 with rootcertbundle: does not start: it does not start with the certificate of";
    assert!(finished.stdout.contains(said), "{finished}");
    assert!(finished.stdout.contains("leave it out, as --write does, and it accepts"), "{finished}");
    finished.fails_with("not accepted by 2.8");
    let certificates = |file: &str| place.read(file).matches("BEGIN CERTIFICATE").count();
    assert_eq!(certificates("files/rootcertbundle.pem"), 1);
    assert_eq!(certificates("files/rootcertbundle-3.0-3.1-zot.pem"), 2);
    assert!(place.read("files/registry-auth-3.0-3.1-zot.yml").contains("signingalgorithms: [ES256, EdDSA]"));
    let registry = RegistrySetup::new(&place).configured(&place.read("files/registry-auth.yml")).start();
    let image = Image::new(&place, "hello");
    Skopeo::new(&place, &registry).logged_in("admin", "badmin").push(&image, "app:1").ok();

    // Who has newer ones only, has them with both.
    let newer = ["--registry", "3.0", "--registry", "3.1", "--write", "newer"];
    doctor(&place, &config, &newer).ok();
    assert_eq!(certificates("newer/rootcertbundle.pem"), 2);
    assert!(place.read("newer/registry-auth.yml").contains("signingalgorithms: [ES256, EdDSA]"));
    // And the other way round.
    let older = ["--registry", "2.8", "--write", "older", "--realm", &realm];
    doctor(&place, &config, &older).fails_with("not accepted by 2.8");
    assert_eq!(certificates("older/rootcertbundle.pem"), 1);
    RegistrySetup::new(&place).configured(&place.read("older/registry-auth.yml")).start();
}

#[test]
fn what_a_registry_cannot_load_is_a_verdict_of_its_own() {
    let place = Place::new();
    KeyPair::self_sign_with(&place, "p256", &["-set_serial", "-7"]);
    let config = Server::USUAL.replace("token.pem", "p256.pem").replace("token.key", "p256.key");
    let finished = doctor(&place, &config, &["--write", "files"]);
    for registry in ["3.0", "3.1"] {
        let said = format!("registry {registry} with rootcertbundle: does not start");
        assert!(finished.stdout.contains(&said), "{finished}");
    }
    assert!(finished.stdout.contains("registry 2.8 with rootcertbundle: accepts"), "{finished}");
    finished.fails_with("not accepted by 3.0, 3.1");
    assert!(place.read("files/rootcertbundle.pem").contains("BEGIN CERTIFICATE"));

    KeyPair::self_sign_with(&place, "p256", &["-addext", "1.2.3.4=critical,ASN1:NULL"]);
    let finished = doctor(&place, &config, &[]);
    assert!(finished.stdout.contains("2.8 with rootcertbundle: refuses: the certificate that"), "{finished}");
    finished.fails_with("not accepted by 2.8, 3.0, 3.1");

    KeyPair::self_sign_with(&place, "p256", &[]);
    let listed = |algorithm: &str| {
        doctor(
            &place,
            &config,
            &["--registry", "3.1", "--signing-algorithm", "RS256", "--signing-algorithm", algorithm],
        )
    };
    listed("ES256").ok();
    listed("ES384").fails_with("not accepted by 3.1");
}
