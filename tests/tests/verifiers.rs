//! Tokens of every algorithm and with every header before the rules of each registry: as the library knows them, as they
//! are written down in the tests, and as the reference registry 2.8 has them.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::time::{Duration, SystemTime};

use jsonwebtoken::{EncodingKey, Header, encode};
use token_auth_backends::registry::{
    Registry, RegistryRefusal, RegistrySetup, RegistryTrust, TrustForm, Unloadable,
};
use token_auth_core::token::{
    Algorithm, Audience, CertificateChain, Claims, KeyIdKind, Signer, SigningKey, jwks,
};
use token_auth_tests::{
    KeyPair, Place, Registry as RealRegistry, RegistrySetup as RealSetup, Rules, Server, Token, Verifier,
};

const PAIRS: [(Rules, Registry); 4] = [
    (Rules::V2, Registry::V2),
    (Rules::V3_0, Registry::V3_0),
    (Rules::V3_1, Registry::V3_1),
    (Rules::Zot, Registry::Zot),
];

/// A key, and its certificate.
struct Key {
    pem: Vec<u8>,
    chain: CertificateChain,
    certificates: String,
}

impl Key {
    fn read(pair: &KeyPair) -> Self {
        let certificates = std::fs::read_to_string(&pair.certificate).unwrap();
        let chain = CertificateChain::from_pem(certificates.as_bytes()).unwrap();
        Self { pem: std::fs::read(&pair.key).unwrap(), chain, certificates }
    }

    /// One of the keys that are kept for tests: whether a coordinate begins with a zero byte must not be left to chance.
    fn new(place: &Place, name: &str) -> Self {
        let kept = concat!(env!("CARGO_MANIFEST_DIR"), "/../token-auth-core/testdata/keys/");
        std::fs::copy(format!("{kept}{name}.pem"), place.at(format!("{name}.key"))).unwrap();
        Self::read(&KeyPair::self_sign(place, name))
    }

    fn signer(&self, algorithm: Algorithm, form: Form) -> Signer {
        let key = SigningKey::from_pem(&self.pem).unwrap().with_algorithm(algorithm).unwrap();
        let signer = Signer::new(key).unwrap().with_key_id(form.key_id).unwrap();
        match form.x5c {
            true => signer.with_certificates(self.chain.clone()).unwrap(),
            false => signer,
        }
    }

    fn trust(&self) -> RegistryTrust {
        let mut trust = RegistryTrust::default();
        trust.add_chain(&self.chain);
        trust
    }
}

#[derive(Clone, Copy, Debug)]
struct Form {
    x5c: bool,
    key_id: KeyIdKind,
}

const FORMS: [Form; 4] = [
    Form { x5c: true, key_id: KeyIdKind::Libtrust },
    Form { x5c: true, key_id: KeyIdKind::Thumbprint },
    Form { x5c: false, key_id: KeyIdKind::Libtrust },
    Form { x5c: false, key_id: KeyIdKind::Thumbprint },
];

fn claims() -> Claims {
    Claims::new(Server::ISSUER, "alice", "registry", SystemTime::now(), Duration::from_secs(900))
}

fn letter(accepted: bool) -> char {
    if accepted { 'y' } else { 'n' }
}

fn audience(names: &[&str]) -> Audience {
    serde_json::from_value(serde_json::json!(names)).unwrap()
}

/// `y` or `n` of 2.8, 3.0, 3.1 and zot with the certificates, then of 3.0 and 3.1 with the keys.
fn as_tests_know(place: &Place, trust: &RegistryTrust, token: &Token) -> String {
    let bundle = trust.certificates_pem();
    let certified = Verifier::RULES.map(|rules| Verifier::with_bundle(rules, place, &bundle).verify(token));
    let set = serde_json::to_value(trust.jwks()).unwrap();
    let known = [Rules::V3_0, Rules::V3_1].map(|rules| Verifier::with_jwks(rules, place, &set).verify(token));
    certified.iter().chain(&known).map(|result| letter(result.is_ok())).collect()
}

