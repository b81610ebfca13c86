use serde_json::{Value, json};

use super::*;

#[test]
fn thumbprints_of_the_specifications() {
    for (name, jwk, thumbprint) in [
        (
            "RFC 7638 section 3.1",
            r#"{"kty":"RSA","e":"AQAB","alg":"RS256","kid":"2011-04-29","n":"0vx7agoebGcQSuuPiLJXZptN9nndrQmbXEps2aiAFbWhM78LhWx4cbbfAAtVT86zwu1RK7aPFFxuhDR1L6tSoc_BJECPebWKRXjBZCiFV4n3oknjhMstn64tZ_2W-5JsGY4Hc5n9yBXArwl93lqt7_RN5w6Cf0h4QyQ5v-65YGjQR0_FDW2QvzqY368QQMicAtaSqzs8KJZgnYb9c7d0zgdAZHzu6qMQvRL5hajrn1n91CbOpbISD08qNLyrdkt-bFTWhAI4vMQFh6WeZu0fM4lFd2NcRwr3XPksINHaQ-G_xBniIqbw0Ls1jF44-csFCur-kEgU8awapJzKnqDKgw"}"#,
            "NzbLsXh8uDCcd-6MNwXF4W_7noWXFZAfHkxZsRGC9Xs",
        ),
        (
            "RFC 8037 appendix A.3",
            r#"{"kty":"OKP","crv":"Ed25519","x":"11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo"}"#,
            "kPrK_qmxVWaYVA9wwBF6Iuo3vVzz7TxHCTwXBygrS4k",
        ),
    ] {
        let key = PublicKey::from_jwk(&serde_json::from_str(jwk).unwrap()).unwrap();
        assert_eq!(key.thumbprint(), thumbprint, "{name}");
    }
}

#[test]
fn a_jwk_is_read_as_it_was_written() {
    for pem in [P256, P384, P521, RSA, ED25519] {
        let public = key(pem).public_key().clone();
        let written = serde_json::to_string(&public.to_jwk("any")).unwrap();
        let read = PublicKey::from_jwk(&serde_json::from_str(&written).unwrap()).unwrap();
        assert_eq!(read, public, "{written}");
        assert_eq!(PublicKey::from_spki_der(public.to_spki_der()).unwrap(), public);
    }
}

#[test]
fn a_jwk_set_lists_a_key_under_every_id_once() {
    let (p256, rsa) = (key(P256).public_key().clone(), key(RSA).public_key().clone());
    let set = serde_json::to_value(jwks([&p256, &rsa, &p256])).unwrap();
    let ids: Vec<_> =
        set["keys"].as_array().unwrap().iter().map(|jwk| jwk["kid"].as_str().unwrap()).collect();
    assert_eq!(ids, [p256.thumbprint(), p256.libtrust_id(), rsa.thumbprint(), rsa.libtrust_id()]);
    for jwk in set["keys"].as_array().unwrap() {
        assert_eq!(jwk["use"], "sig");
        assert!(jwk.get("d").is_none());
    }
    assert_eq!(set["keys"][0]["alg"], "ES256");
    assert_eq!(set["keys"][3]["alg"], "RS256");
}

#[test]
fn a_jwk_set_names_the_algorithm_that_the_key_is_used_with() {
    for algorithm in [Algorithm::RS384, Algorithm::RS512] {
        let key = key(RSA).with_algorithm(algorithm).unwrap();
        let set = serde_json::to_value(jwks([key.public_key()])).unwrap();
        assert_eq!(set["keys"][0]["alg"], algorithm.name());
        let read = PublicKey::from_jwk(&serde_json::from_value(set["keys"][1].clone()).unwrap()).unwrap();
        assert_eq!(read.algorithm(), algorithm);
        assert_ne!(read, *super::key(RSA).public_key());
    }
}

#[test]
fn reads_jwks_of_others() {
    let bare = |pem| {
        let mut jwk = serde_json::to_value(key(pem).public_key().to_jwk("any")).unwrap();
        let members = jwk.as_object_mut().unwrap();
        members.retain(|name, _| !matches!(name.as_str(), "use" | "alg" | "kid"));
        jwk
    };
    for (name, pem, member, value, accepted) in [
        ("nothing said", RSA, "x", Value::Null, true),
        ("another algorithm of RSA", RSA, "alg", json!("RS384"), true),
        ("PSS", RSA, "alg", json!("PS256"), true),
        ("PSS of an elliptic curve", P256, "alg", json!("PS256"), false),
        ("to verify", P256, "key_ops", json!(["verify"]), true),
        ("to encrypt", P256, "key_ops", json!(["encrypt", "wrapKey"]), false),
        ("for nothing", P256, "key_ops", json!([]), false),
        ("ES512, or any that is not known", P521, "alg", json!("ES512"), false),
    ] {
        let mut jwk = bare(pem);
        if !value.is_null() {
            jwk[member] = value;
        }
        assert_eq!(PublicKey::from_jwk(&serde_json::from_value(jwk).unwrap()).is_ok(), accepted, "{name}");
    }
    let mut es512 = bare(P521);
    (es512["alg"], es512["use"]) = ("ES512".into(), "sig".into());
    assert!(PublicKey::from_jwk(&serde_json::from_value(es512).unwrap()).is_ok());
}

#[test]
fn refuses_jwks_that_cannot_verify() {
    let p256 = serde_json::to_value(key(P256).public_key().to_jwk("any")).unwrap();
    let rsa = serde_json::to_value(key(RSA).public_key().to_jwk("any")).unwrap();
    let with = |jwk: &Value, member: &str, value: &str| {
        let mut jwk = jwk.clone();
        jwk[member] = value.into();
        serde_json::from_value::<Jwk>(jwk).unwrap()
    };
    let x = p256["x"].as_str().unwrap();
    let n = rsa["n"].as_str().unwrap();
    for (name, jwk) in [
        ("for encryption", with(&p256, "use", "enc")),
        ("another algorithm", with(&p256, "alg", "ES384")),
        ("HMAC", with(&rsa, "alg", "HS256")),
        ("encryption algorithm", with(&rsa, "alg", "RSA-OAEP")),
        ("short coordinate", with(&p256, "x", &URL_SAFE_NO_PAD.encode([7; 31]))),
        ("not on the curve", with(&p256, "x", &URL_SAFE_NO_PAD.encode([7; 32]))),
        ("other curve", with(&p256, "crv", "P-521")),
        ("unknown curve", with(&p256, "crv", "secp256k1")),
        ("unknown algorithm", with(&p256, "alg", "ES256K")),
        ("padding", with(&p256, "x", &format!("{x}="))),
        (
            "leading zero",
            with(&rsa, "n", &URL_SAFE_NO_PAD.encode([vec![0], URL_SAFE_NO_PAD.decode(n).unwrap()].concat())),
        ),
        ("small modulus", with(&rsa, "n", &URL_SAFE_NO_PAD.encode([0xff; 128]))),
        ("even exponent", with(&rsa, "e", "Ag")),
        ("symmetric", serde_json::from_str(r#"{"kty":"oct","k":"AAAA","alg":"HS256"}"#).unwrap()),
    ] {
        assert!(PublicKey::from_jwk(&jwk).is_err(), "{name}");
    }
}
