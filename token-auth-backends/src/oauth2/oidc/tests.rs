//! Tokens that no provider issues, and answers that none gives.

use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::{Duration, UNIX_EPOCH};

use aws_lc_rs::rand::SystemRandom;
use aws_lc_rs::signature::{ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair, KeyPair as _};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde_json::json;
use token_auth_core::hand_over;

use super::*;
use crate::oauth2::Registration;
use crate::oauth2::fake::{Asked, Fake, Told};

const NOW: u64 = 1_800_000_000;

const CHALLENGE: Challenge<'_> = Challenge {
    state: "s",
    nonce: "the-nonce",
    verifier: "verifier-verifier-verifier-verifier-verifier",
    redirect_url: Some("https://auth.example/oidc_auth"),
};

struct Key {
    pair: EcdsaKeyPair,
    id: &'static str,
}

impl Key {
    fn new(id: &'static str) -> Self {
        Self { pair: EcdsaKeyPair::generate(&ECDSA_P256_SHA256_FIXED_SIGNING).unwrap(), id }
    }

    fn jwk(&self) -> Value {
        let point = self.pair.public_key().as_ref();
        let coordinate = |from: usize| URL_SAFE_NO_PAD.encode(&point[from..from + 32]);
        json!({"kty": "EC", "crv": "P-256", "use": "sig", "alg": "ES256", "kid": self.id, "x": coordinate(1), "y": coordinate(33)})
    }

    fn sign(&self, header: &Value, claims: &Value) -> String {
        let part = |value: &Value| URL_SAFE_NO_PAD.encode(value.to_string());
        let signed = format!("{}.{}", part(header), part(claims));
        let signature = self.pair.sign(&SystemRandom::new(), signed.as_bytes()).unwrap();
        format!("{signed}.{}", URL_SAFE_NO_PAD.encode(signature))
    }
}

fn claims(issuer: &str) -> Value {
    json!({
        "iss": issuer, "aud": "client", "sub": "1", "nonce": "the-nonce", "iat": NOW, "exp": NOW + 300,
        "email": "alice@example.com", "email_verified": true, "groups": ["dev"],
    })
}

/// A provider, what it says changed by the tests.
#[derive(Clone, Default)]
struct Script {
    discovery: Value,
    /// Over the claims; null removes one.
    claims: Value,
    header: Value,
    /// Instead of an ID token that is signed.
    token: Option<String>,
    userinfo: Option<Told>,
    foreign_key: bool,
    /// Publishes at first another key under the name of the one that signs.
    rotated: bool,
}

async fn provider(script: Script) -> (Fake, Oidc) {
    let (key, foreign) = (Key::new("k1"), Key::new("k1"));
    let asked_before = AtomicBool::new(false);
    let fake = Fake::start(move |asked: &Asked, own: &str| {
        let merged = |mut base: Value, over: &Value| {
            for (name, value) in over.as_object().into_iter().flatten() {
                base[name] = value.clone();
            }
            base.as_object_mut().unwrap().retain(|_, value| !value.is_null());
            base
        };
        match asked.path.as_str() {
            "/.well-known/openid-configuration" => {
                let said = json!({
                    "issuer": own, "authorization_endpoint": format!("{own}/authorize"), "token_endpoint": format!("{own}/token"),
                    "userinfo_endpoint": format!("{own}/userinfo"), "jwks_uri": format!("{own}/jwks"),
                    "response_types_supported": ["code"], "subject_types_supported": ["public"],
                    "id_token_signing_alg_values_supported": ["ES256", "HS256", "none"],
                });
                (200, "", merged(said, &script.discovery).to_string())
            }
            "/jwks" => {
                let published = if script.rotated && !asked_before.swap(true, Ordering::SeqCst) { &foreign } else { &key };
                (200, "", json!({"keys": [published.jwk(), {"kty": "unheard-of"}]}).to_string())
            }
            "/token" => {
                let header = merged(json!({"alg": "ES256", "kid": "k1"}), &script.header);
                let claims = merged(claims(own), &script.claims);
                let signer = if script.foreign_key { &foreign } else { &key };
                let token = script.token.clone().unwrap_or_else(|| signer.sign(&header, &claims));
                (200, "", json!({"access_token": "secret-access", "token_type": "Bearer", "expires_in": 60, "id_token": token}).to_string())
            }
            "/userinfo" => script.userinfo.clone().unwrap_or((404, "", String::new())),
            _ => (404, "", String::new()),
        }
    })
    .await;
    let registration =
        Registration { client_id: "client".to_owned(), client_secret: Password::new("client-secret") };
    let mut options = OidcOptions::new(fake.url.as_str(), registration);
    options.label_claims = vec!["groups".into()];
    let oidc = Oidc::new("oidc", options).unwrap().with_clock(|| UNIX_EPOCH + Duration::from_secs(NOW));
    (fake, oidc)
}

