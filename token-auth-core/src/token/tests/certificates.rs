use super::*;

const LEAF: &[u8] = testdata!("certs/p256-leaf.pem");
const FORGED: &[u8] = testdata!("certs/p256-leaf-forged.pem");
const INTERMEDIATE: &[u8] = testdata!("certs/intermediate.pem");
const ROOT: &[u8] = testdata!("certs/root.pem");
const SELF: &[u8] = testdata!("certs/p256-self.pem");
const RSA_SELF: &[u8] = testdata!("certs/rsa2048-self.pem");

const DAY: u64 = 24 * 60 * 60;
/// 2024-01-01, the first day of all certificates.
const FIRST: u64 = 1_704_067_200;
/// 2025-01-01, the last of the leaf.
const LAST: u64 = 1_735_689_600;

fn certified(pem: &[&[u8]]) -> Result<Signer, Box<dyn std::error::Error>> {
    Ok(signer(P256).with_certificates(CertificateChain::from_pem(&pem.concat())?)?)
}

fn codes(findings: &[Finding]) -> Vec<&str> {
    findings.iter().map(Finding::code).collect()
}

fn certificates_in(token: &str) -> usize {
    let header: serde_json::Value = serde_json::from_str(&part(token, 0)).unwrap();
    header["x5c"].as_array().map_or(0, Vec::len)
}

#[test]
fn tokens_carry_the_chain_without_its_root() {
    for (name, pem, carried) in [
        ("self-signed", &[SELF][..], 1),
        ("leaf", &[LEAF], 1),
        ("leaf and intermediate", &[LEAF, INTERMEDIATE], 2),
        ("with root", &[LEAF, INTERMEDIATE, ROOT], 2),
        ("key beside it", &[P256, LEAF], 1),
    ] {
        let token = certified(pem).unwrap().sign_now(&claims()).unwrap();
        assert_eq!(certificates_in(&token), carried, "{name}");
        let header: serde_json::Value = serde_json::from_str(&part(&token, 0)).unwrap();
        assert_eq!(header["kid"], key(P256).public_key().libtrust_id(), "{name}");
    }
}

#[test]
fn tokens_carry_certificates_while_all_are_valid() {
    let signer = certified(&[LEAF, INTERMEDIATE]).unwrap();
    for (name, issued_at, carried) in [
        ("long before", FIRST - DAY, 0),
        ("a little more than backdated", FIRST - 61, 0),
        ("tolerated", FIRST - 60, 2),
        ("backdated to before the certificate", FIRST - 10, 2),
        ("first second", FIRST, 2),
        ("last second", LAST - 10, 2),
        ("expired, although not when backdated", LAST - 9, 0),
        ("expired", LAST + 1, 0),
        ("far future", u64::MAX, 0),
    ] {
        let token = signer.sign_now(&Claims { issued_at, ..claims() }).unwrap();
        assert_eq!(certificates_in(&token), carried, "{name}");
    }
}

#[test]
fn says_which_certificate_is_not_that_of_the_key() {
    for (name, pem, expected) in [
        (
            "another key's",
            &[RSA_SELF][..],
            "that of `CN=Token signing rsa2048`: give the pair that was made together",
        ),
        ("not first", &[INTERMEDIATE, LEAF], "certificate 2 does: put it first"),
        ("a key", &[P256], "no certificate found, but a PEM block PRIVATE KEY"),
        ("nothing", &[b""], "no certificate found, but an empty file"),
        ("truncated", &[&LEAF[..200]], "broken PEM"),
        (
            "not a certificate",
            &[b"-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n"],
            "certificate 1 of the file is malformed",
        ),
        ("too many", &[LEAF; 11], "11 certificates are more than"),
    ] {
        let error = certified(pem).expect_err(name).to_string();
        assert!(error.contains(expected), "{name}: {error}");
    }
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
        let findings = certified(pem).unwrap().findings(at(NOW));
        assert_eq!(codes(&findings), expected, "{name}");
        let text: String = findings.iter().map(ToString::to_string).collect();
        assert!(text.contains(said), "{name}: {text}");
    }
}

#[test]
fn findings_of_validity() {
    let signer = certified(&[LEAF, INTERMEDIATE]).unwrap();
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
        let findings = signer.findings(at(now));
        assert_eq!(codes(&findings), expected, "{name}");
    }
    let [expired, _] = &signer.findings(at(LAST + 1))[..] else { panic!() };
    assert_eq!(expired.severity(), Severity::Problem);
    assert!(expired.to_string().contains("expired on 2025-01-01"), "{expired}");
}

#[test]
fn findings_of_key_ids_without_certificates() {
    let codes_of = |pem, kind| {
        let signer = signer(pem).with_key_id(kind).unwrap();
        signer.findings(at(NOW)).iter().map(Finding::code).collect::<Vec<_>>()
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
    for finding in certified(&[FORGED, INTERMEDIATE]).unwrap().findings(at(LAST + 1)) {
        assert_eq!(finding.advice(), finding.to_string());
    }
}

/// The certificate is the key's whatever the key signs.
#[test]
fn another_algorithm_needs_no_other_certificate() {
    let key = key(RSA).with_algorithm(Algorithm::RS512).unwrap();
    let chain = CertificateChain::from_pem(RSA_SELF).unwrap();
    chain.check_key(key.public_key()).unwrap();
    let signer = Signer::new(key).unwrap().with_certificates(chain).unwrap();
    assert_eq!(certificates_in(&signer.sign_now(&claims()).unwrap()), 1);
}

#[test]
fn a_chain_tells_what_it_is() {
    let chain = CertificateChain::from_pem(&[LEAF, INTERMEDIATE, ROOT].concat()).unwrap();
    assert_eq!(chain.validity(), (at(FIRST), at(LAST)));
    assert_eq!(chain.public_keys().next(), Some(key(P256).public_key()));
    assert_eq!(chain.public_keys().count(), 3);
}
