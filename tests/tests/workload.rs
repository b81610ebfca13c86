//! Signed identities of build jobs and pods, by an issuer that rotates its keys, goes away, and has impostors.

#![allow(clippy::unwrap_used, clippy::panic, reason = "test code fails by panicking")]
#![allow(clippy::indexing_slicing, reason = "a JSON value that is not there is null")]

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use aws_lc_rs::hmac;
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde_json::{Value, json};
use token_auth_backends::core::{
    Authenticator, Authn, AuthnRequest, Credentials, Identity, LabelValue, Origin, Password,
};
use token_auth_backends::workload::{IssuerAccess, KeyOptions, TrustedIssuer, WorkloadIdentities};
use token_auth_tests::Issuer;

const AUDIENCE: &str = "registry.example.com";

/// A clock that a test sets.
#[derive(Clone)]
struct Clock(Arc<AtomicU64>);

impl Clock {
    fn start() -> Self {
        let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_secs();
        Self(Arc::new(AtomicU64::new(now)))
    }

    fn advance(&self, seconds: u64) {
        self.0.fetch_add(seconds, Ordering::SeqCst);
    }

    fn seconds(&self) -> u64 {
        self.0.load(Ordering::SeqCst)
    }
}

fn access() -> IssuerAccess {
    let mut access = IssuerAccess::default();
    access.dangerous_loopback_http = true;
    access
}

fn trusted(issuer: &Issuer, clock: &Clock) -> TrustedIssuer {
    let clock = clock.clone();
    TrustedIssuer::new(&issuer.url, [AUDIENCE])
        .named("ci")
        .with_clock(move || UNIX_EPOCH + Duration::from_secs(clock.seconds()))
}

fn trusting(issuer: &Issuer, clock: &Clock) -> WorkloadIdentities {
    WorkloadIdentities::new().trust(trusted(issuer, clock), access()).unwrap()
}

async fn judge(identities: &WorkloadIdentities, token: &str) -> Result<Authn, String> {
    let bearer = Credentials::Bearer(Password::new(token));
    identities.authenticate(&AuthnRequest::new(&bearer)).await.map_err(|error| error.to_string())
}

async fn accepted(identities: &WorkloadIdentities, token: &str) -> Identity {
    match judge(identities, token).await {
        Ok(Authn::Accept(identity)) => identity,
        other => panic!("{other:?}"),
    }
}

async fn refused(identities: &WorkloadIdentities, token: &str) -> String {
    match judge(identities, token).await {
        Ok(Authn::Reject(reason)) => reason.into_owned(),
        other => panic!("{other:?}"),
    }
}

fn job() -> Value {
    json!({"aud": AUDIENCE, "sub": "repo:acme/app:ref:refs/heads/main"})
}

#[tokio::test]
async fn whoever_bears_a_token_is_who_it_says() {
    let (issuer, clock) = (Issuer::start(), Clock::start());
    let identities = trusting(&issuer, &clock);
    let token = issuer.token(&job());
    for username in ["", "jwt", "admin"] {
        let credentials = Credentials::password(username, token.as_str());
        let Authn::Accept(identity) =
            identities.authenticate(&AuthnRequest::new(&credentials)).await.unwrap()
        else {
            panic!()
        };
        assert_eq!(&*identity.account, "ci:repo:acme/app:ref:refs/heads/main");
        assert_eq!(identity.source.as_deref(), Some("workload ci"));
        // Ours ends with it, and nothing longer-lived is made of it.
        let end = identity.restriction.not_after().unwrap();
        assert!(end <= UNIX_EPOCH + Duration::from_secs(clock.seconds() + 301));
        assert!(!identity.restriction.allows_refresh_tokens());
    }
    accepted(&identities, &token).await;
    // The keys were asked for once.
    assert_eq!(issuer.asked(), ["/.well-known/openid-configuration", "/keys"]);
}

#[tokio::test]
async fn what_is_no_token_of_the_issuer_is_left_to_others() {
    let (issuer, stranger) = (Issuer::start(), Issuer::start());
    let identities = trusting(&issuer, &Clock::start());
    for password in ["badmin", "", "a.b.c", "..", "a.b", &stranger.token(&job()), "x.e30.y"] {
        assert_eq!(judge(&identities, password).await.unwrap(), Authn::Abstain, "{password}");
    }
    assert_eq!(
        identities.authenticate(&AuthnRequest::new(&Credentials::Anonymous)).await.unwrap(),
        Authn::Abstain
    );
    assert!(issuer.asked().is_empty() && stranger.asked().is_empty());
}

