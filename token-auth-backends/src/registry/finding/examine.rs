//! What there is to say of a key and its certificates at a time.

use std::time::SystemTime;

use token_auth_core::token::{Algorithm, CertificateChain, Envelope, KeyIdKind, PublicKey};
use token_auth_core::unix_seconds;

use super::KeyFinding;
use crate::registry::Registry;

/// Expiry is announced this long before, in seconds.
const SOON: u64 = 30 * 24 * 60 * 60;
/// Proxies commonly allow 8 KiB for the whole `Authorization` header.
const LONG_HEADER: usize = 5 * 1024;

impl KeyFinding {
    /// What an operator should know about a key, its certificates and the header of its tokens, worst first. Worth asking
    /// again from time to time: certificates expire.
    pub fn of(envelope: &Envelope, now: SystemTime) -> Vec<Self> {
        let mut findings = match envelope.certificates() {
            Some(chain) => of_chain(chain, envelope, now),
            None => Vec::new(),
        };
        if !envelope.carries_certificates(now) {
            findings.extend(of_key_id(envelope.public_key(), envelope.key_id()));
        }
        if envelope.public_key().algorithm() == Algorithm::EdDSA {
            findings.push(Self::Ed25519);
        }
        findings.sort_by_key(|finding| std::cmp::Reverse(finding.severity()));
        findings
    }
}

fn of_chain(chain: &CertificateChain, envelope: &Envelope, now: SystemTime) -> Vec<KeyFinding> {
    let mut findings: Vec<_> = chain.fault().cloned().map(KeyFinding::Chain).into_iter().collect();
    for (at, certificate) in chain.certificates().iter().enumerate() {
        let (from, until) = certificate.validity();
        let (position, now) = (at + 1, unix_seconds(now));
        let (not_before, not_after) = (unix_seconds(from), unix_seconds(until));
        if not_after < now {
            findings.push(KeyFinding::CertificateExpired { position, not_after });
        } else if not_before > now {
            findings.push(KeyFinding::CertificateNotYetValid { position, not_before });
        } else if not_after - now < SOON {
            findings.push(KeyFinding::CertificateExpiresSoon { position, not_after });
        }
    }
    // As it is while tokens carry the certificates.
    let start = chain.carried().iter().map(|certificate| certificate.validity().0).max();
    let header = envelope.header(start.unwrap_or(now)).len();
    if header > LONG_HEADER {
        findings.push(KeyFinding::LongHeader { bytes: header });
    }
    findings
}

/// Of a key whose tokens announce it by an id alone.
fn of_key_id(key: &PublicKey, kind: KeyIdKind) -> Vec<KeyFinding> {
    if kind == KeyIdKind::Libtrust {
        return vec![KeyFinding::LibtrustIdAlone];
    }
    let mut findings = Vec::new();
    // Registry 2.x does not know Ed25519 by any id.
    if key.algorithm() != Algorithm::EdDSA {
        findings.push(KeyFinding::ThumbprintAlone);
    }
    let differs = |registry: Registry| registry.key_id(key).filter(|id| *id != key.thumbprint());
    findings.extend(differs(Registry::V3_0).map(|expected| KeyFinding::EllipticThumbprint { expected }));
    findings.extend(differs(Registry::V3_1).map(|expected| KeyFinding::LeadingZero { expected }));
    findings
}
