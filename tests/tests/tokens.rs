//! What a token says, judged by others than the server: the library's verifier, openssl, a registry.

#![allow(clippy::unwrap_used, reason = "test code fails by panicking")]

use std::fs;
use std::time::{Duration, SystemTime};

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use token_auth_core::ResourceScope;
use token_auth_core::token::{AccessEntry, CertificateChain, Claims, JwkSet, Signer, SigningKey, Verifier};
use token_auth_tests::{KeyPair, Place, Registry, Server, Token, curl, openssl};

#[test]
fn a_registry_refuses_an_expired_token() {
    let place = Place::new();
    let server = Server::usual(&place);
    let registry = Registry::trusting(&place, &server).start();
    let signer = signer(&place);
    let ask = |age: Duration| {
        let token = sign(&signer, SystemTime::now() - age, Duration::from_secs(300));
        registry.ask("/v2/app/tags/list", Some(&token), &[]).status
    };
    // Let in: there is no such repository.
    assert_eq!(ask(Duration::ZERO), 404);
    // Registries allow a minute.
    assert_eq!(ask(Duration::from_secs(300 + 50)), 404);
    assert_eq!(ask(Duration::from_secs(300 + 70)), 401);
    assert_eq!(ask(Duration::from_secs(24 * 3600)), 401);
}

/// Signs with the server's own key.
fn signer(place: &Place) -> Signer {
    let key = SigningKey::from_pem(&fs::read(place.at("token.key")).unwrap()).unwrap();
    let chain = CertificateChain::from_pem(&fs::read(place.at("token.pem")).unwrap()).unwrap();
    Signer::new(key).unwrap().with_certificates(chain).unwrap()
}

fn sign(signer: &Signer, now: SystemTime, lifetime: Duration) -> Token {
    let mut claims = Claims::new(Server::ISSUER, "admin", "registry", now, lifetime);
    let scope: ResourceScope = "repository:app:pull".parse().unwrap();
    claims.access.push(AccessEntry::new(&scope, scope.actions().clone()));
    Token::parse(&signer.sign_now(&claims).unwrap())
}

#[test]
fn the_published_keys_verify_the_tokens() {
    for kind in ["p256", "p384", "rsa2048", "ed25519"] {
        let place = Place::new();
        KeyPair::generate(&place, "token", kind);
        let server = Server::usual(&place);
        let answer = curl(&[&format!("{}/.well-known/jwks.json", server.url)]).is(200);
        let private = ["\"d\"", "\"p\"", "\"q\"", "\"dp\"", "\"dq\"", "\"qi\""];
        assert!(private.iter().all(|member| !answer.body.contains(member)), "{answer}");
        let keys: JwkSet = serde_json::from_str(&answer.body).unwrap();
        let verifier = Verifier::builder(Server::ISSUER, "registry").jwks(&keys).unwrap().build().unwrap();
        let token = server.token(Some("alice:alice-password"), &["repository:alice/app:pull"]);
        let verified = verifier.verify(&token.text, SystemTime::now()).unwrap();
        assert_eq!(verified.account(), "alice");
        assert!(verified.allows("repository", "alice/app", "pull"));
    }
}

#[test]
fn openssl_verifies_an_ed25519_token() {
    let place = Place::new();
    KeyPair::generate(&place, "token", "ed25519");
    let server = Server::usual(&place);
    let token = server.token(Some("admin:badmin"), &["repository:app:pull"]);
    assert_eq!(token.header["alg"], "EdDSA");
    let (message, signature) = token.text.rsplit_once('.').unwrap();
    place.write("message", message);
    fs::write(place.at("signature"), URL_SAFE_NO_PAD.decode(signature).unwrap()).unwrap();
    let verify = ["pkeyutl", "-verify", "-certin", "-inkey", "token.pem", "-rawin", "-in", "message"];
    openssl(place.path(), &[&verify[..], &["-sigfile", "signature"]].concat()).ok();
}

