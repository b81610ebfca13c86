//! Which certificate and key sign, and which serve TLS: the keys `certificate` and `key`.

use std::path::PathBuf;

use super::finding::Spot;
use super::section::Section;

/// A certificate and its key, by their files.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct KeyPair {
    /// PEM; the certificate, and the chain that follows it.
    pub certificate: PathBuf,
    /// PEM; PKCS#8, PKCS#1 or SEC1.
    pub key: PathBuf,
}

/// A pair, and where to complain of it.
#[derive(Clone, Debug)]
pub(super) struct LocatedPair {
    pub(super) pair: KeyPair,
    pub(super) certificate: Spot,
    pub(super) key: Spot,
}

/// The pair of the block `server`, and whether at least one half of it is there.
#[derive(Debug)]
pub(super) struct ServerPair {
    pub(super) pair: Option<LocatedPair>,
    pub(super) is_begun: bool,
}

/// The pair that signs tokens.
#[derive(Debug)]
pub(super) struct SigningPair(pub(super) LocatedPair);

/// Both keys or neither; an empty text counts as neither.
pub(super) fn read(section: &Section<'_>) -> Option<LocatedPair> {
    let file = |key| {
        let field = section.get(key)?;
        let path = field.text().filter(|text| !text.is_empty())?;
        Some((PathBuf::from(path), field))
    };
    let (certificate, key) = match (file("certificate"), file("key")) {
        (Some(certificate), Some(key)) => (certificate, key),
        (certificate, key) => {
            certificate.inspect(|(_, field)| field.error("needs `key` beside it"));
            key.inspect(|(_, field)| field.error("needs `certificate` beside it"));
            return None;
        }
    };
    let pair = KeyPair { certificate: certificate.0, key: key.0 };
    Some(LocatedPair { pair, certificate: certificate.1.spot(), key: key.1.spot() })
}

/// Whether at least one half of a pair is there.
pub(super) fn is_begun(section: &Section<'_>) -> bool {
    section.get("certificate").or_else(|| section.get("key")).is_some()
}
