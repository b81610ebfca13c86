//! Signed tokens, and the sets of keys that verify them.

use std::sync::LazyLock;
use std::time::{Duration, SystemTime};

use token_auth_core::token::{PublicKey, TrustedKeys, Verifier, jwks};

/// What the key of `KEY` has signed, and the only thing: see `seeds/jwts`.
const GENUINE: &str = include_str!("genuine.jwt");
const KEY: &[u8] = include_bytes!("../../../token-auth-core/testdata/keys/p256-pub.pem");

static TRUST: LazyLock<(TrustedKeys, Verifier)> = LazyLock::new(|| {
    let key = PublicKey::from_pem(KEY).unwrap();
    let verifier = Verifier::builder("Acme auth server", "registry").key(key.clone()).build().unwrap();
    (TrustedKeys::from_jwks(&jwks([&key])).unwrap(), verifier)
});

/// Nothing is believed but what the key has signed. Each line is a token; the whole is a set of keys.
pub fn jwts(data: &[u8]) {
    let (keys, verifier) = &*TRUST;
    let genuine = keys.verify(GENUINE).unwrap();
    // While it is good.
    let now = SystemTime::UNIX_EPOCH + Duration::from_secs(1_800_000_000);
    assert!(verifier.verify(GENUINE, now).is_ok());
    let text = String::from_utf8_lossy(data);
    for line in text.lines() {
        // Its header and its signature with other parts, too.
        let mut parts = GENUINE.split('.');
        let (header, payload, signature) =
            (parts.next().unwrap(), parts.next().unwrap(), parts.next().unwrap());
        for token in [
            line.to_owned(),
            format!("{header}.{line}.{signature}"),
            format!("{line}.{payload}.{signature}"),
            format!("{header}.{payload}.{line}"),
        ] {
            if let Ok(believed) = keys.verify(&token) {
                assert_eq!(believed, genuine, "{token}");
            }
            if let Ok(believed) = verifier.verify(&token, now) {
                assert!(believed.allows("repository", "team/app", "pull"));
                assert!(!believed.allows("repository", "team/app", "push"), "{token}");
            }
        }
    }
    if let Ok(keys) = TrustedKeys::from_json(data)
        && let Ok(believed) = keys.verify(GENUINE)
    {
        assert_eq!(believed, genuine);
    }
}