async fn redeemed(script: Script) -> Result<SignInVerdict, BackendError> {
    let (_fake, oidc) = provider(script).await;
    oidc.redeem(&Password::new("code"), &CHALLENGE).await
}

fn with_claims(claims: Value) -> Script {
    Script { claims, ..Script::default() }
}

#[tokio::test]
async fn a_good_token_tells_who_it_is() {
    for claims in [
        json!({}),
        json!({"exp": NOW - 59}),
        json!({"iat": NOW + 59}),
        json!({"aud": ["client"]}),
        json!({"azp": "client"}),
        json!({"nbf": NOW + 59}),
        // SHA-256 of `secret-access`, its left half.
        json!({"at_hash": "JhPZ48vNdgnvxTKfmEjDlA"}),
        json!({"email_verified": "true"}),
    ] {
        let verdict = redeemed(with_claims(claims.clone())).await.unwrap();
        let SignInVerdict::Known(profile) = verdict else { panic!("{claims}: {verdict:?}") };
        assert_eq!((&*profile.account, &*profile.subject), ("alice@example.com", "1"));
        assert_eq!(serde_json::to_value(&profile.labels).unwrap(), json!({"groups": ["dev"]}));
    }
}

#[tokio::test]
async fn a_bad_token_is_refused() {
    for (claims, reason) in [
        (json!({"iss": "https://evil.example"}), "from another issuer"),
        (json!({"aud": "other"}), "for someone else"),
        (json!({"aud": ["client", "other"]}), "for someone else"),
        (json!({"aud": []}), "for someone else"),
        (json!({"azp": "other"}), "issued to another client"),
        (json!({"nonce": "another"}), "another sign-in"),
        (json!({"nonce": null}), "another sign-in"),
        (json!({"exp": NOW - 60}), "of another time"),
        (json!({"iat": NOW + 61}), "of another time"),
        (json!({"iat": NOW - 4000}), "of another time"),
        (json!({"nbf": NOW + 61}), "not valid yet"),
        (json!({"at_hash": "AAAAAAAAAAAAAAAAAAAAAA"}), "the access token is not"),
        (json!({"exp": null}), "of another time"),
        (json!({"exp": "4102444800"}), "of another time"),
        (json!({"iat": null}), "of another time"),
        (json!({"nbf": "soon"}), "of another time"),
        (json!({"aud": ["client", 7]}), "for someone else"),
        (json!({"aud": null}), "for someone else"),
        (json!({"azp": ["client"]}), "issued to another client"),
        (json!({"nonce": ["the-nonce"]}), "another sign-in"),
        (json!({"at_hash": ["JhPZ48vNdgnvxTKfmEjDlA"]}), "the access token is not"),
        (json!({"at_hash": ""}), "the access token is not"),
        (json!({"sub": null}), "no subject"),
        (json!({"email_verified": false}), "not verified"),
        (json!({"email_verified": "false"}), "not verified"),
        (json!({"email_verified": null}), "not verified"),
        (json!({"email_verified": "True"}), "not verified"),
        (json!({"email_verified": 1}), "not verified"),
        (json!({"email_verified": ["true"]}), "not verified"),
        (json!({"email": "a:b@example.com"}), "cannot be used"),
    ] {
        let userinfo = Some((200, "", json!({"sub": "1"}).to_string()));
        let script = Script { claims: claims.clone(), userinfo, ..Script::default() };
        let verdict = redeemed(script).await.unwrap();
        let SignInVerdict::Refused(refusal) = verdict else { panic!("{claims}: {verdict:?}") };
        assert!(refusal.reason().contains(reason), "{claims}: {refusal:?}");
    }
}

