//! PEM files as people have them: several blocks, text in between, and sometimes the wrong file.

use rustls_pki_types::pem::{self, PemObject as _, SectionKind};
use zeroize::Zeroizing;

/// The blocks of a file that a key or a certificate can be in; others are passed over. Their content is wiped when
/// dropped, because some of it is secret.
pub(super) fn blocks(
    pem: &[u8],
) -> impl Iterator<Item = Result<(SectionKind, Zeroizing<Vec<u8>>), pem::Error>> {
    <(SectionKind, Vec<u8>)>::pem_slice_iter(pem)
        .map(|block| block.map(|(kind, der)| (kind, Zeroizing::new(der))))
}

/// What the blocks of a file claim to be, e.g. `CERTIFICATE`.
pub(super) fn labels(pem: &[u8]) -> impl Iterator<Item = &str> {
    pem.split(|byte| matches!(byte, b'\n' | b'\r')).filter_map(|line| {
        let line = std::str::from_utf8(line).ok()?.trim();
        line.strip_prefix("-----BEGIN ")?.strip_suffix("-----")
    })
}

/// Whether a private key of the file is encrypted: as PKCS#8, or in the older way with headers (RFC 1421).
#[cfg(feature = "sign")]
pub(super) fn is_encrypted(pem: &[u8]) -> bool {
    labels(pem).any(|label| label == "ENCRYPTED PRIVATE KEY")
        || pem.split(|byte| *byte == b'\n').any(|line| line.starts_with(b"Proc-Type: 4,ENCRYPTED"))
}

/// What a file is that holds nothing of what was looked for, in the words of an error message.
pub(super) fn describe(pem: &[u8]) -> String {
    match (labels(pem).next(), pem.first()) {
        (Some("OPENSSH PRIVATE KEY"), _) => {
            "a PEM block OPENSSH PRIVATE KEY (convert it with `ssh-keygen -p -m PKCS8 -f FILE`)".into()
        }
        (Some(label), _) if is_indented(pem) => {
            format!(
                "a PEM block {} whose lines are indented (remove the blanks before them)",
                label.escape_debug()
            )
        }
        (Some(label), _) => format!("a PEM block {}", label.escape_debug()),
        // A sequence's tag: all keys and certificates in DER begin with it.
        (None, Some(&super::der::SEQUENCE)) => {
            "binary data (convert DER to PEM with openssl's `-inform DER`)".into()
        }
        (None, Some(_)) => "no PEM block".into(),
        (None, None) => "an empty file".into(),
    }
}

/// Whether blanks stand before a line that begins a block, as where a key was taken out of a YAML file.
fn is_indented(pem: &[u8]) -> bool {
    pem.split(|byte| matches!(byte, b'\n' | b'\r')).any(|line| {
        matches!(line.first(), Some(b' ' | b'\t')) && line.trim_ascii().starts_with(b"-----BEGIN ")
    })
}