#[tokio::test]
async fn claims_of_every_shape_become_accounts_and_labels() {
    let issuer = Issuer::start();
    let (github, gitlab) = (
        json!({
            "aud": AUDIENCE, "sub": "repo:acme/app:ref:refs/heads/main", "repository": "acme/app",
            "repository_owner": "acme", "ref": "refs/heads/main", "event_name": "push", "run_id": "1",
            "actor": "*", "job_workflow_ref": "acme/app/.github/workflows/ci.yml@refs/heads/main",
        }),
        json!({
            "aud": AUDIENCE, "sub": "project_path:acme/tools/app:ref_type:branch:ref:main",
            "project_path": "acme/tools/app", "namespace_path": "acme/tools", "ref_protected": "true",
            "groups_direct": ["acme", "acme/tools"], "pipeline_id": "7",
        }),
    );
    let kubernetes = json!({
        "aud": [AUDIENCE, "other"], "sub": "system:serviceaccount:prod:web",
        "kubernetes.io": {"namespace": "prod", "serviceaccount": {"name": "web", "uid": "u"}, "pod": {"name": "web-1"}},
    });
    let forgejo = json!({
        "aud": AUDIENCE, "sub": "repo:acme/app:pull_request", "repository": "acme/app", "repository_owner": "acme",
        "event_name": "pull_request",
    });
    for (claims, account, label, shown, values) in [
        (github, "${claim.repository}", "${claim.actor}", "acme/app", vec!["*"]),
        (
            gitlab,
            "gl:${claim.project_path}",
            "${claim.groups_direct}",
            "gl:acme/tools/app",
            vec!["acme", "acme/tools"],
        ),
        (
            kubernetes,
            "k8s:${claim.kubernetes.io.namespace}/${claim.kubernetes.io.serviceaccount.name}",
            "${claim.kubernetes.io.namespace}",
            "k8s:prod/web",
            vec!["prod"],
        ),
        (forgejo, "fj:${claim.repository}", "${claim.nothing}", "fj:acme/app", vec![]),
    ] {
        let trusted = trusted(&issuer, &Clock::start())
            .account(account.parse().unwrap())
            .label("it", [label.parse().unwrap()]);
        let identities = WorkloadIdentities::new().trust(trusted, access()).unwrap();
        let identity = accepted(&identities, &issuer.token(&claims)).await;
        assert_eq!(&*identity.account, shown);
        let labels = identity.labels.get("it");
        assert_eq!(labels.iter().map(LabelValue::as_str).collect::<Vec<_>>(), values);
        assert!(labels.iter().all(|value| value.origin() == Origin::Directory));
        // A token that has not got what the account is made of is nobody's.
        let reason = refused(&identities, &issuer.token(&json!({"aud": AUDIENCE}))).await;
        assert_eq!(reason, "workload ci: the claims give no account, or several");
    }
}

#[tokio::test]
async fn required_claims_are_required() {
    let issuer = Issuer::start();
    let strict = trusted(&issuer, &Clock::start())
        .require("repository_owner", ["acme"])
        .unwrap()
        .require("ref", ["refs/heads/main", "refs/tags/*"])
        .unwrap()
        .require("groups", ["a", "b"])
        .unwrap();
    let identities = WorkloadIdentities::new().trust(strict, access()).unwrap();
    let good = json!({
        "aud": AUDIENCE, "sub": "x", "repository_owner": "acme", "ref": "refs/tags/v1", "groups": ["z", "b"],
    });
    accepted(&identities, &issuer.token(&good)).await;
    for (claim, value) in [
        ("repository_owner", json!("acme-evil")),
        ("repository_owner", json!("Acme")),
        ("repository_owner", Value::Null),
        ("repository_owner", json!("")),
        ("repository_owner", json!({"acme": "acme"})),
        ("ref", json!("refs/heads/main2")),
        ("ref", json!("refs/tags/a/b")),
        ("ref", json!(["x"])),
        ("groups", json!([])),
        ("groups", json!("c")),
    ] {
        let mut claims = good.clone();
        claims[claim] = value;
        let reason = refused(&identities, &issuer.token(&claims)).await;
        assert_eq!(reason, format!("workload ci: the claim {claim} is missing, or not one that is required"));
    }
    // Another entry for the same issuer may be content with less.
    let lax = trusted(&issuer, &Clock::start()).account("lax:${claim.sub}".parse().unwrap());
    let identities = identities.trust(lax, access()).unwrap();
    assert_eq!(&*accepted(&identities, &issuer.token(&good)).await.account, "ci:x");
    assert_eq!(
        &*accepted(&identities, &issuer.token(&json!({"aud": AUDIENCE, "sub": "x"}))).await.account,
        "lax:x"
    );
}

