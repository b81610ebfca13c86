use std::time::UNIX_EPOCH;

use serde_json::{Value, json};

use super::*;
use crate::token::{AccessEntry, CertificateChain, Signer, SigningKey, jwks};

const NOW: u64 = 1_800_000_000;

fn at(seconds: u64) -> SystemTime {
    UNIX_EPOCH + Duration::from_secs(seconds)
}

fn signer() -> Signer {
    let pem = rcgen::KeyPair::generate().unwrap().serialize_pem();
    Signer::new(SigningKey::from_pem(pem.as_bytes()).unwrap()).unwrap()
}

fn claims() -> Claims {
    let mut claims = Claims::new("Acme", "alice", "registry", at(NOW), Duration::from_secs(900));
    let scope = "repository:team/app:pull".parse().unwrap();
    claims.access.push(AccessEntry::new(&scope, scope.actions().clone()));
    claims
}

fn verifier(signer: &Signer) -> Verifier {
    Verifier::builder("Acme", "registry").key(signer.public_key().clone()).build().unwrap()
}

/// A token with this header and these claims, signed by the right key.
fn forged(signer: &Signer, header: &str, claims: &str) -> String {
    let encode = |json: &str| URL_SAFE_NO_PAD.encode(json);
    signer.sign_message(format!("{}.{}", encode(header), encode(claims))).unwrap()
}

#[test]
fn every_kind_of_key_signs_what_its_public_half_verifies() {
    let kinds = [
        rcgen::KeyPair::generate_for(&rcgen::PKCS_ECDSA_P256_SHA256),
        rcgen::KeyPair::generate_for(&rcgen::PKCS_ECDSA_P384_SHA384),
        rcgen::KeyPair::generate_for(&rcgen::PKCS_ECDSA_P521_SHA512),
        rcgen::KeyPair::generate_for(&rcgen::PKCS_ED25519),
        rcgen::KeyPair::generate_rsa_for(&rcgen::PKCS_RSA_SHA256, rcgen::RsaKeySize::_2048),
    ];
    for pair in kinds {
        let pair = pair.unwrap();
        let certificate = rcgen::CertificateParams::default().self_signed(&pair).unwrap();
        let key = SigningKey::from_pem(pair.serialize_pem().as_bytes()).unwrap();
        let chain = CertificateChain::from_pem(certificate.pem().as_bytes()).unwrap();
        let signer = Signer::new(key).unwrap().with_certificates(chain).unwrap();
        let token = signer.sign_now(&claims()).unwrap();
        let by_set = Verifier::builder("Acme", "registry")
            .jwks(&jwks([signer.public_key()]))
            .unwrap()
            .build()
            .unwrap();
        for verifier in [verifier(&signer), by_set] {
            let token = verifier.verify(&token, at(NOW)).unwrap();
            assert_eq!(token.account(), "alice");
            assert!(token.allows("repository", "team/app", "pull"));
            assert!(!token.allows("repository", "team/app", "push"));
            assert!(!token.allows("repository", "team/app2", "pull"));
            assert!(!token.allows("registry", "team/app", "pull"));
        }
    }
}

#[test]
fn times_are_good_within_the_leeway_and_not_a_second_more() {
    let signer = signer();
    let verifier = verifier(&signer);
    let token = signer.sign_now(&claims()).unwrap();
    let (from, until) = (NOW - 10, NOW + 900);
    for (now, expected) in [
        (from - 60, None),
        (from - 61, Some(VerifyError::NotYet)),
        (until + 59, None),
        (until + 60, Some(VerifyError::Expired)),
    ] {
        assert_eq!(verifier.verify(&token, at(now)).err(), expected, "{now}");
    }
}

#[test]
fn another_issuer_audience_or_key_is_refused() {
    let (signer, other) = (signer(), signer());
    let refused = |change: fn(&mut Claims)| {
        let mut claims = claims();
        change(&mut claims);
        verifier(&signer).verify(&signer.sign_now(&claims).unwrap(), at(NOW)).unwrap_err()
    };
    assert_eq!(refused(|claims| claims.issuer.push('x')), VerifyError::Issuer);
    assert_eq!(refused(|claims| claims.issuer.clear()), VerifyError::Issuer);
    let audience = Claims::new("Acme", "", "registry2", at(NOW), Duration::from_secs(60));
    assert_eq!(
        verifier(&signer).verify(&signer.sign_now(&audience).unwrap(), at(NOW)).unwrap_err(),
        VerifyError::Audience
    );
    assert_eq!(
        verifier(&signer).verify(&other.sign_now(&claims()).unwrap(), at(NOW)).unwrap_err(),
        VerifyError::UnknownKey
    );
}

