use aws_lc_rs::hmac;

use super::*;

#[test]
fn refuses_forged_algorithms() {
    let claims = serde_json::to_string(&claims()).unwrap();
    let signed =
        |header: &str| format!("{}.{}", URL_SAFE_NO_PAD.encode(header), URL_SAFE_NO_PAD.encode(&claims));
    for none in ["none", "None", "NONE", "nOnE", ""] {
        let message = signed(&format!(r#"{{"alg":"{none}"}}"#));
        assert_eq!(verify(&format!("{message}.")), Err(VerifyError::Algorithm));
    }
    // The public key, in each of its forms, as the secret of an HMAC.
    let rsa = key(RSA).public_key().clone();
    let pem = testdata!("keys/rsa2048-pub.pem");
    for secret in [rsa.to_spki_der(), pem, pem.trim_ascii_end()] {
        let message = signed(r#"{"alg":"HS256"}"#);
        let tag = hmac::sign(&hmac::Key::new(hmac::HMAC_SHA256, secret), message.as_bytes());
        let token = format!("{message}.{}", URL_SAFE_NO_PAD.encode(tag));
        assert_eq!(verifier(RSA).verify(&token, at(NOW)), Err(VerifyError::Algorithm));
    }
    // Signatures that are right, under the name of another algorithm.
    for algorithm in ["RS256", "ES384", "ES512", "ES256K", "EdDSA", "PS256", "es256", "ES256 "] {
        let token = with_header(&format!(r#"{{"alg":"{algorithm}"}}"#));
        assert_eq!(verify(&token), Err(VerifyError::Algorithm), "{algorithm}");
    }
    // r = s = 0, the signature that broken implementations take for any message; and no signature at all.
    for signature in [vec![0; 64], vec![], vec![0; 63], vec![0xff; 64]] {
        let token = format!("{}.{}", signed(r#"{"alg":"ES256"}"#), URL_SAFE_NO_PAD.encode(signature));
        assert_eq!(verify(&token), Err(VerifyError::Signature));
    }
}

#[test]
fn trusts_nothing_that_the_token_brings_along() {
    // Signed by a stranger, who presents the key for it.
    let stranger = signer(testdata!("keys/p256-leading-zero.pem"));
    let jwk = serde_json::to_string(&stranger.public_key().to_jwk("x")).unwrap();
    let claims = serde_json::to_string(&claims()).unwrap();
    let kid = key(P256).public_key().thumbprint();
    for header in [
        format!(r#"{{"alg":"ES256","jwk":{jwk}}}"#),
        format!(r#"{{"alg":"ES256","kid":"{kid}","jwk":{jwk}}}"#),
        format!(r#"{{"alg":"ES256","kid":"{kid}","jku":"https://evil.example/jwks"}}"#),
        format!(r#"{{"alg":"ES256","kid":"{kid}","x5u":"https://evil.example/cert"}}"#),
        format!(r#"{{"alg":"ES256","kid":"{kid}","x5c":["AAAA"]}}"#),
    ] {
        let forged = forge(testdata!("keys/p256-leading-zero.pem"), &header, &claims);
        assert_eq!(verify(&forged), Err(VerifyError::Signature), "{header}");
        // What is ignored does not spoil a token that is signed rightly.
        assert!(verify(&forge(P256, &header, &claims)).is_ok(), "{header}");
    }
}