#[test]
fn the_answer_says_how_long_the_token_lives() {
    let place = Place::new();
    let server = Server::usual(&place);
    let answer = server.ask(Some("alice:alice-password"), &["repository:alice/app:push,pull"]).is(200);
    assert_eq!(answer.header("cache-control"), Some("no-store"));
    let answer = answer.json();
    assert_eq!(answer["token"], answer["access_token"]);
    assert_eq!(answer["expires_in"], 900);
    assert!(answer["issued_at"].as_str().is_some_and(|time| time.ends_with('Z')), "{answer}");
    let token = Token::parse(answer["token"].as_str().unwrap());
    let claims = &token.claims;
    assert_eq!(
        (&claims["iss"], &claims["sub"], &claims["aud"]),
        (&"Acme auth server".into(), &"alice".into(), &"registry".into())
    );
    let now = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap().as_secs();
    let time = |name: &str| claims[name].as_u64().unwrap();
    assert!((now + 840..=now + 900).contains(&time("exp")), "{claims}");
    // Not from the future, for registries whose clock is behind.
    assert!((now - 60..now).contains(&time("nbf")) && (now - 60..now).contains(&time("iat")), "{claims}");
    assert_eq!(token.actions("repository", "alice/app").as_deref(), Some("pull,push"));
}

#[test]
fn no_permission_is_a_token_without_actions() {
    let place = Place::new();
    let server = Server::usual(&place);
    let scopes = ["repository:bob/app:pull,push", "repository:public/app:pull,push", "repository:alice/x:*"];
    let token = server.token(Some("alice:alice-password"), &scopes);
    assert_eq!(token.actions("repository", "bob/app").as_deref(), Some(""));
    assert_eq!(token.actions("repository", "public/app").as_deref(), Some("pull"));
    assert_eq!(token.actions("repository", "alice/x").as_deref(), Some("*"));
    assert_eq!(server.token(None, &[]).claims["access"], serde_json::json!([]));
}

#[test]
fn the_form_of_the_question_does_not_matter() {
    let place = Place::new();
    let server = Server::usual(&place);
    let (auth, also) = (format!("{}/auth", server.url), format!("{}/auth/token", server.url));
    let user = ["--user", "alice:alice-password"];
    let scope = "scope=repository:alice/a:pull%20repository:alice/b:push,pull";
    let query = format!("{auth}?service=registry&{scope}");
    let other_path =
        format!("{also}?service=registry&scope=repository:alice/a:pull&scope=repository:alice/b:pull,push");
    let form = format!("grant_type=password&username=alice&password=alice-password&service=registry&{scope}");
    let utf8 = ["--header", "Content-Type: application/x-www-form-urlencoded; charset=utf-8"];
    for arguments in [
        vec![user[0], user[1], &query],
        vec![user[0], user[1], &other_path],
        vec!["--data", &form, &auth],
        vec![utf8[0], utf8[1], "--data", &form, &also],
    ] {
        let token = curl(&arguments).is(200).token();
        assert_eq!(token.claims["sub"], "alice");
        assert_eq!(token.actions("repository", "alice/a").as_deref(), Some("pull"));
        assert_eq!(token.actions("repository", "alice/b").as_deref(), Some("pull,push"));
    }
}

#[test]
fn an_account_without_credentials_is_anonymous() {
    let place = Place::new();
    let server = Server::usual(&place);
    let url = format!("{}/auth?account=admin&service=registry&scope=repository:app:pull", server.url);
    let token = curl(&[&url]).is(200).token();
    assert_eq!(token.claims["sub"], "");
    assert_eq!(token.actions("repository", "app").as_deref(), Some(""));
}

#[test]
fn ids_are_never_used_twice() {
    let place = Place::new();
    let server = Server::usual(&place);
    let ids: std::collections::BTreeSet<String> =
        (0..20).map(|_| server.token(None, &[]).claims["jti"].as_str().unwrap().to_owned()).collect();
    assert_eq!(ids.len(), 20);
    assert!(ids.iter().all(|id| id.len() >= 16), "{ids:?}");
}
