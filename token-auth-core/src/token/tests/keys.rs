use super::*;

#[test]
fn reads_every_form_of_a_private_key() {
    for (name, pem, algorithm) in [
        ("PKCS#8 RSA", RSA, Algorithm::RS256),
        ("PKCS#1 RSA", testdata!("keys/rsa2048-pkcs1.pem"), Algorithm::RS256),
        ("PKCS#8 P-256", P256, Algorithm::ES256),
        ("SEC1 P-256", testdata!("keys/p256-sec1.pem"), Algorithm::ES256),
        ("SEC1 P-256 with parameters", testdata!("keys/p256-sec1-params.pem"), Algorithm::ES256),
        ("PKCS#8 P-384", P384, Algorithm::ES384),
        ("PKCS#8 P-521", P521, Algorithm::ES512),
        ("PKCS#8 Ed25519", ED25519, Algorithm::EdDSA),
    ] {
        let key = SigningKey::from_pem(pem).unwrap_or_else(|error| panic!("{name}: {error}"));
        assert_eq!(key.algorithm(), algorithm, "{name}");
    }
    assert_eq!(key(RSA).public_key(), key(testdata!("keys/rsa2048-pkcs1.pem")).public_key());
    assert_eq!(key(P256).public_key(), key(testdata!("keys/p256-sec1.pem")).public_key());
}

#[test]
fn reads_files_as_people_have_them() {
    let text = |pem: &[u8]| String::from_utf8(pem.to_vec()).unwrap();
    for (name, pem) in [
        ("CRLF", text(P256).replace('\n', "\r\n")),
        ("no newline at the end", text(P256).trim_end().into()),
        ("text before and after", format!("friendlyName: signing\n{}\nthe end", text(P256))),
        ("certificate before", text(testdata!("certs/p256-self.pem")) + &text(P256)),
        ("certificate after", text(P256) + &text(testdata!("certs/p256-self.pem"))),
    ] {
        let read = SigningKey::from_pem(pem.as_bytes()).unwrap_or_else(|error| panic!("{name}: {error}"));
        assert_eq!(read.public_key(), key(P256).public_key(), "{name}");
    }
}

#[test]
fn says_what_was_found_instead_of_a_usable_private_key() {
    let two = [P256, RSA].concat();
    let truncated = &P256[..P256.len() - 40];
    let damaged = String::from_utf8(P256.to_vec()).unwrap().replacen("MIG", "AAA", 1).into_bytes();
    let indented = format!("  {}", std::str::from_utf8(P256).unwrap().replace('\n', "\n  ")).into_bytes();
    for (name, pem, expected) in [
        ("RSA 1024", testdata!("keys/rsa1024.pem"), "an RSA key of 1024 bits is not supported"),
        ("RSA 8192", testdata!("keys/rsa8192.pem"), "an RSA key of 8192 bits is not supported"),
        ("RSA-PSS", testdata!("keys/rsa-pss.pem"), "restricted to PSS"),
        ("secp256k1", testdata!("keys/secp256k1.pem"), "on the secp256k1 curve"),
        ("explicit curve", testdata!("keys/p256-explicit.pem"), "spells its curve out"),
        ("Ed448", testdata!("keys/ed448.pem"), "an Ed448 key"),
        ("X25519", testdata!("keys/x25519.pem"), "cannot sign"),
        ("encrypted PKCS#8", testdata!("keys/p256-encrypted.pem"), "is encrypted"),
        ("encrypted PKCS#1", testdata!("keys/rsa2048-pkcs1-encrypted.pem"), "is encrypted"),
        ("public key", testdata!("keys/p256-pub.pem"), "a PEM block PUBLIC KEY"),
        ("certificate", testdata!("certs/p256-self.pem"), "a PEM block CERTIFICATE"),
        ("OpenSSH", testdata!("keys/openssh.pem"), "ssh-keygen -p -m PKCS8"),
        ("DER", testdata!("keys/p256.der"), "convert DER to PEM"),
        ("indented", &indented, "a PEM block PRIVATE KEY whose lines are indented (remove the blanks"),
        ("nothing", b"", "an empty file"),
        ("text", b"hello", "no PEM block"),
        ("two keys", &two, "2 keys in one file"),
        ("truncated", truncated, "broken PEM"),
        ("damaged", &damaged, "the key is damaged"),
    ] {
        let error = SigningKey::from_pem(pem).expect_err(name).to_string();
        assert!(error.contains(expected), "{name}: {error}");
    }
}

