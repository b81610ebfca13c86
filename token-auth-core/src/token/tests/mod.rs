mod certificates;
mod claims;
mod ids;
mod keys;
mod signer;
mod verifier;

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;

use super::*;

/// Keys and certificates made for these tests; they protect nothing.
macro_rules! testdata {
    ($path:literal) => {
        include_bytes!(concat!(env!("CARGO_MANIFEST_DIR"), "/testdata/", $path)).as_slice()
    };
}
use testdata;

const P256: &[u8] = testdata!("keys/p256.pem");
const P384: &[u8] = testdata!("keys/p384.pem");
const P521: &[u8] = testdata!("keys/p521.pem");
const RSA: &[u8] = testdata!("keys/rsa2048.pem");
const ED25519: &[u8] = testdata!("keys/ed25519.pem");

/// 2024-07-01, when all certificates of the tests are valid.
const NOW: u64 = 1_719_792_000;

fn key(pem: &[u8]) -> SigningKey {
    SigningKey::from_pem(pem).unwrap()
}

fn at(seconds: u64) -> SystemTime {
    UNIX_EPOCH + Duration::from_secs(seconds)
}

fn signer(pem: &[u8]) -> Signer {
    Signer::new(key(pem)).unwrap()
}

fn claims() -> Claims {
    let scope = "repository:team/app:pull,push".parse().unwrap();
    let mut claims = Claims::new("issuer", "alice", "service", at(NOW), Duration::from_secs(300));
    claims.id = "1".into();
    claims.access.push(AccessEntry::new(&scope, ["push", "pull"].into_iter().collect()));
    claims
}

/// The decoded part of a token.
fn part(token: &str, at: usize) -> String {
    String::from_utf8(URL_SAFE_NO_PAD.decode(token.split('.').nth(at).unwrap()).unwrap()).unwrap()
}
