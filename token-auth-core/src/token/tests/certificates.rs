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

#[test]
fn a_chain_tells_which_link_does_not_hold() {
    for (name, pem, expected) in [
        ("sound", &[LEAF, INTERMEDIATE, ROOT][..], None),
        ("disorder", &[LEAF, ROOT, INTERMEDIATE], Some("put them in the order 1, 3, 2")),
        ("a stranger", &[LEAF, RSA_SELF], Some("put the signing key's own first")),
        ("forged", &[FORGED, INTERMEDIATE], Some("certificate 1 is not signed by certificate 2")),
    ] {
        let chain = CertificateChain::from_pem(&pem.concat()).unwrap();
        let said = chain.fault().map(ToString::to_string);
        assert_eq!(said.is_some(), expected.is_some(), "{name}");
        assert!(said.unwrap_or_default().contains(expected.unwrap_or_default()), "{name}");
    }
}