#[test]
fn reads_public_keys_of_keys_and_certificates() {
    for (name, pem, of) in [
        ("SPKI P-256", testdata!("keys/p256-pub.pem"), P256),
        ("SPKI RSA", testdata!("keys/rsa2048-pub.pem"), RSA),
        ("certificate P-256", testdata!("certs/p256-self.pem"), P256),
        ("certificate P-384", testdata!("certs/p384-self.pem"), P384),
        ("certificate RSA", testdata!("certs/rsa2048-self.pem"), RSA),
        ("certificate Ed25519", testdata!("certs/ed25519-self.pem"), ED25519),
    ] {
        let public = PublicKey::from_pem(pem).unwrap_or_else(|error| panic!("{name}: {error}"));
        assert_eq!(&public, key(of).public_key(), "{name}");
    }
    for (name, pem, expected) in [
        ("private key", P256, "a private key where a public key was expected"),
        ("PKCS#1", testdata!("keys/rsa2048-pkcs1-pub.pem"), "a PEM block RSA PUBLIC KEY"),
        ("nothing", b"".as_slice(), "an empty file"),
    ] {
        let error = PublicKey::from_pem(pem).expect_err(name).to_string();
        assert!(error.contains(expected), "{name}: {error}");
    }
}

#[test]
fn only_rsa_keys_have_a_choice_of_algorithms() {
    for algorithm in [Algorithm::RS256, Algorithm::RS384, Algorithm::RS512] {
        assert_eq!(key(RSA).with_algorithm(algorithm).unwrap().algorithm(), algorithm);
    }
    for algorithm in [Algorithm::PS256, Algorithm::PS384, Algorithm::PS512] {
        let public = key(RSA).public_key().clone();
        assert_eq!(public.with_algorithm(algorithm).unwrap().algorithm(), algorithm);
    }
    for (pem, algorithm) in [
        // It verifies, but registry 2.x would not.
        (RSA, Algorithm::PS256),
        (P256, Algorithm::PS256),
        (RSA, Algorithm::ES256),
        (P256, Algorithm::ES384),
        (P384, Algorithm::ES256),
        (P521, Algorithm::ES384),
        (ED25519, Algorithm::ES256),
    ] {
        let error = key(pem).with_algorithm(algorithm).unwrap_err();
        assert!(matches!(error, KeyError::WrongAlgorithm { .. }), "{error}");
    }
}

#[test]
fn algorithms_have_names() {
    for algorithm in Algorithm::ALL {
        assert_eq!(algorithm.to_string().parse(), Ok(algorithm));
    }
    for name in ["none", "HS256", "PS1", "ES256K", "es256", ""] {
        assert_eq!(name.parse::<Algorithm>(), Err(UnsupportedAlgorithm), "{name}");
    }
}

#[test]
fn public_keys_end_where_they_end() {
    let spki = key(P256).public_key().to_spki_der().to_vec();
    assert!(PublicKey::from_spki_der(&[&spki[..], &[0]].concat()).is_err());
    for end in 0..spki.len() {
        assert!(PublicKey::from_spki_der(&spki[..end]).is_err(), "cut at {end}");
    }
}

#[test]
fn debug_shows_no_secret() {
    for pem in [P256, P384, P521, RSA, ED25519] {
        let shown = format!("{:?}", key(pem));
        assert!(shown.contains("[redacted]") && shown.len() < 250, "{shown}");
    }
}

/// Whatever comes in, an answer comes out.
#[test]
fn damaged_keys_are_refused_without_a_panic() {
    for pem in [P256, testdata!("keys/p256-sec1.pem"), ED25519, testdata!("certs/p256-self.pem")] {
        for at in 0..pem.len() {
            let mut damaged = pem.to_vec();
            for byte in [b'A', b'/', b'-', b'\n', 0xff] {
                damaged[at] = byte;
                let _ = SigningKey::from_pem(&damaged);
                let _ = PublicKey::from_pem(&damaged);
                let _ = CertificateChain::from_pem(&damaged);
            }
            let _ = SigningKey::from_pem(&pem[..at]);
        }
    }
}

/// Of a certificate only its key is looked for, and it is the one that a whole parser finds.
#[test]
fn the_key_of_a_certificate() {
    for pem in [
        testdata!("certs/p256-leaf.pem"),
        testdata!("certs/intermediate.pem"),
        testdata!("certs/root.pem"),
        testdata!("certs/p256-self.pem"),
        testdata!("certs/rsa2048-self.pem"),
    ] {
        let chain = CertificateChain::from_pem(pem).unwrap();
        let der = chain.certificates()[0].der();
        assert_eq!(Some(&PublicKey::from_certificate_der(der).unwrap()), chain.public_keys().next());
        for end in 0..der.len() {
            assert!(PublicKey::from_certificate_der(&der[..end]).is_err(), "{end}");
        }
        assert!(PublicKey::from_certificate_der(&[der, &[0]].concat()).is_err());
    }
}