/// The same by the library.
fn as_the_library_knows(trust: &RegistryTrust, token: &Token) -> String {
    let accepts = |registry, form| {
        let (issuer, service) = (Server::ISSUER, "registry");
        let setup = RegistrySetup { registry, form, trust, issuer, service, algorithms: None };
        letter(setup.verify(&token.text, SystemTime::now()).is_ok())
    };
    let certified = PAIRS.map(|(_, registry)| accepts(registry, TrustForm::Certificates));
    let known = [Registry::V3_0, Registry::V3_1].map(|registry| accepts(registry, TrustForm::Jwks));
    certified.into_iter().chain(known).collect()
}

/// The reference registry with these certificates.
fn setup(place: &Place, bundle: &str) -> RealSetup {
    let file = place.own_folder("bundle-").join("bundle.pem");
    std::fs::write(&file, bundle).unwrap();
    RealSetup::new(place)
        .environment("REGISTRY_AUTH", "token")
        .environment("REGISTRY_AUTH_TOKEN_REALM", "http://127.0.0.1:1/auth")
        .environment("REGISTRY_AUTH_TOKEN_SERVICE", "registry")
        .environment("REGISTRY_AUTH_TOKEN_ISSUER", Server::ISSUER)
        .bundle(&file)
}

fn real(place: &Place, bundle: &str) -> RealRegistry {
    setup(place, bundle).start()
}

fn as_it_is(registry: &RealRegistry, token: &Token) -> char {
    let status = registry.ask("/v2/", Some(token), &[]).status;
    assert!(matches!(status, 200 | 401), "{status}");
    letter(status == 200)
}

