use std::time::SystemTime;

use super::Finding;
use crate::token::{Algorithm, CertificateChain, KeyIdKind, PublicKey, Registry, unix_seconds};

/// Expiry is announced this long before, in seconds.
const SOON: u64 = 30 * 24 * 60 * 60;
/// Proxies commonly allow 8 KiB for the whole `Authorization` header.
const LONG_HEADER: usize = 5 * 1024;

impl Finding {
    /// What there is to say of certificates at that time.
    pub(in crate::token) fn of_chain(chain: &CertificateChain, header: usize, now: SystemTime) -> Vec<Self> {
        let now = unix_seconds(now);
        let mut findings: Vec<_> = chain.broken_link().cloned().into_iter().collect();
        for (at, certificate) in chain.certificates().iter().enumerate() {
            let (position, not_before, not_after) = (at + 1, certificate.not_before, certificate.not_after);
            if not_after < now {
                findings.push(Self::CertificateExpired { position, not_after });
            } else if not_before > now {
                findings.push(Self::CertificateNotYetValid { position, not_before });
            } else if not_after - now < SOON {
                findings.push(Self::CertificateExpiresSoon { position, not_after });
            }
        }
        if header > LONG_HEADER {
            findings.push(Self::LongHeader { bytes: header });
        }
        findings
    }

    /// What there is to say of a key whose tokens announce it by an id alone.
    pub(in crate::token) fn of_key_id(key: &PublicKey, kind: KeyIdKind) -> Vec<Self> {
        if kind == KeyIdKind::Libtrust {
            return vec![Self::LibtrustIdAlone];
        }
        let mut findings = Vec::new();
        // Registry 2.x does not know Ed25519 by any id.
        if key.algorithm() != Algorithm::EdDSA {
            findings.push(Self::ThumbprintAlone);
        }
        let differs = |registry| key.id_in_registry(registry).filter(|id| *id != key.thumbprint());
        findings.extend(differs(Registry::V3_0).map(|expected| Self::EllipticThumbprint { expected }));
        findings.extend(differs(Registry::V3_1).map(|expected| Self::LeadingZero { expected }));
        findings
    }
}