#[tokio::test]
async fn audiences_and_times_are_checked() {
    let (issuer, clock) = (Issuer::start(), Clock::start());
    let identities = trusting(&issuer, &clock);
    let now = clock.seconds();
    let late = "the token has expired";
    let early = "the token is not valid yet: are the clocks right?";
    let odd = "a time of the token is not one";
    for (name, changes, reason) in [
        ("another audience", json!({"aud": "other.example.com"}), "the token is for another audience"),
        (
            "a longer audience",
            json!({"aud": "registry.example.com.evil"}),
            "the token is for another audience",
        ),
        ("no audience", json!({"aud": null}), "the token is for another audience"),
        ("other audiences", json!({"aud": ["a", "b"]}), "the token is for another audience"),
        ("expired", json!({"iat": now - 600, "nbf": now - 600, "exp": now - 60}), late),
        ("expired long ago", json!({"iat": 0, "nbf": 0, "exp": 1}), late),
        ("without end", json!({"exp": null}), "the token never expires"),
        ("with a text for an end", json!({"exp": "4102444800"}), odd),
        ("with a negative end", json!({"exp": -1}), odd),
        ("with an end beyond all numbers", json!({"exp": 1e300}), odd),
        ("not yet valid", json!({"nbf": now + 120}), early),
        ("from the future", json!({"iat": now + 120}), early),
        ("too long", json!({"exp": now + 25 * 3600}), "the token was issued for too long a time"),
        (
            "too long without a beginning",
            json!({"iat": null, "nbf": null, "exp": now + 25 * 3600}),
            "the token was issued for too long a time",
        ),
    ] {
        let mut claims = job();
        for (claim, value) in changes.as_object().unwrap() {
            claims[claim] = value.clone();
        }
        assert_eq!(
            refused(&identities, &issuer.token(&claims)).await,
            format!("workload ci: {reason}"),
            "{name}"
        );
    }
    // The same token again, for as long as it lives, and not after that.
    let token = issuer.token(&job());
    accepted(&identities, &token).await;
    clock.advance(290);
    let identity = accepted(&identities, &token).await;
    assert!(identity.restriction.not_after().unwrap() <= UNIX_EPOCH + Duration::from_secs(now + 301));
    clock.advance(60);
    assert_eq!(refused(&identities, &token).await, format!("workload ci: {late}"));
}

#[tokio::test]
async fn clocks_may_differ_a_little() {
    let (issuer, clock) = (Issuer::start(), Clock::start());
    let now = clock.seconds();
    let (good, late) = (None, Some("workload ci: the token has expired"));
    let early = Some("workload ci: the token is not valid yet: are the clocks right?");
    for (times, usual, none) in [
        (json!({"exp": now - 29}), good, late),
        (json!({"exp": now - 30}), late, late),
        (json!({"nbf": now + 30}), good, early),
        (json!({"iat": now + 30}), good, early),
        (json!({"nbf": now + 31}), early, early),
        (json!({"iat": now as f64 + 30.5}), early, early),
    ] {
        let mut claims = json!({"aud": AUDIENCE, "sub": "x", "iat": null, "nbf": null});
        claims.as_object_mut().unwrap().extend(times.as_object().unwrap().clone());
        let token = issuer.token(&claims);
        for (leeway, expected) in [(30, usual), (0, none)] {
            let trusted = trusted(&issuer, &clock).leeway(Duration::from_secs(leeway));
            let identities = WorkloadIdentities::new().trust(trusted, access()).unwrap();
            match (judge(&identities, &token).await.unwrap(), expected) {
                // Ours lives no longer than its token would by the issuer's clock.
                (Authn::Accept(identity), None) => {
                    let end = identity.restriction.not_after().unwrap();
                    let own = claims["exp"].as_u64().unwrap_or(now + 300);
                    assert!(end <= UNIX_EPOCH + Duration::from_secs(own + leeway + 1), "{times}");
                }
                (verdict, expected) => {
                    let expected = expected.map(|reason| Authn::Reject(reason.into()));
                    assert_eq!(Some(verdict), expected, "{times}, {leeway} s");
                }
            }
        }
    }
}