#[tokio::test]
async fn algorithms_are_not_confused() {
    let unsigned = |header: Value| {
        let part = |value: &Value| URL_SAFE_NO_PAD.encode(value.to_string());
        format!("{}.{}.", part(&header), part(&claims("http://x")))
    };
    for (name, script) in [
        ("none", Script { token: Some(unsigned(json!({"alg": "none"}))), ..Script::default() }),
        ("none with a key", Script { header: json!({"alg": "none"}), ..Script::default() }),
        ("the secret as a key", Script { header: json!({"alg": "HS256"}), ..Script::default() }),
        ("another algorithm", Script { header: json!({"alg": "ES384"}), ..Script::default() }),
        ("another type", Script { header: json!({"typ": "at+jwt"}), ..Script::default() }),
        ("critical", Script { header: json!({"crit": ["x"], "x": 1}), ..Script::default() }),
        ("a foreign key", Script { foreign_key: true, ..Script::default() }),
        ("an unknown key", Script { header: json!({"kid": "k9"}), ..Script::default() }),
        ("garbage", Script { token: Some("secret-garbage".to_owned()), ..Script::default() }),
        ("empty", Script { token: Some(String::new()), ..Script::default() }),
    ] {
        let answer = redeemed(script).await;
        assert!(!matches!(answer, Ok(SignInVerdict::Known(_))), "{name}: {answer:?}");
        assert!(!format!("{answer:?}").contains("secret-"), "{name}: {answer:?}");
    }
}

#[tokio::test]
async fn discovery_is_checked_and_kept() {
    for (discovery, reason) in [
        (json!({"issuer": "https://evil.example"}), "another issuer"),
        (json!({"jwks_uri": null}), "is not one"),
        (json!({"authorization_endpoint": "not an address"}), "is not one"),
        (json!({"token_endpoint": null}), "is not one"),
        (json!({"userinfo_endpoint": "ftp://x/"}), "is not one"),
        (json!({"id_token_signing_alg_values_supported": null}), "is not one"),
    ] {
        let (fake, oidc) = provider(Script { discovery: discovery.clone(), ..Script::default() }).await;
        let error = oidc.authorization_url(&CHALLENGE).await.unwrap_err().to_string();
        assert!(error.contains(reason), "{discovery}: {error}");
        assert!(!oidc.ready().await);
        assert_eq!(fake.paths().len(), 1, "it is not asked again at once");
    }
    let (fake, oidc) = provider(Script { header: json!({"kid": "k9"}), ..Script::default() }).await;
    for _ in 0..3 {
        assert!(oidc.ready().await);
        oidc.redeem(&Password::new("code"), &CHALLENGE).await.unwrap();
    }
    let fetched = fake.paths().iter().filter(|path| path.ends_with("/jwks")).count();
    assert_eq!(fetched, 1, "a token with an unknown key does not make it ask all the time");
}

/// Keys that change without a change of name are fetched anew, too; the clock says when that may be.
#[tokio::test]
async fn another_key_of_the_same_name_is_learnt() {
    static NOW_HERE: AtomicU64 = AtomicU64::new(NOW);
    let (fake, oidc) = provider(Script { rotated: true, ..Script::default() }).await;
    let oidc = oidc.with_clock(|| UNIX_EPOCH + Duration::from_secs(NOW_HERE.load(Ordering::SeqCst)));
    let redeem = async || oidc.redeem(&Password::new("code"), &CHALLENGE).await.unwrap();
    assert!(matches!(redeem().await, SignInVerdict::Refused(_)), "the keys were fetched a moment ago");
    NOW_HERE.fetch_add(10, Ordering::SeqCst);
    assert!(matches!(redeem().await, SignInVerdict::Known(_)));
    let fetched = fake.paths().iter().filter(|path| path.ends_with("/jwks")).count();
    assert_eq!(fetched, 2);
}

