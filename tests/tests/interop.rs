//! Tokens cross from us to an independent implementation, and back.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::time::{Duration, SystemTime};

use jsonwebtoken::{DecodingKey, EncodingKey, Header, Validation, decode, encode};
use token_auth_core::token::{
    AccessEntry, Algorithm, Claims, KeyIdKind, PublicKey, Signer, SigningKey, Verifier,
};

macro_rules! key {
    ($name:literal) => {
        include_bytes!(concat!("../../token-auth-core/testdata/keys/", $name)).as_slice()
    };
}

type MakeKey = fn(&[u8]) -> jsonwebtoken::errors::Result<EncodingKey>;

/// All that the other implementation signs; it has no ES512.
const KEYS: [(&[u8], Algorithm, MakeKey); 6] = [
    (key!("rsa2048.pem"), Algorithm::RS256, EncodingKey::from_rsa_pem),
    (key!("rsa2048.pem"), Algorithm::RS384, EncodingKey::from_rsa_pem),
    (key!("rsa2048.pem"), Algorithm::RS512, EncodingKey::from_rsa_pem),
    (key!("p256.pem"), Algorithm::ES256, EncodingKey::from_ec_pem),
    (key!("p384.pem"), Algorithm::ES384, EncodingKey::from_ec_pem),
    (key!("ed25519.pem"), Algorithm::EdDSA, EncodingKey::from_ed_pem),
];

fn claims() -> Claims {
    let now = SystemTime::now();
    let mut claims = Claims::new("issuer", "alice \"quoted\"", "service", now, Duration::from_secs(300));
    let scope = "repository:team/äpp:pull,push".parse().unwrap();
    claims.access.push(AccessEntry::new(&scope, ["push", "pull"].into_iter().collect()));
    claims
}

fn signing_key(pem: &[u8], algorithm: Algorithm) -> SigningKey {
    SigningKey::from_pem(pem).unwrap().with_algorithm(algorithm).unwrap()
}

#[test]
fn others_believe_our_tokens() {
    for (pem, algorithm, _) in KEYS {
        let signer = Signer::new(signing_key(pem, algorithm)).unwrap();
        let signer = signer.with_key_id(KeyIdKind::Thumbprint).unwrap();
        let claims = claims();
        let token = signer.sign_now(&claims).unwrap();
        let key = DecodingKey::from_jwk(&signer.public_key().to_jwk("any")).unwrap();
        let mut validation = Validation::new(algorithm.name().parse().unwrap());
        validation.set_issuer(&["issuer"]);
        validation.set_audience(&["service"]);
        validation.set_required_spec_claims(&["exp", "iss", "aud"]);
        validation.validate_nbf = true;
        let read = decode::<Claims>(&token, &key, &validation).unwrap();
        assert_eq!(read.claims, claims, "{algorithm}");
        assert_eq!(read.header.kid, Some(signer.public_key().thumbprint()), "{algorithm}");
    }
}

#[test]
fn we_believe_the_tokens_of_others() {
    // These are verified, and not signed with.
    let pss = [Algorithm::PS256, Algorithm::PS384, Algorithm::PS512];
    let pss = pss.map(|algorithm| (key!("rsa2048.pem"), algorithm, EncodingKey::from_rsa_pem as MakeKey));
    for (pem, algorithm, make_key) in KEYS.into_iter().chain(pss) {
        let public: PublicKey = SigningKey::from_pem(pem).unwrap().public_key().clone();
        let public = public.with_algorithm(algorithm).unwrap();
        let mut header = Header::new(algorithm.name().parse().unwrap());
        header.kid = Some(public.libtrust_id());
        let claims = claims();
        let token = encode(&header, &claims, &make_key(pem).unwrap()).unwrap();
        let verifier = Verifier::builder("issuer", "service").key(public).build().unwrap();
        let read = verifier.verify(&token, SystemTime::now()).unwrap();
        assert_eq!(read.claims(), &claims, "{algorithm}");
    }
}
