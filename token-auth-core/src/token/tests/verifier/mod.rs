mod forgeries;
mod spellings;

use aws_lc_rs::rand::SystemRandom;
use aws_lc_rs::signature::{
    RSA_PKCS1_SHA256, RSA_PKCS1_SHA384, RSA_PKCS1_SHA512, RSA_PSS_SHA256, RSA_PSS_SHA384, RSA_PSS_SHA512,
    RsaEncoding, RsaKeyPair,
};
use rustls_pki_types::PrivatePkcs1KeyDer;
use rustls_pki_types::pem::PemObject as _;
use serde_json::{Value, json};

use super::*;

fn builder() -> VerifierBuilder {
    Verifier::builder("issuer", "service")
}

fn verifier(pem: &[u8]) -> Verifier {
    builder().key(key(pem).public_key().clone()).build().unwrap()
}

fn set(keys: &Value) -> JwkSet {
    serde_json::from_value(json!({"keys": keys})).unwrap()
}

/// A token with any header and payload, and a right signature.
fn forge(pem: &[u8], header: &str, payload: &str) -> String {
    let mut token = format!("{}.{}", URL_SAFE_NO_PAD.encode(header), URL_SAFE_NO_PAD.encode(payload));
    key(pem).seal(&mut token).unwrap();
    token
}

fn with_header(header: &str) -> String {
    forge(P256, header, &serde_json::to_string(&claims()).unwrap())
}