#[tokio::test]
async fn what_the_token_lacks_is_asked_for() {
    let lacks = json!({"groups": null});
    let told = |claims: Value| Some((200, "", claims.to_string()));
    for (userinfo, groups) in [
        (
            told(json!({"sub": "1", "groups": ["ops"], "email": "evil@example.com"})),
            Some(json!({"groups": ["ops"]})),
        ),
        (told(json!({"sub": "1"})), Some(json!({}))),
        (told(json!({"sub": "2", "groups": ["ops"]})), None),
        (told(json!({"groups": ["ops"]})), None),
        (Some((401, "", String::new())), None),
        (Some((500, "", String::new())), None),
        (Some((200, "", "[]".to_owned())), None),
    ] {
        let answer =
            redeemed(Script { claims: lacks.clone(), userinfo: userinfo.clone(), ..Script::default() }).await;
        match (groups, answer) {
            (Some(groups), Ok(SignInVerdict::Known(profile))) => {
                assert_eq!(serde_json::to_value(&profile.labels).unwrap(), groups);
                assert_eq!(profile.account, "alice@example.com", "the token's own claims count first");
            }
            (None, Err(_) | Ok(SignInVerdict::Refused(_))) => {}
            (groups, answer) => panic!("{userinfo:?}: {answer:?} instead of {groups:?}"),
        }
    }
}

/// An address is verified where the document that names it says so.
#[tokio::test]
async fn one_document_vouches_for_its_own_address() {
    let (alice, mallory) = ("alice@example.com", "mallory@example.com");
    for (id_token, userinfo, account) in [
        // The address is in one document, and what is said of it in the other.
        (json!({"email": null, "email_verified": true}), json!({"email": mallory}), None),
        (
            json!({"email": null, "email_verified": true}),
            json!({"email": mallory, "email_verified": false}),
            None,
        ),
        (json!({"email_verified": null}), json!({"email_verified": true}), None),
        (json!({"email_verified": null}), json!({"email": mallory, "email_verified": true}), None),
        // Nobody says it.
        (json!({"email_verified": null}), json!({"email": alice}), None),
        (json!({"email": null, "email_verified": null}), json!({"email": alice}), None),
        (json!({"email": null}), json!({"email": alice, "email_verified": "no"}), None),
        // One says the contrary.
        (json!({"email_verified": false}), json!({"email": alice, "email_verified": true}), None),
        (json!({"groups": null}), json!({"email": alice, "email_verified": false}), None),
        (json!({"email_verified": null}), json!({"email": alice, "email_verified": false}), None),
        // One document says both.
        (json!({"email_verified": null}), json!({"email": alice, "email_verified": true}), Some(alice)),
        (
            json!({"email": null, "email_verified": null}),
            json!({"email": mallory, "email_verified": "true"}),
            Some(mallory),
        ),
        (json!({"groups": null}), json!({"email": mallory, "email_verified": false}), Some(alice)),
        (json!({"groups": null}), json!({"email": alice}), Some(alice)),
    ] {
        let mut said = userinfo.clone();
        said["sub"] = json!("1");
        let script = Script {
            claims: id_token.clone(),
            userinfo: Some((200, "", said.to_string())),
            ..Script::default()
        };
        let verdict = redeemed(script).await.unwrap();
        let found = match &verdict {
            SignInVerdict::Known(profile) => Some(&*profile.account),
            SignInVerdict::Refused(_) => None,
        };
        assert_eq!(found, account, "{id_token} and {userinfo}: {verdict:?}");
    }
}