#[tokio::test]
async fn our_tokens_live_as_long_as_configured() {
    let (issuer, clock) = (Issuer::start(), Clock::start());
    let now = clock.seconds();
    let end = |trusted| async {
        let identities = WorkloadIdentities::new().trust(trusted, access()).unwrap();
        let token = issuer.token(&json!({"aud": AUDIENCE, "sub": "x", "exp": now + 300}));
        let end = accepted(&identities, &token).await.restriction.not_after();
        end.map(|end| end.duration_since(UNIX_EPOCH).unwrap().as_secs() - now)
    };
    let minute = Duration::from_secs(60);
    assert_eq!(end(trusted(&issuer, &clock)).await, Some(300));
    assert_eq!(end(trusted(&issuer, &clock).token_lifetime(minute)).await, Some(60));
    assert_eq!(end(trusted(&issuer, &clock).token_lifetime(10 * minute)).await, Some(300));
    assert_eq!(end(trusted(&issuer, &clock).token_lifetime(10 * minute).outlive_jwt(true)).await, Some(600));
    assert_eq!(end(trusted(&issuer, &clock).outlive_jwt(true)).await, None);
}

#[tokio::test]
async fn tricks_with_the_header_do_not_work() {
    let (issuer, impostor) = (Issuer::start(), Issuer::start());
    issuer.rotate();
    impostor.rotate();
    let identities = trusting(&issuer, &Clock::start());
    let token = issuer.token(&job());
    accepted(&identities, &token).await;
    let claims: Value =
        serde_json::from_slice(&URL_SAFE_NO_PAD.decode(token.split('.').nth(1).unwrap()).unwrap()).unwrap();
    let by_impostor = |header: Value| impostor.sign(&header, &claims);
    let encode = |text: String| URL_SAFE_NO_PAD.encode(text);
    let unsigned = |alg: &str, kid: &str| {
        let header = encode(json!({"alg": alg, "typ": "JWT", "kid": kid}).to_string());
        format!("{header}.{}.", encode(claims.to_string()))
    };
    // What HS256 would make of the public key: its members, its JSON.
    let public = issuer.jwks()["keys"][1].clone();
    let hmac = |secret: &[u8]| {
        let header = encode(json!({"alg": "HS256", "typ": "JWT", "kid": public["kid"]}).to_string());
        let signed = format!("{header}.{}", encode(claims.to_string()));
        let tag = hmac::sign(&hmac::Key::new(hmac::HMAC_SHA256, secret), signed.as_bytes());
        format!("{signed}.{}", URL_SAFE_NO_PAD.encode(tag))
    };
    let own = impostor.jwks()["keys"][2].clone();
    let (algorithm, unknown, wrong) = (
        "the token's algorithm is not that of the key",
        "the token is signed by an unknown key",
        "the token's signature is wrong",
    );
    let cut = token.rsplit_once('.').unwrap().0;
    let other_claims = {
        let parts: Vec<&str> = token.split('.').collect();
        let mut claims = claims.clone();
        claims["sub"] = json!("repo:acme/secret:ref:refs/heads/main");
        format!("{}.{}.{}", parts[0], encode(claims.to_string()), parts[2])
    };
    for (name, token, reason) in [
        ("none", unsigned("none", "first"), algorithm),
        ("None", unsigned("None", "first"), algorithm),
        ("no signature", unsigned("RS256", "first"), wrong),
        ("no signature, no dot", format!("{cut}."), wrong),
        ("HS256 with the modulus", hmac(public["n"].as_str().unwrap().as_bytes()), algorithm),
        (
            "HS256 with the decoded modulus",
            hmac(&URL_SAFE_NO_PAD.decode(public["n"].as_str().unwrap()).unwrap()),
            algorithm,
        ),
        ("HS256 with the key", hmac(public.to_string().as_bytes()), algorithm),
        ("HS256 with nothing", hmac(b""), algorithm),
        ("the algorithm of another key", issuer.sign(&json!({"alg": "RS256"}), &claims), algorithm),
        ("an algorithm that the key cannot have", issuer.sign(&json!({"alg": "PS256"}), &claims), algorithm),
        ("the id of another key", issuer.sign(&json!({"kid": "first"}), &claims), algorithm),
        (
            "the id and the algorithm of another key",
            issuer.sign(&json!({"kid": "first", "alg": "RS256"}), &claims),
            wrong,
        ),
        ("another's key under the same id", by_impostor(json!({"kid": "key-1"})), wrong),
        ("another's key without an id", by_impostor(json!({"kid": null})), wrong),
        ("an unknown key", by_impostor(json!({"kid": "theirs"})), unknown),
        ("an embedded key", by_impostor(json!({"kid": "theirs", "jwk": own})), unknown),
        ("an embedded key under a known id", by_impostor(json!({"kid": "key-1", "jwk": own})), wrong),
        ("an embedded certificate", by_impostor(json!({"kid": "key-1", "x5c": ["MIIB"]})), wrong),
        (
            "a certificate's address",
            by_impostor(json!({"kid": "key-1", "x5u": format!("{}/certificate", impostor.url)})),
            wrong,
        ),
        (
            "a key's address",
            by_impostor(json!({"kid": "theirs", "jku": format!("{}/keys", impostor.url)})),
            unknown,
        ),
        ("an id that is a path", by_impostor(json!({"kid": "../../../../dev/null"})), unknown),
        (
            "a critical extension",
            issuer.sign(&json!({"crit": ["b64"], "b64": false}), &claims),
            "the token has critical header parameters",
        ),
        ("another type", issuer.sign(&json!({"typ": "at+jwt"}), &claims), "the token is of another type"),
        ("other claims", other_claims, wrong),
    ] {
        assert_eq!(refused(&identities, &token).await, format!("workload ci: {reason}"), "{name}");
    }
    assert!(impostor.asked().is_empty(), "{:?}", impostor.asked());
}

