use std::sync::Arc;

use aws_lc_rs::signature::{
    ECDSA_P256_SHA256_FIXED, ECDSA_P384_SHA384_FIXED, ECDSA_P521_SHA512_FIXED, ED25519 as EDDSA,
    RSA_PKCS1_2048_8192_SHA256, RSA_PKCS1_2048_8192_SHA384, RSA_PKCS1_2048_8192_SHA512, UnparsedPublicKey,
    VerificationAlgorithm,
};

use super::*;

#[test]
fn signs_a_compact_jws() {
    let cases: [(_, _, _, &'static dyn VerificationAlgorithm, _); 7] = [
        (RSA, Algorithm::RS256, "RS256", &RSA_PKCS1_2048_8192_SHA256, 256),
        (RSA, Algorithm::RS384, "RS384", &RSA_PKCS1_2048_8192_SHA384, 256),
        (RSA, Algorithm::RS512, "RS512", &RSA_PKCS1_2048_8192_SHA512, 256),
        (P256, Algorithm::ES256, "ES256", &ECDSA_P256_SHA256_FIXED, 64),
        (P384, Algorithm::ES384, "ES384", &ECDSA_P384_SHA384_FIXED, 96),
        (P521, Algorithm::ES512, "ES512", &ECDSA_P521_SHA512_FIXED, 132),
        (ED25519, Algorithm::EdDSA, "EdDSA", &EDDSA, 64),
    ];
    for (pem, algorithm, name, verification, length) in cases {
        let key = key(pem).with_algorithm(algorithm).unwrap();
        let (der, kid) = (key.public_key().to_spki_der().to_vec(), key.public_key().libtrust_id());
        let token = Signer::new(key).unwrap().sign_now(&claims()).unwrap();
        assert_eq!(part(&token, 0), format!(r#"{{"typ":"JWT","alg":"{name}","kid":"{kid}"}}"#));
        assert_eq!(part(&token, 1), serde_json::to_string(&claims()).unwrap());
        let (message, signature) = token.rsplit_once('.').unwrap();
        let signature = URL_SAFE_NO_PAD.decode(signature).unwrap();
        assert_eq!(signature.len(), length, "{name}");
        UnparsedPublicKey::new(verification, der).verify(message.as_bytes(), &signature).expect(name);
    }
}

#[test]
fn the_buffer_is_made_large_enough_at_once() {
    for pem in [RSA, P256, P384, P521, ED25519] {
        let signer = signer(pem);
        let token = signer.sign_now(&claims()).unwrap();
        assert_eq!(token.len(), token.capacity());
    }
}

#[test]
fn announces_the_key_as_it_is_told() {
    let kid = |kind| {
        let token = signer(P256).with_key_id(kind).unwrap().sign_now(&claims()).unwrap();
        let header: serde_json::Value = serde_json::from_str(&part(&token, 0)).unwrap();
        header["kid"].as_str().unwrap().to_owned()
    };
    assert_eq!(kid(KeyIdKind::Libtrust), key(P256).public_key().libtrust_id());
    assert_eq!(kid(KeyIdKind::Thumbprint), key(P256).public_key().thumbprint());
}

#[test]
fn an_envelope_serves_a_key_that_is_elsewhere() {
    let signer = signer(ED25519);
    let envelope = Envelope::new(key(ED25519).public_key().clone());
    let input = envelope.signing_input(&claims()).unwrap();
    let token = signer.sign_now(&claims()).unwrap();
    let (expected, signature) = token.rsplit_once('.').unwrap();
    assert_eq!(input, expected);
    assert_eq!(envelope.seal(input, &URL_SAFE_NO_PAD.decode(signature).unwrap()), Ok(token));
}

/// `SEQUENCE { INTEGER r, INTEGER s }`
fn der(r: &[u8], s: &[u8]) -> Vec<u8> {
    let tagged = |tag: u8, content: &[u8]| {
        let length = u8::try_from(content.len()).unwrap();
        let length = if length < 0x80 { vec![length] } else { vec![0x81, length] };
        [&[tag], &*length, content].concat()
    };
    let integer = |number: &[u8]| {
        let number = &number[number.iter().take_while(|byte| **byte == 0).count()..];
        let sign: &[u8] = if number.first().is_some_and(|first| *first >= 0x80) { &[0] } else { &[] };
        tagged(2, &[sign, number].concat())
    };
    tagged(0x30, &[integer(r), integer(s)].concat())
}

#[test]
fn what_a_key_elsewhere_signs_is_sealed_in_the_form_of_tokens_or_not_at_all() {
    for pem in [P256, P384, P521] {
        let envelope = Envelope::new(key(pem).public_key().clone());
        let verifier =
            Verifier::builder("issuer", "service").key(key(pem).public_key().clone()).build().unwrap();
        // Often enough that numbers are shorter than the curve.
        for _ in 0..100 {
            let token = signer(pem).sign_now(&claims()).unwrap();
            let (input, signature) = token.rsplit_once('.').unwrap();
            let signature = URL_SAFE_NO_PAD.decode(signature).unwrap();
            let (r, s) = signature.split_at(signature.len() / 2);
            let asn1 = der(r, s);
            let sealed = envelope.seal_der(input.to_owned(), &asn1).unwrap();
            assert_eq!(sealed, token);
            verifier.verify(&sealed, at(NOW)).unwrap();
            let long = SignerError::SignatureLength { found: asn1.len(), expected: signature.len() };
            assert_eq!(envelope.seal(input.to_owned(), &asn1), Err(long));
        }
        let (r, s) = (vec![1; 32], vec![2; 32]);
        let good = der(&r, &s);
        let negative = [&good[..4], &[0x80], &good[5..]].concat();
        for (name, wrong) in [
            ("nothing", vec![]),
            ("fixed", [r.clone(), s.clone()].concat()),
            ("cut", good[..good.len() - 1].to_vec()),
            ("more", [&good[..], &[0]].concat()),
            ("one number", [&[0x30, 3, 2, 1, 1][..]].concat()),
            ("three numbers", vec![0x30, 9, 2, 1, 1, 2, 1, 1, 2, 1, 1]),
            ("zero", der(&[0], &s)),
            ("negative", negative),
            ("long", der(&[1; 67], &s)),
        ] {
            assert_eq!(envelope.seal_der(String::new(), &wrong), Err(SignerError::SignatureDer), "{name}");
        }
    }
    for (pem, expected) in [(RSA, 256), (ED25519, 64)] {
        let envelope = Envelope::new(key(pem).public_key().clone());
        assert_eq!(envelope.seal_der(String::new(), &der(&[1], &[1])), Err(SignerError::SignatureDer));
        for found in [0, expected - 1, expected + 1] {
            let error = Err(SignerError::SignatureLength { found, expected });
            assert_eq!(envelope.seal(String::new(), &vec![0; found]), error);
        }
    }
}

#[test]
fn a_signer_is_used_through_pointers() {
    fn public_keys(signer: impl Sign) -> usize {
        signer.public_keys().len()
    }
    let signer = signer(P256);
    let boxed: Box<dyn Sign> = Box::new(super::signer(P256));
    let shared: Arc<dyn Sign> = Arc::new(super::signer(P256));
    assert_eq!((public_keys(&signer), public_keys(boxed), public_keys(shared)), (1, 1, 1));
}
