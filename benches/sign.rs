//! Claims and signing beside the bare signature of the same library, and key ids.

#![allow(
    missing_docs,
    clippy::unwrap_used,
    reason = "criterion's macros; a benchmark that cannot be set up has nothing to measure"
)]

use std::hint::black_box;
use std::time::{Duration, UNIX_EPOCH};

use aws_lc_rs::rand::SystemRandom;
use aws_lc_rs::signature::{self, EcdsaKeyPair, Ed25519KeyPair, RsaKeyPair};
use criterion::{Criterion, criterion_group, criterion_main};
use rustls_pki_types::PrivatePkcs8KeyDer;
use rustls_pki_types::pem::PemObject as _;
use token_auth_benches::{KINDS, Kind, key_pair};
use token_auth_core::token::{AccessEntry, CertificateChain, Claims, Signer, SigningKey};

type Bare = Box<dyn Fn(&[u8])>;

/// The signature alone: a key parsed once, a message as long as a token's.
fn bare(kind: Kind, pem: &str) -> Bare {
    let der = PrivatePkcs8KeyDer::from_pem_slice(pem.as_bytes()).unwrap();
    let der = der.secret_pkcs8_der();
    let random = SystemRandom::new();
    match kind.name {
        "RS256" => {
            let key = RsaKeyPair::from_pkcs8(der).unwrap();
            let length = key.public_modulus_len();
            Box::new(move |message| {
                let mut signature = vec![0; length];
                key.sign(&signature::RSA_PKCS1_SHA256, &random, message, &mut signature).unwrap();
                black_box(signature);
            })
        }
        "EdDSA" => {
            let key = Ed25519KeyPair::from_pkcs8(der).unwrap();
            Box::new(move |message| {
                black_box(key.sign(message));
            })
        }
        name => {
            let algorithm = match name {
                "ES256" => &signature::ECDSA_P256_SHA256_FIXED_SIGNING,
                _ => &signature::ECDSA_P384_SHA384_FIXED_SIGNING,
            };
            let key = EcdsaKeyPair::from_pkcs8(algorithm, der).unwrap();
            Box::new(move |message| {
                black_box(key.sign(&random, message).unwrap());
            })
        }
    }
}

fn claims() -> Claims {
    let scope = "repository:hello-world:pull".parse().unwrap();
    let now = UNIX_EPOCH + Duration::from_secs(1_800_000_000);
    let mut claims = Claims::new("Acme auth server", "admin", "registry", now, Duration::from_secs(900));
    claims.id = "AAAAAAAAAAAAAAAAAAAAAA".into();
    claims.access.push(AccessEntry::new(&scope, scope.actions().clone()));
    claims
}

fn sign(criterion: &mut Criterion) {
    let claims = claims();
    for kind in KINDS {
        let (pem, certificate) = key_pair(kind);
        let chain = CertificateChain::from_pem(certificate.as_bytes()).unwrap();
        let key = SigningKey::from_pem(pem.as_bytes()).unwrap();
        let signer = Signer::new(key).unwrap().with_certificates(chain).unwrap();
        let token = signer.sign_now(&claims).unwrap();
        let message = token.rsplit_once('.').unwrap().0.as_bytes().to_vec();
        let bare = bare(kind, &pem);
        criterion.bench_function(&format!("sign/{}/bare", kind.name), |bencher| {
            bencher.iter(|| bare(black_box(&message)));
        });
        criterion.bench_function(&format!("sign/{}/token", kind.name), |bencher| {
            bencher.iter(|| signer.sign_now(black_box(&claims)).unwrap());
        });
    }
}

fn key_ids(criterion: &mut Criterion) {
    for kind in KINDS {
        let key = SigningKey::from_pem(key_pair(kind).0.as_bytes()).unwrap();
        let key = key.public_key();
        criterion.bench_function(&format!("key id/{}/libtrust", kind.name), |bencher| {
            bencher.iter(|| key.libtrust_id());
        });
        criterion.bench_function(&format!("key id/{}/thumbprint", kind.name), |bencher| {
            bencher.iter(|| key.thumbprint());
        });
    }
}

criterion_group!(benches, sign, key_ids);
criterion_main!(benches);