/// A token in whose claims a member is replaced, or removed by `null`.
fn with_claim(member: &str, value: Value) -> String {
    let mut claims = serde_json::to_value(claims()).unwrap();
    match value {
        Value::Null => claims.as_object_mut().unwrap().remove(member),
        value => claims.as_object_mut().unwrap().insert(member.into(), value),
    };
    forge(P256, r#"{"alg":"ES256"}"#, &claims.to_string())
}

fn verify(token: &str) -> Result<VerifiedToken, VerifyError> {
    verifier(P256).verify(token, at(NOW))
}

#[test]
fn believes_what_was_signed() {
    for pem in [RSA, P256, P384, P521, ED25519] {
        for kind in [KeyIdKind::Libtrust, KeyIdKind::Thumbprint] {
            let signer = signer(pem).with_key_id(kind).unwrap();
            let token = signer.sign_now(&claims()).unwrap();
            let published = builder().jwks(&jwks([signer.public_key()])).unwrap().build().unwrap();
            for verifier in [verifier(pem), published] {
                let verified = verifier.verify(&token, at(NOW)).unwrap();
                assert_eq!((verified.account(), verified.claims()), ("alice", &claims()));
                assert_eq!(verified.into_claims(), claims());
            }
        }
    }
}

#[test]
fn believes_every_algorithm_of_rsa() {
    for algorithm in [Algorithm::RS256, Algorithm::RS384, Algorithm::RS512] {
        let signer = Signer::new(key(RSA).with_algorithm(algorithm).unwrap()).unwrap();
        let token = signer.sign_now(&claims()).unwrap();
        let own = builder().key(signer.public_key().clone()).build().unwrap();
        let published = builder().jwks(&jwks([signer.public_key()])).unwrap().build().unwrap();
        for verifier in [own, published] {
            assert!(verifier.verify(&token, at(NOW)).is_ok(), "{algorithm}");
        }
        let expected = if algorithm == Algorithm::RS256 { Ok(()) } else { Err(VerifyError::Algorithm) };
        assert_eq!(verifier(RSA).verify(&token, at(NOW)).map(drop), expected, "{algorithm}");
    }
}

#[test]
fn allows_what_the_token_says() {
    let wildcard = json!([
        {"type": "repository", "name": "team/app", "actions": ["pull"]},
        {"type": "repository", "name": "team/app", "actions": ["push"]},
        {"type": "registry", "name": "catalog", "actions": ["*"]},
        {"type": "repository", "name": "denied", "actions": []},
    ]);
    let token = verify(&with_claim("access", wildcard)).unwrap();
    for (resource_type, name, action, allowed) in [
        ("repository", "team/app", "pull", true),
        ("repository", "team/app", "push", true),
        ("repository", "team/app", "delete", false),
        ("repository", "team/app", "*", false),
        ("repository", "team/app", "PULL", false),
        ("repository", "team/app2", "pull", false),
        ("repository", "team", "pull", false),
        ("registry", "team/app", "pull", false),
        ("registry", "catalog", "*", true),
        ("registry", "catalog", "pull", true),
        ("repository", "denied", "pull", false),
        ("repository", "denied", "", false),
    ] {
        assert_eq!(token.allows(resource_type, name, action), allowed, "{resource_type}:{name}:{action}");
    }
}

#[test]
fn finds_the_key() {
    let named = set(&json!([key(RSA).public_key().to_jwk("2024")]));
    let both = builder().key(key(P256).public_key().clone()).jwks(&named).unwrap().build().unwrap();
    let claims = serde_json::to_string(&claims()).unwrap();
    for (name, pem, header, expected) in [
        ("by its name", RSA, r#"{"alg":"RS256","kid":"2024"}"#, Ok(())),
        ("without an id", RSA, r#"{"alg":"RS256"}"#, Ok(())),
        ("without an id", P256, r#"{"alg":"ES256"}"#, Ok(())),
        ("null id", P256, r#"{"alg":"ES256","kid":null}"#, Ok(())),
        ("unknown id", P256, r#"{"alg":"ES256","kid":"other"}"#, Err(VerifyError::UnknownKey)),
        ("empty id", P256, r#"{"alg":"ES256","kid":""}"#, Err(VerifyError::UnknownKey)),
        ("another key's id", P256, r#"{"alg":"ES256","kid":"2024"}"#, Err(VerifyError::Algorithm)),
        ("algorithm of no key", P256, r#"{"alg":"ES384"}"#, Err(VerifyError::Algorithm)),
        ("another key", P384, r#"{"alg":"ES256"}"#, Err(VerifyError::Signature)),
        ("another RSA algorithm", RSA, r#"{"alg":"RS512"}"#, Err(VerifyError::Algorithm)),
    ] {
        let verified = both.verify(&forge(pem, header, &claims), at(NOW));
        assert_eq!(verified.map(drop), expected, "{name}");
    }
}

#[test]
fn takes_keys_from_a_jwk_set() {
    let mut oaep = serde_json::to_value(key(RSA).public_key().to_jwk("oaep")).unwrap();
    oaep["alg"] = "RSA-OAEP".into();
    let mut wrap = serde_json::to_value(key(P384).public_key().to_jwk("wrap")).unwrap();
    wrap["key_ops"] = json!(["wrapKey"]);
    let trusted = set(&json!([
        {"kty": "oct", "k": "AAAA", "alg": "HS256", "kid": "shared secret"},
        {"kty": "new", "kid": "not invented yet"},
        {"kty": "EC", "crv": "secp256k1", "x": "AAAA", "y": "AAAA", "alg": "ES256K"},
        {"kty": "OKP", "crv": "Ed448", "x": "AAAA"},
        oaep,
        wrap,
        key(ED25519).public_key().to_jwk("ed"),
        key(P256).public_key().to_jwk("p256"),
    ]));
    let verifier = builder().jwks(&trusted).unwrap().build().unwrap();
    for pem in [ED25519, P256] {
        let token = signer(pem).sign_now(&claims()).unwrap();
        assert!(verifier.verify(&token, at(NOW)).is_ok());
    }
    let token = forge(ED25519, r#"{"alg":"EdDSA","kid":"ed"}"#, &serde_json::to_string(&claims()).unwrap());
    assert!(verifier.verify(&token, at(NOW)).is_ok());
    for ignored in [RSA, P384] {
        let token = signer(ignored).sign_now(&claims()).unwrap();
        assert_eq!(verifier.verify(&token, at(NOW)), Err(VerifyError::UnknownKey));
    }
    for (name, unusable) in [
        ("none", json!([])),
        ("a secret", json!([{"kty": "oct", "k": "AAAA"}])),
        ("to encrypt", json!([oaep])),
    ] {
        assert!(builder().jwks(&set(&unusable)).is_err(), "{name}");
    }
}

/// A token signed with RSASSA-PSS, or with what else the encoding is.
fn sign_rsa(algorithm: &str, encoding: &'static dyn RsaEncoding) -> String {
    let der = PrivatePkcs1KeyDer::from_pem_slice(testdata!("keys/rsa2048-pkcs1.pem")).unwrap();
    let pair = RsaKeyPair::from_der(der.secret_pkcs1_der()).unwrap();
    let header = URL_SAFE_NO_PAD.encode(format!(r#"{{"alg":"{algorithm}"}}"#));
    let signed = format!("{header}.{}", URL_SAFE_NO_PAD.encode(serde_json::to_vec(&claims()).unwrap()));
    let mut signature = vec![0; pair.public_modulus_len()];
    pair.sign(encoding, &SystemRandom::new(), signed.as_bytes(), &mut signature).unwrap();
    format!("{signed}.{}", URL_SAFE_NO_PAD.encode(signature))
}

#[test]
fn an_rsa_key_verifies_pss_where_its_set_says_so_or_leaves_it_open() {
    let tokens: [(&str, &'static dyn RsaEncoding); 6] = [
        ("PS256", &RSA_PSS_SHA256),
        ("PS384", &RSA_PSS_SHA384),
        ("PS512", &RSA_PSS_SHA512),
        ("RS256", &RSA_PKCS1_SHA256),
        ("RS384", &RSA_PKCS1_SHA384),
        ("RS512", &RSA_PKCS1_SHA512),
    ];
    let trusting = |algorithm: Value| {
        let mut jwk = serde_json::to_value(key(RSA).public_key().to_jwk("rsa")).unwrap();
        jwk["alg"] = algorithm;
        builder().jwks(&set(&json!([jwk]))).unwrap().build().unwrap()
    };
    for (algorithm, encoding) in tokens {
        let token = sign_rsa(algorithm, encoding);
        let verify = |verifier: Verifier| verifier.verify(&token, at(NOW)).map(drop);
        assert_eq!(verify(trusting(Value::Null)), Ok(()), "{algorithm}");
        for (other, _) in tokens {
            let expected = if other == algorithm { Ok(()) } else { Err(VerifyError::Algorithm) };
            assert_eq!(verify(trusting(other.into())), expected, "{algorithm} with a key for {other}");
        }
        // Signed otherwise than it says.
        for (_, other) in tokens.into_iter().filter(|(other, _)| *other != algorithm) {
            let token = sign_rsa(algorithm, other);
            let verified = trusting(Value::Null).verify(&token, at(NOW));
            assert_eq!(verified.map(drop), Err(VerifyError::Signature), "{algorithm}");
        }
    }
}

#[test]
fn cannot_be_built_without_knowing_whom_to_trust() {
    assert_eq!(builder().build().unwrap_err(), KeyError::NothingToTrust);
    let many = (0..65).map(|_| {
        let pair = rcgen::KeyPair::generate().unwrap();
        PublicKey::from_pem(pair.public_key_pem().as_bytes()).unwrap()
    });
    assert_eq!(many.fold(builder(), VerifierBuilder::key).build().unwrap_err(), KeyError::TooMany(64));
    // The same key is one key, however often it is named.
    let again = (0..65).map(|_| key(P256).public_key().clone());
    assert!(again.fold(builder(), VerifierBuilder::key).build().is_ok());
}

#[test]
fn checks_the_claims() {
    for (name, member, value, expected) in [
        ("other issuer", "iss", json!("issuer2"), Err(VerifyError::Issuer)),
        ("issuer with a slash", "iss", json!("issuer/"), Err(VerifyError::Issuer)),
        ("no issuer", "iss", Value::Null, Err(VerifyError::Malformed)),
        ("other audience", "aud", json!("other"), Err(VerifyError::Audience)),
        ("among audiences", "aud", json!(["other", "service"]), Ok(())),
        ("other audiences", "aud", json!(["other"]), Err(VerifyError::Audience)),
        ("no audiences", "aud", json!([]), Err(VerifyError::Audience)),
        ("no audience", "aud", Value::Null, Err(VerifyError::Malformed)),
        ("no expiry", "exp", Value::Null, Err(VerifyError::Malformed)),
        ("expiry as text", "exp", json!("9999999999"), Err(VerifyError::Malformed)),
        ("never expires", "exp", json!(u64::MAX), Ok(())),
        ("expired within the leeway", "exp", json!(NOW - 59), Ok(())),
        ("expired", "exp", json!(NOW - 60), Err(VerifyError::Expired)),
        ("soon valid", "nbf", json!(NOW + 60), Ok(())),
        ("not yet valid", "nbf", json!(NOW + 61), Err(VerifyError::NotYet)),
        ("issued soon", "iat", json!(NOW + 60), Ok(())),
        ("issued in the future", "iat", json!(NOW + 61), Err(VerifyError::NotYet)),
        ("no other times", "nbf", Value::Null, Ok(())),
        ("no account", "sub", Value::Null, Ok(())),
        ("no access", "access", Value::Null, Ok(())),
        ("access is no list", "access", json!("repository:*:*"), Err(VerifyError::Malformed)),
    ] {
        assert_eq!(verify(&with_claim(member, value)).map(drop), expected, "{name}");
    }
    let strict = builder().leeway(Duration::ZERO);
    let strict = strict.key(key(P256).public_key().clone()).build().unwrap();
    let token = |exp| with_claim("exp", json!(exp));
    assert_eq!(strict.verify(&token(NOW), at(NOW)), Err(VerifyError::Expired));
    assert!(strict.verify(&token(NOW + 1), at(NOW)).is_ok());
    assert_eq!(strict.verify(&token(NOW + 1), UNIX_EPOCH), Err(VerifyError::NotYet));
}

#[test]
fn access_that_is_null_allows_nothing() {
    let payload = format!(r#"{{"iss":"issuer","aud":"service","exp":{},"access":null}}"#, NOW + 60);
    let token = verify(&forge(P256, r#"{"alg":"ES256","typ":null}"#, &payload)).unwrap();
    assert_eq!((token.account(), token.claims().access.len()), ("", 0));
    assert!(!token.allows("repository", "team/app", "pull"));
}
