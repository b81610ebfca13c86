//! Keys and certificates, as files hold them.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use token_auth_core::token::{CertificateChain, PublicKey, SigningKey};

/// Any bytes are a key, a certificate or an error; a secret key is not shown. The bytes are a file, and what stands in the armour
/// of one.
pub fn certificates(data: &[u8]) {
    read(data);
    for label in
        ["CERTIFICATE", "PUBLIC KEY", "RSA PUBLIC KEY", "PRIVATE KEY", "EC PRIVATE KEY", "RSA PRIVATE KEY"]
    {
        let body = STANDARD.encode(data);
        read(format!("-----BEGIN {label}-----\n{body}\n-----END {label}-----\n").as_bytes());
    }
}

fn read(file: &[u8]) {
    if let Ok(chain) = CertificateChain::from_pem(file) {
        let _ = (chain.subject(), chain.validity());
        for key in chain.public_keys() {
            assert_eq!(chain.check_key(key).is_ok(), chain.public_keys().next() == Some(key));
        }
    }
    let _ = PublicKey::from_pem(file);
    if let Ok(key) = SigningKey::from_pem(file) {
        // What signs, verifies: its public half is read from what is written of it.
        assert!(PublicKey::from_jwk(&key.public_key().to_jwk("id")).is_ok());
        let shown = format!("{key:?}");
        assert!(shown.len() < 500, "{shown}");
    }
}
