//! Every kind of signing key, every form that it may be written in, and every way to present it, before a registry.

use token_auth_tests::{Image, KeyPair, Place, Registry, RegistrySetup, Server, Skopeo, Token, openssl};

/// Asserts that a registry lets in whoever has a token of this server.
#[track_caller]
fn opens(registry: &Registry, server: &Server) -> Token {
    let token = server.token(Some("admin:badmin"), &["repository:app:pull,push"]);
    let post = ["--request", "POST", "--data", ""];
    registry.ask("/v2/app/blobs/uploads/", Some(&token), &post).is(202);
    registry.ask("/v2/another/blobs/uploads/", Some(&token), &post).is(401);
    token
}

fn has(token: &Token, member: &str) -> bool {
    token.header.get(member).is_some()
}

#[test]
fn keys_that_generate_key_makes() {
    for (kind, algorithm) in [
        ("p256", "ES256"),
        ("p384", "ES384"),
        ("rsa2048", "RS256"),
        ("rsa3072", "RS256"),
        ("rsa4096", "RS256"),
    ] {
        let place = Place::new();
        KeyPair::generate(&place, "token", kind);
        let server = Server::usual(&place);
        let registry = Registry::trusting(&place, &server).start();
        let token = opens(&registry, &server);
        assert_eq!(token.header["alg"], algorithm, "{kind}");
    }
}

#[test]
fn keys_that_openssl_makes() {
    let rsa = |bits: &'static str| {
        ["genpkey", "-quiet", "-algorithm", "RSA", "-pkeyopt", bits, "-out", "token.key"]
    };
    let ec = |curve: &'static str| ["genpkey", "-algorithm", "EC", "-pkeyopt", curve, "-out", "token.key"];
    let sec1 = |curve| ["ecparam", "-genkey", "-name", curve, "-out", "token.key"];
    for (command, form, algorithm) in [
        (&rsa("rsa_keygen_bits:2048")[..], "PRIVATE KEY", "RS256"),
        (&rsa("rsa_keygen_bits:3072"), "PRIVATE KEY", "RS256"),
        (&["genrsa", "-traditional", "-out", "token.key", "2048"], "RSA PRIVATE KEY", "RS256"),
        (&ec("ec_paramgen_curve:P-256"), "PRIVATE KEY", "ES256"),
        (&ec("ec_paramgen_curve:P-384"), "PRIVATE KEY", "ES384"),
        // With a block of parameters before the key.
        (&sec1("prime256v1"), "EC PRIVATE KEY", "ES256"),
        (&sec1("secp384r1"), "EC PRIVATE KEY", "ES384"),
    ] {
        let place = Place::new();
        openssl(place.path(), command).ok();
        assert!(place.read("token.key").contains(&format!("-----BEGIN {form}-----")), "{command:?}");
        KeyPair::self_sign(&place, "token");
        let server = Server::usual(&place);
        let registry = Registry::trusting(&place, &server).start();
        let token = opens(&registry, &server);
        assert_eq!(token.header["alg"], algorithm, "{command:?}");
    }
}

#[test]
fn the_usual_header_carries_the_certificate_and_a_key_id() {
    let place = Place::new();
    let server = Server::usual(&place);
    let registry = Registry::trusting(&place, &server).start();
    let token = opens(&registry, &server);
    assert_eq!(token.header["x5c"].as_array().map(Vec::len), Some(1));
    // Libtrust's form.
    assert_eq!(token.header["kid"].as_str().map(|kid| kid.split(':').count()), Some(12));
    assert!(token.claims["aud"].is_string());
}

#[test]
fn the_registry_trusts_the_root_of_a_chain() {
    let place = Place::new();
    let (_, root) = KeyPair::chain(&place, "token");
    let server = Server::usual(&place);
    let registry = Registry::trusting(&place, &server).bundle(&root).start();
    let token = opens(&registry, &server);
    assert_eq!(token.header["x5c"].as_array().map(Vec::len), Some(2));
    let image = Image::new(&place, "hello");
    let admin = Skopeo::new(&place, &registry).logged_in("admin", "badmin");
    admin.push(&image, "app:1").ok();
    admin.pull("app:1").ok();
}

#[test]
fn an_expired_certificate_leaves_the_key_id() {
    let place = Place::new();
    openssl(place.path(), &["genpkey", "-quiet", "-algorithm", "RSA", "-out", "token.key"]).ok();
    KeyPair::self_sign_expired(&place, "token");
    let server = Server::usual(&place);
    let registry = Registry::trusting(&place, &server).start();
    let token = opens(&registry, &server);
    assert!(!has(&token, "x5c") && has(&token, "kid"), "{}", token.header);
    assert!(server.log().contains("expired"), "the operator is not told: {}", server.log());
}

#[test]
fn either_key_id_is_good_beside_a_certificate() {
    let place = Place::new();
    let config = Server::USUAL.replace("expiration: 900", "expiration: 900\n  disable_legacy_key_id: true");
    let server = Server::with(&place, &config);
    let registry = Registry::trusting(&place, &server).start();
    let token = opens(&registry, &server);
    // SHA-256, base64url (RFC 7638).
    assert_eq!(token.header["kid"].as_str().map(str::len), Some(43));
    let keys = token_auth_tests::curl(&[&format!("{}/.well-known/jwks.json", server.url)]).is(200).json();
    let ids: Vec<_> = keys["keys"].as_array().into_iter().flatten().map(|key| &key["kid"]).collect();
    assert!(ids.contains(&&token.header["kid"]), "{keys}");
}

#[test]
fn the_key_id_alone_is_good_too() {
    let place = Place::new();
    let server =
        Server::with(&place, &Server::USUAL.replace("expiration: 900", "expiration: 900\n  x5c: false"));
    let registry = Registry::trusting(&place, &server).start();
    assert!(!has(&opens(&registry, &server), "x5c"));
}

#[test]
fn a_registry_that_trusts_another_key_refuses() {
    let place = Place::new();
    let server = Server::usual(&place);
    let other = KeyPair::generate(&place, "other", "p256");
    let registry = Registry::trusting(&place, &server).bundle(&other.certificate).start();
    let token = server.token(Some("admin:badmin"), &["repository:app:pull"]);
    registry.ask("/v2/app/tags/list", Some(&token), &[]).is(401);
}

#[test]
fn a_registry_with_another_issuer_refuses() {
    let place = Place::new();
    let server = Server::usual(&place);
    let setup: RegistrySetup = Registry::trusting(&place, &server);
    let registry = setup.environment("REGISTRY_AUTH_TOKEN_ISSUER", "Somebody else").start();
    let token = server.token(Some("admin:badmin"), &["repository:app:pull"]);
    registry.ask("/v2/app/tags/list", Some(&token), &[]).is(401);
}