#[tokio::test]
async fn what_can_be_read_in_two_ways_is_refused() {
    let issuer = Issuer::start();
    let identities = trusting(&issuer, &Clock::start());
    let good = json!({"iss": issuer.url, "aud": AUDIENCE, "sub": "x", "exp": Clock::start().seconds() + 60});
    let with = |more: &str| good.to_string().replacen('{', &format!("{{{more},"), 1);
    let deep = format!(r#""deep":{}{}"#, "[".repeat(200), "]".repeat(200));
    let many = format!(r#""long":"{}""#, "x".repeat(64 * 1024));
    let malformed = "the token is malformed";
    accepted(&identities, &issuer.sign_text(&json!({}), &with(r#""more":[[1]]"#))).await;
    for (name, more, reason) in [
        ("two audiences", r#""aud":"other""#, malformed),
        ("the same audience twice", r#""aud":"registry.example.com""#, malformed),
        ("two subjects", r#""sub":"admin""#, malformed),
        ("two ends", r#""exp":4102444800"#, malformed),
        ("two names that are one when read", r#""s\u0075b":"admin""#, malformed),
        ("two members within a claim", r#""k":{"a":"x","a":"y"}"#, malformed),
        ("two members deep within a claim", r#""k":[[{"a":{"b":1,"\u0062":1}}]]"#, malformed),
        ("deeper than anyone reads", &deep, malformed),
        ("longer than anyone reads", &many, "the token is longer than 65536 bytes"),
    ] {
        let token = issuer.sign_text(&json!({}), &with(more));
        assert_eq!(refused(&identities, &token).await, format!("workload ci: {reason}"), "{name}");
    }
    // Nobody can say whose these are.
    for text in
        [with(r#""iss":"https://other""#), with(&format!(r#""iss":"{}""#, issuer.url)), "{}".to_owned()]
    {
        let token = issuer.sign_text(&json!({}), &text);
        assert_eq!(judge(&identities, &token).await.unwrap(), Authn::Abstain, "{text}");
    }
    let list = issuer.sign_text(&json!({}), &format!(r#"["{}"]"#, issuer.url));
    assert_eq!(refused(&identities, &list).await, format!("workload ci: {malformed}"));
}

#[tokio::test]
async fn an_issuer_is_named_to_the_letter() {
    let issuer = Issuer::start();
    let with_slash = format!("{}/", issuer.url);
    let said = |iss: &str| issuer.token(&json!({"iss": iss, "aud": AUDIENCE, "sub": "x"}));
    let identities = trusting(&issuer, &Clock::start());
    accepted(&identities, &said(&issuer.url)).await;
    for other in [&*with_slash, &issuer.url.replace("http", "HTTP"), &format!(" {}", issuer.url), ""] {
        assert_eq!(judge(&identities, &said(other)).await.unwrap(), Authn::Abstain, "{other}");
    }
    let trusting = || {
        let trusted = TrustedIssuer::new(&with_slash, [AUDIENCE]).named("ci");
        WorkloadIdentities::new().trust(trusted, access()).unwrap()
    };
    let error = judge(&trusting(), &said(&with_slash)).await.unwrap_err();
    assert!(error.contains("that of another issuer"), "{error}");
    let document = json!({"issuer": with_slash, "jwks_uri": format!("{}/keys", issuer.url)});
    issuer.answer_instead("/.well-known/openid-configuration", document.to_string());
    let identities = trusting();
    accepted(&identities, &said(&with_slash)).await;
    assert_eq!(judge(&identities, &said(&issuer.url)).await.unwrap(), Authn::Abstain);
}

#[tokio::test]
async fn a_key_is_good_for_what_its_set_says() {
    let issuer = Issuer::start();
    let rsa = issuer.jwks()["keys"][1].clone();
    let claims =
        json!({"iss": issuer.url, "aud": AUDIENCE, "sub": "x", "exp": Clock::start().seconds() + 60});
    let signed = |changes: Value| issuer.sign(&changes, &claims);
    let (by_rsa, without_id) = (signed(json!({})), signed(json!({"kid": null})));
    let pss = ["PS256", "PS384", "PS512"].map(|algorithm| signed(json!({"alg": algorithm})));
    issuer.rotate();
    issuer.rotate();
    let (by_curve, curve_without_id) = (signed(json!({})), signed(json!({"kid": null})));
    let other = issuer.jwks()["keys"][2].clone();
    let curve = issuer.jwks()["keys"][3].clone();
    let change = |key: &Value, member: &str, value: Value| {
        let mut key = key.clone();
        key[member] = value;
        key.as_object_mut().unwrap().retain(|_, value| !value.is_null());
        key
    };
    let with = |member: &str, value: Value| json!([other, change(&rsa, member, value)]);
    let (good, unknown) = (None, Some("the token is signed by an unknown key"));
    let algorithm = Some("the token's algorithm is not that of the key");
    let wrong = Some("the token's signature is wrong");
    let many: Vec<_> = (0..64).map(|at| change(&curve, "kid", json!(format!("{at}")))).collect();
    for (name, keys, token, reason) in [
        ("two keys", json!([rsa, curve]), &by_rsa, good),
        ("no id, one key of its kind", json!([curve, rsa]), &without_id, good),
        ("no id, two keys of its kind", json!([other, rsa, curve]), &curve_without_id, good),
        ("no id, and not the key", json!([other, rsa]), &curve_without_id, wrong),
        ("the same key twice", json!([rsa, rsa, curve]), &by_rsa, good),
        (
            "the same key under many ids",
            json!([&many[..], std::slice::from_ref(&rsa)].concat()),
            &by_rsa,
            good,
        ),
        ("two keys with one id", json!([change(&other, "kid", json!("first")), rsa]), &by_rsa, good),
        ("another key with its id", json!([change(&other, "kid", json!("first"))]), &by_rsa, algorithm),
        ("a key without an id", with("kid", Value::Null), &by_rsa, unknown),
        ("a key to encrypt", with("use", json!("enc")), &by_rsa, unknown),
        ("a key to decrypt", with("key_ops", json!(["decrypt"])), &by_rsa, unknown),
        ("a key for nothing", with("key_ops", json!([])), &by_rsa, unknown),
        ("a key to verify", with("key_ops", json!(["verify"])), &by_rsa, good),
        ("a key of no stated use", with("use", Value::Null), &by_rsa, good),
        ("a key for another algorithm", with("alg", json!("RS512")), &by_rsa, algorithm),
        ("a key for HMAC", with("alg", json!("HS256")), &by_rsa, unknown),
        (
            "a secret with its id",
            json!([other, {"kty": "oct", "k": "AAAA", "kid": "first"}]),
            &by_rsa,
            unknown,
        ),
        ("a broken key with its id", with("n", json!("AQAB")), &by_rsa, unknown),
        ("a key for PKCS #1", json!([rsa]), &pss[0], algorithm),
        ("a key for PSS", with("alg", json!("PS256")), &pss[0], good),
        ("a key for PSS with SHA-512", with("alg", json!("PS512")), &pss[2], good),
        ("a key for PSS with another hash", with("alg", json!("PS256")), &pss[1], algorithm),
        ("a key for PSS, and PKCS #1", with("alg", json!("PS256")), &by_rsa, algorithm),
        ("a key of RSA, and PKCS #1", with("alg", Value::Null), &by_rsa, good),
        ("a key of RSA, and PSS", with("alg", Value::Null), &pss[1], good),
        ("a curve that names no algorithm", json!([change(&curve, "alg", Value::Null)]), &by_curve, good),
    ] {
        issuer.answer_instead("/keys", json!({"keys": keys}).to_string());
        let verdict = judge(&trusting(&issuer, &Clock::start()), token).await.unwrap();
        match reason {
            None => assert!(matches!(verdict, Authn::Accept(_)), "{name}: {verdict:?}"),
            Some(reason) => {
                assert_eq!(verdict, Authn::Reject(format!("workload ci: {reason}").into()), "{name}");
            }
        }
    }
}

#[tokio::test]
async fn known_keys_outlast_a_slow_issuer_and_its_garbage() {
    let (issuer, clock) = (Issuer::start(), Clock::start());
    let identities = Arc::new(trusting(&issuer, &clock));
    let fresh = || {
        let claims =
            json!({"aud": AUDIENCE, "sub": "x", "exp": clock.seconds() + 300, "iat": null, "nbf": null});
        issuer.token(&claims)
    };
    // Whoever does not wait for the answer does not keep it from others.
    issuer.stall(true);
    for _ in 0..3 {
        let token = fresh();
        let impatient = judge(&identities, &token);
        assert!(tokio::time::timeout(Duration::from_millis(50), impatient).await.is_err());
    }
    issuer.stall(false);
    accepted(&identities, &fresh()).await;
    assert_eq!(issuer.asked(), ["/.well-known/openid-configuration", "/keys"]);

    for body in ["<html>", "{}", r#"{"keys": []}"#, r#"{"keys": [{"kty": "RSA"}]}"#, r#"{"keys": {}}"#] {
        issuer.answer_instead("/keys", body);
        clock.advance(700);
        accepted(&identities, &fresh()).await;
    }

    // One login in ten seconds waits, and for one second.
    issuer.answer_instead("/keys", issuer.jwks().to_string());
    clock.advance(700);
    issuer.stall(true);
    let asked = issuer.asked().len();
    let start = Instant::now();
    for _ in 0..20 {
        accepted(&identities, &fresh()).await;
    }
    assert!(start.elapsed() < Duration::from_secs(5), "{:?}", start.elapsed());
    assert_eq!(issuer.asked().len(), asked + 1);
    // The answer counts when it comes.
    issuer.rotate();
    issuer.answer_instead("/keys", issuer.jwks().to_string());
    issuer.stall(false);
    accepted(&identities, &fresh()).await;
}

#[tokio::test]
async fn new_keys_are_found_and_old_ones_forgotten() {
    let (issuer, clock) = (Issuer::start(), Clock::start());
    let identities = trusting(&issuer, &clock);
    let old = issuer.token(&json!({"aud": AUDIENCE, "sub": "x", "exp": clock.seconds() + 3600}));
    accepted(&identities, &old).await;
    issuer.rotate();
    let new = issuer.token(&json!({"aud": AUDIENCE, "sub": "x", "exp": clock.seconds() + 3600}));
    // A moment ago there was no such key: the issuer is not asked for each token.
    let asked = issuer.asked().len();
    for _ in 0..20 {
        refused(&identities, &new).await;
    }
    assert_eq!(issuer.asked().len(), asked);
    clock.advance(11);
    accepted(&identities, &new).await;
    accepted(&identities, &old).await;
    assert_eq!(issuer.asked().len(), asked + 2);
    // What it does not publish any more is not believed any more.
    issuer.withdraw_old_keys();
    clock.advance(599);
    accepted(&identities, &old).await;
    clock.advance(2);
    assert_eq!(refused(&identities, &old).await, "workload ci: the token is signed by an unknown key");
    accepted(&identities, &new).await;
}

#[tokio::test]
async fn an_issuer_may_be_away() {
    let (issuer, clock) = (Issuer::start(), Clock::start());
    issuer.go_away(true);
    let identities = trusting(&issuer, &clock);
    let token = || issuer.token(&json!({"aud": AUDIENCE, "sub": "x", "exp": clock.seconds() + 300}));
    // Not a refusal: nobody knows. And the issuer is not asked again at once.
    for _ in 0..3 {
        let error = judge(&identities, &token()).await.unwrap_err();
        assert!(error.starts_with("workload ci: "), "{error}");
    }
    assert_eq!(issuer.asked().len(), 1);
    issuer.go_away(false);
    clock.advance(11);
    accepted(&identities, &token()).await;
    // What is known stays good for a day.
    issuer.go_away(true);
    let fresh = |clock: &Clock| {
        issuer.token(&json!({
            "aud": AUDIENCE, "sub": "x", "iat": clock.seconds(), "nbf": null, "exp": clock.seconds() + 300,
        }))
    };
    for _ in 0..5 {
        clock.advance(4 * 3600);
        accepted(&identities, &fresh(&clock)).await;
    }
    clock.advance(5 * 3600);
    assert!(judge(&identities, &fresh(&clock)).await.is_err());
    issuer.go_away(false);
    clock.advance(11);
    accepted(&identities, &fresh(&clock)).await;
}

#[tokio::test]
async fn an_issuer_that_answers_garbage_is_not_believed() {
    const DISCOVERY: &str = "/.well-known/openid-configuration";
    let elsewhere = Issuer::start();
    for (path, body, complaint) in [
        (DISCOVERY, "<html>".to_owned(), "the discovery document is not one"),
        (DISCOVERY, "{}".to_owned(), "the discovery document is not one"),
        (
            DISCOVERY,
            json!({"issuer": "https://other", "jwks_uri": "https://other/keys"}).to_string(),
            "the discovery document is that of another issuer",
        ),
        ("/keys", "{}".to_owned(), "the key set cannot be used"),
        ("/keys", r#"{"keys": []}"#.to_owned(), "the key set cannot be used"),
        (
            "/keys",
            r#"{"keys": [{"kty": "oct", "k": "AAAA", "kid": "first"}]}"#.to_owned(),
            "the key set cannot be used",
        ),
        ("/keys", " ".repeat(2 << 20), "is longer than"),
    ] {
        let issuer = Issuer::start();
        issuer.answer_instead(path, body);
        let error = judge(&trusting(&issuer, &Clock::start()), &issuer.token(&job())).await.unwrap_err();
        assert!(error.contains(complaint), "{error}");
    }
    for path in [DISCOVERY, "/keys"] {
        let issuer = Issuer::start();
        issuer.redirect(path, &format!("{}{path}", elsewhere.url));
        let error = judge(&trusting(&issuer, &Clock::start()), &issuer.token(&job())).await.unwrap_err();
        assert!(error.contains("HTTP status 302"), "{error}");
    }
    // More keys than one token should be tried with.
    let issuer = Issuer::start();
    (0..65).for_each(|_| issuer.rotate());
    let error = judge(&trusting(&issuer, &Clock::start()), &issuer.token(&job())).await.unwrap_err();
    assert!(error.contains("the key set cannot be used"), "{error}");
    // A document leads to no other host without TLS, and to no other scheme.
    for uri in [
        format!("{}/keys", elsewhere.url),
        "file:///etc/passwd".to_owned(),
        "http://10.0.0.1/keys".to_owned(),
    ] {
        let issuer = Issuer::start();
        issuer.answer_instead(DISCOVERY, json!({"issuer": issuer.url, "jwks_uri": uri}).to_string());
        let error = judge(&trusting(&issuer, &Clock::start()), &issuer.token(&job())).await.unwrap_err();
        assert!(error.contains("must be an https URL"), "{error}");
    }
    assert!(elsewhere.asked().is_empty());
    // Without leave there is no http at all.
    let trusted = trusted(&elsewhere, &Clock::start());
    assert!(WorkloadIdentities::new().trust(trusted, IssuerAccess::default()).is_err());
}

#[tokio::test]
async fn a_credential_for_the_issuer_goes_to_the_issuer_alone() {
    let (issuer, elsewhere) = (Issuer::start(), Issuer::start());
    let file = tempfile::NamedTempFile::new().unwrap();
    std::fs::write(file.path(), "s3cr3t\n").unwrap();
    let mut access = access();
    access.token_file = Some(file.path().to_owned());
    let clock = Clock::start();
    let by_discovery = WorkloadIdentities::new().trust(trusted(&issuer, &clock), access.clone()).unwrap();
    accepted(&by_discovery, &issuer.token(&job())).await;
    assert_eq!(issuer.asked(), ["/.well-known/openid-configuration Bearer s3cr3t", "/keys Bearer s3cr3t"]);
    // The issuer as a name, its keys at a URL, as within a cluster.
    let mut options = KeyOptions::default();
    options.interval = Duration::ZERO;
    let named = TrustedIssuer::new("https://kubernetes.default.svc", [AUDIENCE])
        .keys_at(format!("{}/keys", elsewhere.url))
        .key_options(options);
    let by_url = WorkloadIdentities::new().trust(named, access).unwrap();
    let token =
        elsewhere.token(&json!({"iss": "https://kubernetes.default.svc", "aud": AUDIENCE, "sub": "x"}));
    assert_eq!(&*accepted(&by_url, &token).await.account, "kubernetes.default.svc:x");
    assert_eq!(elsewhere.asked(), ["/keys Bearer s3cr3t"]);
    assert!(!format!("{by_discovery:?} {by_url:?}").contains("s3cr3t"));
}

#[tokio::test]
async fn accounts_can_be_written_on_one_line() {
    let issuer = Issuer::start();
    let identities = trusting(&issuer, &Clock::start());
    for sub in ["a\nb", "a\u{1b}[31m", "\u{7f}", "a\u{85}b", "a\0"] {
        let reason = refused(&identities, &issuer.token(&json!({"aud": AUDIENCE, "sub": sub}))).await;
        assert_eq!(reason, "workload ci: the claims give an account with a control character", "{sub:?}");
    }
}