#[test]
fn every_algorithm_with_every_header() {
    let place = Place::new();
    let elliptic = ["yyyynn", "yyyynn", "ynnyyy", "nnyyyy"];
    let rsa = ["yyyynn", "yyyynn", "ynnyyy", "nyyyyy"];
    let edwards = ["nyyynn", "nyyynn", "nnnyyy", "nnyyyy"];
    let zero = ["yyyynn", "yyyynn", "ynnyyy", "nnnyyy"];
    let names = ["p256", "p256-leading-zero", "p384", "p521", "rsa2048", "ed25519"];
    let keys = names.map(|name| Key::new(&place, name));
    // Of Ed25519 certificates the registry makes nothing: it would not start.
    let bundle: String = keys[..5].iter().map(|key| key.certificates.as_str()).collect();
    let registry = real(&place, &bundle);
    let mut wrong = Vec::new();
    for (key, algorithm, expected) in [
        (&keys[0], Algorithm::ES256, elliptic),
        (&keys[1], Algorithm::ES256, zero),
        (&keys[2], Algorithm::ES384, elliptic),
        // Three of four such keys have a coordinate that begins with a zero byte; so has this one.
        (&keys[3], Algorithm::ES512, zero),
        (&keys[4], Algorithm::RS256, rsa),
        (&keys[4], Algorithm::RS384, rsa),
        (&keys[4], Algorithm::RS512, rsa),
        (&keys[5], Algorithm::EdDSA, edwards),
    ] {
        for (form, expected) in FORMS.into_iter().zip(expected) {
            let token = Token::parse(&key.signer(algorithm, form).sign_now(&claims()).unwrap());
            assert_eq!(
                (token.header.get("x5c").is_some(), token.header["alg"] == algorithm.name()),
                (form.x5c, true)
            );
            let trust = key.trust();
            let found = [as_tests_know(&place, &trust, &token), as_the_library_knows(&trust, &token)];
            if found != [expected, expected] || !expected.starts_with(as_it_is(&registry, &token)) {
                wrong.push(format!("{algorithm}, {form:?}: {found:?}, should be {expected}"));
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

/// Why a registry does not start with what this trust gives it.
fn refused_at_start(registry: Registry, trust: &RegistryTrust) -> Option<Unloadable> {
    let (form, issuer, service) = (TrustForm::Certificates, Server::ISSUER, "registry");
    let setup = RegistrySetup { registry, form, trust, issuer, service, algorithms: None };
    match setup.verify("", SystemTime::now()) {
        Err(RegistryRefusal::DoesNotStart { reason, .. }) => Some(reason),
        _ => None,
    }
}

#[test]
fn registry_2_does_not_start_with_an_ed25519_certificate_anywhere() {
    let place = Place::new();
    let [edwards, elliptic] = ["ed25519", "p256"].map(|name| Key::new(&place, name));
    for keys in [&[&edwards][..], &[&edwards, &elliptic], &[&elliptic, &edwards]] {
        let mut trust = RegistryTrust::default();
        keys.iter().for_each(|key| trust.add_chain(&key.chain));
        assert_eq!(refused_at_start(Registry::V2, &trust), Some(Unloadable::Ed25519));
        for registry in [Registry::V3_0, Registry::V3_1, Registry::Zot] {
            assert_eq!(refused_at_start(registry, &trust), None, "{registry}");
        }
        setup(&place, &trust.certificates_pem()).finish().fails_with("public key");
        // What is left out is all that kept it from starting.
        let left = trust.loadable_by(Registry::V2);
        assert_eq!(left.certificates_pem().matches("BEGIN").count(), keys.len() - 1);
        if keys.len() > 1 {
            let token = elliptic.signer(Algorithm::ES256, FORMS[0]).sign_now(&claims()).unwrap();
            assert_eq!(as_it_is(&real(&place, &left.certificates_pem()), &Token::parse(&token)), 'y');
        }
    }
}

#[test]
fn certificates_that_go_reads_differently() {
    let place = Place::new();
    for (name, extra, starts, verifies) in [
        ("negative", &["-set_serial", "-1"][..], false, true),
        ("critical", &["-addext", "1.2.3.4=critical,ASN1:NULL"], true, false),
        ("not critical", &["-addext", "1.2.3.4=ASN1:NULL"], true, true),
        ("known", &["-addext", "extendedKeyUsage=critical,clientAuth"], true, true),
        ("names", &["-addext", "subjectAltName=critical,DNS:a"], true, true),
        ("other names", &["-addext", "subjectAltName=critical,RID:1.2.3"], true, false),
    ] {
        let key = Key::read(&KeyPair::self_sign_with(&place, "p256", extra));
        let trust = key.trust();
        for registry in [Registry::V3_0, Registry::V3_1] {
            let refused = refused_at_start(registry, &trust);
            assert_eq!(refused, (!starts).then_some(Unloadable::NegativeSerial), "{name}");
            assert_eq!(trust.loadable_by(registry).certificates_pem().is_empty(), !starts, "{name}");
        }
        assert_eq!(refused_at_start(Registry::V2, &trust), None, "{name}");
        // By the key id nobody looks at extensions.
        let registry = real(&place, &trust.certificates_pem());
        for (form, expected) in [(FORMS[0], verifies), (FORMS[2], true)] {
            let token = key.signer(Algorithm::ES256, form).sign_now(&claims()).unwrap();
            let token = Token::parse(&token);
            assert_eq!(as_it_is(&registry, &token), letter(expected), "{name}");
            assert!(as_the_library_knows(&trust, &token).starts_with(letter(expected)), "{name}");
        }
    }
}

#[test]
fn signing_algorithms_that_a_registry_lists() {
    let place = Place::new();
    let key = Key::new(&place, "p384");
    let token = key.signer(Algorithm::ES384, FORMS[0]).sign_now(&claims()).unwrap();
    let trust = key.trust();
    for (listed, expected) in [
        (None, "yyyy"),
        (Some(&[Algorithm::ES384][..]), "yyyy"),
        (Some(&[Algorithm::RS256, Algorithm::ES384]), "yyyy"),
        (Some(&[Algorithm::RS256, Algorithm::ES256]), "ynny"),
        (Some(&[]), "ynny"),
    ] {
        let accepts = PAIRS.map(|(_, registry)| {
            let (form, issuer, service) = (TrustForm::Certificates, Server::ISSUER, "registry");
            let setup = RegistrySetup { registry, form, trust: &trust, issuer, service, algorithms: listed };
            letter(setup.verify(&token, SystemTime::now()).is_ok())
        });
        assert_eq!(String::from_iter(accepts), expected, "{listed:?}");
    }
    assert_eq!(trust.algorithms(), [Algorithm::ES384]);
}

#[test]
fn claims_that_registries_read_differently() {
    let place = Place::new();
    let key = Key::new(&place, "p256");
    let registry = real(&place, &key.certificates);
    let now = claims().issued_at + 10;
    let of = |change: &dyn Fn(&mut Claims)| {
        let mut claims = claims();
        change(&mut claims);
        claims
    };
    for (name, claims, expected) in [
        ("right", claims(), "yyyy"),
        ("expired a little ago", of(&|claims| claims.expires_at = now - 30), "yyyn"),
        ("expired long ago", of(&|claims| claims.expires_at = now - 90), "nnnn"),
        ("valid in a little while", of(&|claims| claims.not_before = now + 30), "yyyn"),
        ("valid later", of(&|claims| claims.not_before = now + 90), "nnnn"),
        ("made in a little while", of(&|claims| claims.issued_at = now + 30), "yyyn"),
        ("another issuer", of(&|claims| claims.issuer = "Eve".to_owned()), "nnny"),
        ("another audience", of(&|claims| claims.audience = audience(&["other"])), "nnny"),
        ("two audiences", of(&|claims| claims.audience = audience(&["other", "registry"])), "nyyy"),
    ] {
        let token = Token::parse(&key.signer(Algorithm::ES256, FORMS[0]).sign_now(&claims).unwrap());
        let trust = key.trust();
        assert_eq!(&as_tests_know(&place, &trust, &token)[..4], expected, "{name}");
        assert_eq!(&as_the_library_knows(&trust, &token)[..4], expected, "{name}");
        assert!(expected.starts_with(as_it_is(&registry, &token)), "{name}");
    }
}

#[test]
fn a_chain_is_trusted_by_any_of_its_certificates() {
    let place = Place::new();
    let (pair, root) = KeyPair::chain(&place, "token");
    let key = Key::read(&pair);
    let stranger = Key::new(&place, "p256");
    let root = std::fs::read_to_string(root).unwrap();
    let end = key.certificates.find("-----END CERTIFICATE-----\n").unwrap() + 26;
    let (leaf, intermediate) = key.certificates.split_at(end);
    let token = Token::parse(&key.signer(Algorithm::ES256, FORMS[0]).sign_now(&claims()).unwrap());
    assert_eq!(token.header["x5c"].as_array().map(Vec::len), Some(2));
    for (name, bundle, expected) in [
        ("root", root.as_str(), true),
        ("intermediate", intermediate, true),
        ("leaf", leaf, true),
        ("all", &[leaf, intermediate, &root].concat(), true),
        ("a stranger's", &stranger.certificates, false),
    ] {
        for rules in [Rules::V2, Rules::V3_0, Rules::V3_1] {
            let result = Verifier::with_bundle(rules, &place, bundle).verify(&token);
            assert_eq!(result.is_ok(), expected, "{name}, {rules:?}: {result:?}");
        }
        assert_eq!(as_it_is(&real(&place, bundle), &token), letter(expected), "{name}");
    }
    // What doctor writes holds the leaf alone, and is enough.
    assert_eq!(key.trust().certificates_pem().matches("BEGIN").count(), 1);
    assert_eq!(as_the_library_knows(&key.trust(), &token), "yyyynn");
    assert_eq!(as_it_is(&real(&place, &key.trust().certificates_pem()), &token), 'y');
}

#[test]
fn a_key_in_the_header_counts_only_if_it_is_trusted() {
    let place = Place::new();
    let (key, stranger) =
        (Key::new(&place, "p256"), Key::read(&KeyPair::generate(&place, "stranger", "p256")));
    let registry = real(&place, &key.certificates);
    for (signs, expected) in [(&key, true), (&stranger, false)] {
        let public = signs.signer(Algorithm::ES256, FORMS[0]).public_key().clone();
        for (rules, id) in [(Rules::V2, public.libtrust_id()), (Rules::V3_1, public.thumbprint())] {
            let mut header = Header::new(jsonwebtoken::Algorithm::ES256);
            header.jwk = Some(public.to_jwk(id));
            let token = encode(&header, &claims(), &EncodingKey::from_ec_pem(&signs.pem).unwrap()).unwrap();
            let token = Token::parse(&token);
            let verifier = Verifier::with_bundle(rules, &place, &key.certificates);
            assert_eq!(verifier.verify(&token).is_ok(), expected, "{rules:?}");
            if rules == Rules::V2 {
                assert_eq!(as_it_is(&registry, &token), letter(expected));
            } else {
                let set = serde_json::to_value(jwks([key.signer(Algorithm::ES256, FORMS[0]).public_key()]))
                    .unwrap();
                assert_eq!(Verifier::with_jwks(rules, &place, &set).verify(&token).is_ok(), expected);
            }
        }
    }
}
