use std::path::PathBuf;

use super::reader::Section;

/// A certificate and its key, by their files.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct KeyPair {
    /// PEM; the certificate, and the chain that follows it.
    pub certificate: PathBuf,
    /// PEM; PKCS#8, PKCS#1 or SEC1.
    pub key: PathBuf,
}

/// Both keys or neither; an empty text counts as neither.
pub(super) fn read(section: &Section<'_>) -> Option<KeyPair> {
    let file = |key| section.get(key).filter(|field| field.text().is_some_and(|text| !text.is_empty()));
    let (certificate, key) = (file("certificate"), file("key"));
    match (&certificate, &key) {
        (Some(certificate), None) => certificate.error("needs `key` beside it"),
        (None, Some(key)) => key.error("needs `certificate` beside it"),
        _ => {}
    }
    Some(KeyPair { certificate: certificate?.text()?.into(), key: key?.text()?.into() })
}

/// Whether at least one half of a pair is there.
pub(super) fn is_begun(section: &Section<'_>) -> bool {
    section.get("certificate").or_else(|| section.get("key")).is_some()
}