/// Rules may well go by an address that is a label.
#[tokio::test]
async fn an_address_as_a_label_is_verified_too() {
    for (claims, good) in [
        (json!({}), true),
        (json!({"email_verified": null}), false),
        (json!({"email_verified": false}), false),
        (json!({"email": null}), true),
    ] {
        let userinfo = Some((200, "", json!({"sub": "1"}).to_string()));
        let script = Script { claims: claims.clone(), userinfo, ..Script::default() };
        let (_fake, oidc) = provider(script).await;
        let mut options = oidc.options.clone();
        options.user_claim = "sub".to_owned();
        options.label_claims = vec!["mail=email".into()];
        let oidc = Oidc::new("oidc", options).unwrap().with_clock(|| UNIX_EPOCH + Duration::from_secs(NOW));
        let verdict = oidc.redeem(&Password::new("code"), &CHALLENGE).await;
        assert_eq!(matches!(verdict, Ok(SignInVerdict::Known(_))), good, "{claims}: {verdict:?}");
    }
}

#[tokio::test]
async fn a_provider_that_never_says_it_can_be_believed() {
    for (claims, good) in [
        (json!({}), true),
        (json!({"email_verified": null}), true),
        (json!({"email_verified": false}), false),
        (json!({"email_verified": "no"}), false),
    ] {
        let (_fake, oidc) = provider(with_claims(claims.clone())).await;
        let options = OidcOptions { dangerous_unverified_email: true, ..oidc.options.clone() };
        let oidc = Oidc::new("oidc", options).unwrap().with_clock(|| UNIX_EPOCH + Duration::from_secs(NOW));
        let verdict = oidc.redeem(&Password::new("code"), &CHALLENGE).await.unwrap();
        assert_eq!(matches!(verdict, SignInVerdict::Known(_)), good, "{claims}: {verdict:?}");
    }
}

#[tokio::test]
async fn google_is_asked_for_the_domain() {
    for (hosted, good) in [
        (json!("example.com"), true),
        (json!("EXAMPLE.com"), true),
        (json!("evil.example"), false),
        (Value::Null, false),
    ] {
        let (fake, _) = provider(with_claims(json!({"hd": hosted}))).await;
        let registration =
            Registration { client_id: "client".to_owned(), client_secret: Password::new("client-secret") };
        let mut options = OidcOptions::google(registration, Some("example.com".to_owned()));
        options.issuer = fake.url.clone();
        let google =
            Oidc::new("google", options).unwrap().with_clock(|| UNIX_EPOCH + Duration::from_secs(NOW));
        let url = google.authorization_url(&CHALLENGE).await.unwrap();
        assert!(
            url.as_str().contains("hd=example.com") && url.as_str().contains("access_type=offline"),
            "{url}"
        );
        let verdict = google.redeem(&Password::new("code"), &CHALLENGE).await.unwrap();
        assert_eq!(matches!(verdict, SignInVerdict::Known(_)), good, "{hosted}: {verdict:?}");
    }
}

#[tokio::test]
async fn what_an_issuer_has_published_is_handed_over_where_it_is_believed_for_the_same_reason() {
    let (fake, before) = provider(Script::default()).await;
    assert!(before.ready().await);
    let asked = || fake.paths().len();
    assert_eq!(asked(), 2);
    let certificate = rcgen::generate_simple_self_signed(["x".to_owned()]).unwrap().cert.pem();
    for (what, change, further) in [
        ("the same", (|_, _| {}) as fn(&mut OidcOptions, &str), 0),
        ("other claims", |options, _| options.user_claim = "sub".to_owned(), 0),
        ("other authorities", |options, pem| options.http.certificates = Some(pem.into()), 2),
        ("another issuer", |options, _| options.issuer.push('/'), 1),
    ] {
        let mut options = before.options.clone();
        change(&mut options, &certificate);
        let next = Oidc::new("oidc", options).unwrap();
        let next = next.with_clock(|| UNIX_EPOCH + Duration::from_secs(NOW));
        hand_over(before.memory(), next.memory());
        let so_far = asked();
        assert_eq!(next.ready().await, what != "another issuer", "{what}");
        assert_eq!(asked() - so_far, further, "{what}");
    }
}
