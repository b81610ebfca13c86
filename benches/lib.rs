//! What the benchmarks share: keys, a service with ten rules, and a request to it.
//!
//! `cargo bench` runs them all. Compare numbers of one run with each other, not with those of another machine.

#![allow(clippy::unwrap_used, reason = "a benchmark that cannot be set up has nothing to measure")]

use std::sync::Arc;

use rcgen::{CertificateParams, KeyPair, RsaKeySize, SignatureAlgorithm};
use token_auth_backends::password::{PasswordVerifier, VerifierOptions};
use token_auth_backends::static_users::{StaticUser, StaticUsers};
use token_auth_core::TokenService;
use token_auth_core::acl::{Acl, Match, Rule};
use token_auth_core::token::{CertificateChain, Signer, SigningKey};

/// A kind of key, by the name of its algorithm.
#[derive(Clone, Copy)]
pub struct Kind {
    /// `RS256`, …
    pub name: &'static str,
    algorithm: &'static SignatureAlgorithm,
}

/// The kinds of key that sign tokens.
pub static KINDS: [Kind; 4] = [
    Kind { name: "RS256", algorithm: &rcgen::PKCS_RSA_SHA256 },
    Kind { name: "ES256", algorithm: &rcgen::PKCS_ECDSA_P256_SHA256 },
    Kind { name: "ES384", algorithm: &rcgen::PKCS_ECDSA_P384_SHA384 },
    Kind { name: "EdDSA", algorithm: &rcgen::PKCS_ED25519 },
];

/// A new private key as PKCS#8 PEM, with its self-signed certificate.
pub fn key_pair(kind: Kind) -> (String, String) {
    let key = match kind.name {
        "RS256" => KeyPair::generate_rsa_for(kind.algorithm, RsaKeySize::_2048),
        _ => KeyPair::generate_for(kind.algorithm),
    }
    .unwrap();
    let certificate = CertificateParams::default().self_signed(&key).unwrap();
    (key.serialize_pem(), certificate.pem())
}

/// A signer with an `x5c` header.
pub fn signer(kind: Kind) -> Signer {
    let (key, certificate) = key_pair(kind);
    let key = SigningKey::from_pem(key.as_bytes()).unwrap();
    let chain = CertificateChain::from_pem(certificate.as_bytes()).unwrap();
    Signer::new(key).unwrap().with_certificates(chain).unwrap()
}

/// `badmin`, bcrypt with cost 5.
const HASH: &str = "$2y$05$LO.vzwpWC5LZGqThvEfznu8qhb5SGqvBSWY1J3yZ4AxtMRZ3kN5jC";

/// A service with an administrator, the anonymous account and ten rules, the last of which lets anyone pull
/// `hello-world`.
pub fn service(kind: Kind) -> TokenService {
    let verifier = Arc::new(PasswordVerifier::new(VerifierOptions::default()).unwrap());
    let users =
        [("admin", StaticUser::new(HASH.parse().unwrap())), ("", StaticUser::dangerous_any_password())];
    let team = |team| Match::any().account(format!("team-{team}")).name(format!("team-{team}/*"));
    let mut rules: Vec<Rule> = (0..8).map(|number| Rule::new(team(number), ["pull", "push"])).collect();
    rules.push(Rule::new(Match::any().account("admin"), ["*"]));
    rules.push(Rule::new(Match::any().account("").name("hello-world"), ["pull"]));
    TokenService::new(
        "Acme auth server",
        StaticUsers::new(verifier, users),
        Acl::new(rules).unwrap(),
        signer(kind),
    )
    .unwrap()
}