#[test]
fn what_the_token_brings_along_is_not_trusted() {
    let (trusted, attacker) = (signer(), signer());
    let verifier = verifier(&trusted);
    let claims = serde_json::to_string(&claims()).unwrap();
    let jwk = serde_json::to_value(attacker.public_key().to_jwk("x")).unwrap();
    let kid = trusted.public_key().libtrust_id();
    let headers = [
        (json!({"alg": "ES256", "jwk": jwk}), VerifyError::Signature),
        (json!({"alg": "ES256", "kid": kid, "jwk": jwk}), VerifyError::Signature),
        (
            json!({"alg": "ES256", "kid": attacker.public_key().thumbprint(), "jku": "http://x"}),
            VerifyError::UnknownKey,
        ),
        (json!({"alg": "ES256", "x5c": ["AAAA"]}), VerifyError::Signature),
        (json!({"alg": "none"}), VerifyError::Algorithm),
        (json!({"alg": "HS256", "kid": kid}), VerifyError::Algorithm),
        (json!({"alg": "ES384", "kid": kid}), VerifyError::Signature),
        (json!({"alg": "RS256"}), VerifyError::Signature),
        (json!({}), VerifyError::Malformed),
    ];
    for (header, error) in headers {
        let token = forged(&attacker, &header.to_string(), &claims);
        assert_eq!(verifier.verify(&token, at(NOW)).unwrap_err(), error, "{header}");
    }
    // Signed by the trusted key, so that only the header is at fault.
    let critical = forged(&trusted, &json!({"alg": "ES256", "crit": ["x"], "x": 1}).to_string(), &claims);
    assert_eq!(verifier.verify(&critical, at(NOW)).unwrap_err(), VerifyError::Critical);
    // HMAC with the public key as the secret.
    let message =
        format!("{}.{}", URL_SAFE_NO_PAD.encode(r#"{"alg":"HS256"}"#), URL_SAFE_NO_PAD.encode(&claims));
    let secret = aws_lc_rs::hmac::Key::new(aws_lc_rs::hmac::HMAC_SHA256, trusted.public_key().to_spki_der());
    let tag = aws_lc_rs::hmac::sign(&secret, message.as_bytes());
    let token = format!("{message}.{}", URL_SAFE_NO_PAD.encode(tag));
    assert_eq!(verifier.verify(&token, at(NOW)).unwrap_err(), VerifyError::Algorithm);
}

#[test]
fn claims_are_read_once_and_whole() {
    let signer = signer();
    let verifier = verifier(&signer);
    let header = r#"{"alg":"ES256"}"#;
    let good = r#""iss":"Acme","sub":"a","aud":"registry","access":[]"#;
    let claims = [
        (format!(r#"{{{good},"exp":{}}}"#, NOW + 60), None),
        (format!(r#"{{"iss":"Acme","aud":["other","registry"],"exp":{}}}"#, NOW + 60), None),
        (format!("{{{good}}}"), Some(VerifyError::Malformed)),
        (format!(r#"{{{good},"exp":{},"iss":"Acme"}}"#, NOW + 60), Some(VerifyError::Malformed)),
        (format!(r#"{{{good},"exp":"{}"}}"#, NOW + 60), Some(VerifyError::Malformed)),
        (format!(r#"{{{good},"exp":-1}}"#), Some(VerifyError::Malformed)),
        (format!(r#"{{"iss":"Acme","exp":{}}}"#, NOW + 60), Some(VerifyError::Malformed)),
    ];
    for (claims, expected) in claims {
        assert_eq!(verifier.verify(&forged(&signer, header, &claims), at(NOW)).err(), expected, "{claims}");
    }
    let twice = r#"{"alg":"ES256","alg":"ES256"}"#;
    let token = forged(&signer, twice, &format!(r#"{{{good},"exp":{}}}"#, NOW + 60));
    assert_eq!(verifier.verify(&token, at(NOW)).unwrap_err(), VerifyError::Malformed);
}

#[test]
fn any_byte_that_is_changed_makes_a_token_bad() {
    let signer = signer();
    let verifier = verifier(&signer);
    let token = signer.sign_now(&claims()).unwrap();
    for at_byte in 0..token.len() {
        for replacement in *b"A.-_=9 " {
            let mut bytes = token.clone().into_bytes();
            if bytes[at_byte] == replacement {
                continue;
            }
            bytes[at_byte] = replacement;
            let changed = String::from_utf8(bytes).unwrap();
            assert!(verifier.verify(&changed, at(NOW)).is_err(), "{at_byte} {}", char::from(replacement));
        }
        assert!(verifier.verify(&token[..at_byte], at(NOW)).is_err(), "cut at {at_byte}");
    }
    let long = "a".repeat(64 * 1024 + 1);
    assert_eq!(verifier.verify(&long, at(NOW)).unwrap_err(), VerifyError::TooLong { limit: 64 * 1024 });
}

#[test]
fn the_wildcard_allows_every_action_of_its_resource() {
    let signer = signer();
    let mut claims = claims();
    let scope = "registry:catalog:*".parse().unwrap();
    claims.access = vec![AccessEntry::new(&scope, scope.actions().clone())];
    let token = verifier(&signer).verify(&signer.sign_now(&claims).unwrap(), at(NOW)).unwrap();
    assert!(token.allows("registry", "catalog", "anything"));
    assert!(!token.allows("registry", "other", "anything"));
}

#[test]
fn an_audience_is_written_as_a_string() {
    let written: Value = serde_json::to_value(claims()).unwrap();
    assert_eq!(written["aud"], "registry");
}
