use std::time::{Duration, SystemTime};

use super::{Algorithm, CertificateChain, KeyIdKind, PublicKey};

const SOON: Duration = Duration::from_secs(30 * 24 * 60 * 60);

/// Something about a key or its certificate that an operator should know: which registries will not accept its tokens,
/// and what to do.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Finding {
    /// A certificate of the chain has expired.
    CertificateExpired,
    /// A certificate of the chain is not valid yet.
    CertificateNotYetValid,
    /// A certificate of the chain expires within 30 days.
    CertificateExpiresSoon,
    /// Ed25519, which registries before 3.1 do not verify.
    Ed25519,
    /// Tokens without a certificate whose id is libtrust's.
    LibtrustIdAlone,
    /// Tokens without a certificate whose id is the thumbprint.
    ThumbprintAlone,
    /// The thumbprint of an elliptic curve key, which registry 3.0 computes wrongly.
    EllipticThumbprint,
    /// A coordinate that begins with a zero byte, which registry 3.1 leaves out of the thumbprint.
    LeadingZero,
}

impl Finding {
    /// A name that stays the same: for filters in logs.
    pub fn code(self) -> &'static str {
        match self {
            Self::CertificateExpired => "certificate-expired",
            Self::CertificateNotYetValid => "certificate-not-yet-valid",
            Self::CertificateExpiresSoon => "certificate-expires-soon",
            Self::Ed25519 => "ed25519",
            Self::LibtrustIdAlone => "libtrust-id-alone",
            Self::ThumbprintAlone => "thumbprint-alone",
            Self::EllipticThumbprint => "elliptic-thumbprint",
            Self::LeadingZero => "leading-zero",
        }
    }

    /// What is the matter, and what to do.
    pub fn advice(self) -> &'static str {
        match self {
            Self::CertificateExpired => {
                "the certificate has expired: tokens carry only the key id until it is replaced; \
                 make a new one for the same key and give it to the registries"
            }
            Self::CertificateNotYetValid => {
                "the certificate is not valid yet: tokens carry only the key id until it is; check the clock"
            }
            Self::CertificateExpiresSoon => {
                "the certificate expires within 30 days: make a new one for the same key and give it to the registries"
            }
            Self::Ed25519 => {
                "Ed25519 tokens are verified by registry 3.1 and later only: use P-256 for older ones"
            }
            Self::LibtrustIdAlone => {
                "tokens carry the libtrust key id and no certificate: registry 2.x accepts them, registry 3.x only with \
                 this server's JWKS file; set a certificate to serve both"
            }
            Self::ThumbprintAlone => {
                "tokens carry the RFC 7638 key id and no certificate: registry 2.x refuses them; set a certificate to \
                 serve both"
            }
            Self::EllipticThumbprint => {
                "registry 3.0 computes the RFC 7638 id of elliptic curve keys wrongly and refuses tokens that carry it \
                 alone, unless it has this server's JWKS file; use RSA, a certificate, or registry 3.1"
            }
            Self::LeadingZero => {
                "registry 3.1 computes another RFC 7638 id for this key and refuses tokens that carry it alone, unless \
                 it has this server's JWKS file; make another key, or set a certificate"
            }
        }
    }
}

impl std::fmt::Display for Finding {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.advice())
    }
}

/// What there is to say of a key and the header that its tokens get.
pub(super) fn findings(
    key: &PublicKey,
    chain: Option<&CertificateChain>,
    kind: KeyIdKind,
    now: SystemTime,
) -> Vec<Finding> {
    let mut found = Vec::new();
    if let Some((from, until)) = chain.map(CertificateChain::validity) {
        if now > until {
            found.push(Finding::CertificateExpired);
        } else if now + SOON > until {
            found.push(Finding::CertificateExpiresSoon);
        }
        if now < from {
            found.push(Finding::CertificateNotYetValid);
        }
    }
    if key.algorithm() == Algorithm::EdDSA {
        found.push(Finding::Ed25519);
    }
    let alone = chain.is_none_or(|chain| !covers(chain, now));
    match kind {
        KeyIdKind::Libtrust if alone => found.push(Finding::LibtrustIdAlone),
        KeyIdKind::Thumbprint if alone => {
            found.push(Finding::ThumbprintAlone);
            if matches!(key.algorithm(), Algorithm::ES256 | Algorithm::ES384 | Algorithm::ES512) {
                found.push(Finding::EllipticThumbprint);
            }
            if key.has_leading_zero() {
                found.push(Finding::LeadingZero);
            }
        }
        KeyIdKind::Libtrust | KeyIdKind::Thumbprint => {}
    }
    found
}

fn covers(chain: &CertificateChain, now: SystemTime) -> bool {
    let (from, until) = chain.validity();
    from <= now && now <= until
}
