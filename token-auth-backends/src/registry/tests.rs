use std::time::{Duration, SystemTime, UNIX_EPOCH};

use token_auth_core::token::{CertificateChain, KeyIdKind, PublicKey, Signer, SigningKey};

use super::*;

/// Keys and certificates made for tests; they protect nothing.
macro_rules! testdata {
    ($path:literal) => {
        include_bytes!(concat!(env!("CARGO_MANIFEST_DIR"), "/../token-auth-core/testdata/", $path)).as_slice()
    };
}

const P256: &[u8] = testdata!("keys/p256.pem");
const P384: &[u8] = testdata!("keys/p384.pem");
const P521: &[u8] = testdata!("keys/p521.pem");
const RSA: &[u8] = testdata!("keys/rsa2048.pem");
const ED25519: &[u8] = testdata!("keys/ed25519.pem");
const LEAF: &[u8] = testdata!("certs/p256-leaf.pem");
const FORGED: &[u8] = testdata!("certs/p256-leaf-forged.pem");
const INTERMEDIATE: &[u8] = testdata!("certs/intermediate.pem");
const ROOT: &[u8] = testdata!("certs/root.pem");
const RSA_SELF: &[u8] = testdata!("certs/rsa2048-self.pem");

const DAY: u64 = 24 * 60 * 60;
/// 2024-01-01, the first day of all certificates.
const FIRST: u64 = 1_704_067_200;
/// 2025-01-01, the last of the leaf.
const LAST: u64 = 1_735_689_600;
/// 2024-07-01, when all certificates are valid.
const NOW: u64 = 1_719_792_000;

fn at(seconds: u64) -> SystemTime {
    UNIX_EPOCH + Duration::from_secs(seconds)
}

fn key(pem: &[u8]) -> PublicKey {
    SigningKey::from_pem(pem).unwrap().public_key().clone()
}

fn signer(pem: &[u8]) -> Signer {
    Signer::new(SigningKey::from_pem(pem).unwrap()).unwrap()
}

fn certified(pem: &[&[u8]]) -> Signer {
    signer(P256).with_certificates(CertificateChain::from_pem(&pem.concat()).unwrap()).unwrap()
}

fn findings(signer: &Signer, now: u64) -> Vec<KeyFinding> {
    KeyFinding::of(signer.envelope(), at(now))
}

fn codes(findings: &[KeyFinding]) -> Vec<&str> {
    findings.iter().map(KeyFinding::code).collect()
}

#[test]
fn findings_of_the_chain() {
    for (name, pem, expected, said) in [
        ("sound", &[LEAF, INTERMEDIATE, ROOT][..], &[][..], ""),
        ("disorder", &[LEAF, ROOT, INTERMEDIATE], &["chain-order"], "put them in the order 1, 3, 2"),
        ("a stranger", &[LEAF, RSA_SELF], &["chain-order"], "certificate 1 was not issued by certificate 2"),
        (
            "forged",
            &[FORGED, INTERMEDIATE],
            &["chain-signature"],
            "certificate 1 is not signed by certificate 2",
        ),
        ("long", &[LEAF; 10], &["chain-order", "long-header"], "carry fewer"),
    ] {
        let found = findings(&certified(pem), NOW);
        assert_eq!(codes(&found), expected, "{name}");
        let text: String = found.iter().map(ToString::to_string).collect();
        assert!(text.contains(said), "{name}: {text}");
    }
}

#[test]
fn findings_of_validity() {
    let signer = certified(&[LEAF, INTERMEDIATE]);
    for (name, now, expected) in [
        ("before", FIRST - 1, &["certificate-not-yet-valid", "certificate-not-yet-valid"][..]),
        (
            "long before",
            FIRST - 51,
            &["certificate-not-yet-valid", "certificate-not-yet-valid", "libtrust-id-alone"],
        ),
        ("in time", LAST - 31 * DAY, &[]),
        ("soon", LAST - 29 * DAY, &["certificate-expires-soon"]),
        ("last second", LAST, &["certificate-expires-soon"]),
        ("expired", LAST + 1, &["certificate-expired", "libtrust-id-alone"]),
    ] {
        let found = findings(&signer, now);
        assert_eq!(codes(&found), expected, "{name}");
    }
    let [expired, _] = &findings(&signer, LAST + 1)[..] else { panic!() };
    assert_eq!(expired.severity(), Severity::Problem);
    assert!(expired.to_string().contains("expired on 2025-01-01"), "{expired}");
}

#[test]
fn findings_of_key_ids_without_certificates() {
    let codes_of = |pem, kind| {
        let signer = signer(pem).with_key_id(kind).unwrap();
        findings(&signer, NOW).iter().map(KeyFinding::code).collect::<Vec<_>>()
    };
    assert_eq!(codes_of(RSA, KeyIdKind::Libtrust), ["libtrust-id-alone"]);
    assert_eq!(codes_of(RSA, KeyIdKind::Thumbprint), ["thumbprint-alone"]);
    for pem in [P256, P384] {
        assert_eq!(codes_of(pem, KeyIdKind::Thumbprint), ["thumbprint-alone", "elliptic-thumbprint"]);
    }
    assert_eq!(codes_of(ED25519, KeyIdKind::Thumbprint), ["ed25519"]);

    // Keys of which registry 3.1 drops a byte: three of four on P-521, whose coordinates have 521 bits in 66 bytes.
    for pem in [testdata!("keys/p256-leading-zero.pem"), P521] {
        assert_eq!(
            codes_of(pem, KeyIdKind::Thumbprint),
            ["thumbprint-alone", "elliptic-thumbprint", "leading-zero"]
        );
    }
}

#[test]
fn a_finding_says_the_same_in_each_way() {
    for finding in findings(&certified(&[FORGED, INTERMEDIATE]), LAST + 1) {
        assert_eq!(finding.advice(), finding.to_string());
    }
}

#[test]
fn ids_in_registries() {
    let id = |pem, registry: Registry| registry.key_id(&key(pem));
    let p256 = key(P256);
    assert_eq!(id(P256, Registry::V2), Some(p256.libtrust_id()));
    assert_ne!(id(P256, Registry::V3_0), Some(p256.thumbprint()));
    assert_eq!(id(P256, Registry::V3_1), Some(p256.thumbprint()));
    assert_eq!(id(P521, Registry::V2), Some(key(P521).libtrust_id()));
    assert_eq!(id(RSA, Registry::V3_0), Some(key(RSA).thumbprint()));
    assert_eq!(id(ED25519, Registry::V2), None);
    assert_eq!(id(ED25519, Registry::V3_0), None);
    assert_eq!(id(ED25519, Registry::V3_1), Some(key(ED25519).thumbprint()));
}
