//! What an operator should know about keys and certificates that tokens are signed with.

mod advice;
mod examine;

use token_auth_core::token::ChainFault;

/// Something that an operator should know about keys and certificates, which is not an error: tokens are signed, but some
/// registry may refuse them, now or soon.
///
/// [`Display`](std::fmt::Display) says what is the matter and what to do.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum KeyFinding {
    /// A certificate has expired.
    CertificateExpired {
        /// Which, counted from 1.
        position: usize,
        /// When, in seconds since the Unix epoch.
        not_after: u64,
    },
    /// A certificate is not valid yet.
    CertificateNotYetValid {
        /// Which, counted from 1.
        position: usize,
        /// From when on, in seconds since the Unix epoch.
        not_before: u64,
    },
    /// A certificate expires within 30 days.
    CertificateExpiresSoon {
        /// Which, counted from 1.
        position: usize,
        /// When, in seconds since the Unix epoch.
        not_after: u64,
    },
    /// A link of the chain does not hold.
    Chain(ChainFault),
    /// The certificates make the header of every token so long that proxies may refuse it.
    LongHeader {
        /// The length of a token's header.
        bytes: usize,
    },
    /// The key is Ed25519.
    Ed25519,
    /// Tokens carry the libtrust id and no certificate.
    LibtrustIdAlone,
    /// Tokens carry the thumbprint and no certificate.
    ThumbprintAlone,
    /// Tokens carry the thumbprint of an elliptic curve key and no certificate, and registry 3.0 computes another.
    EllipticThumbprint {
        /// Which one it computes.
        expected: String,
    },
    /// Tokens carry the thumbprint and no certificate, and registry 3.1 computes another, because it leaves out the zero
    /// byte that a coordinate of the key begins with.
    LeadingZero {
        /// Which one it computes.
        expected: String,
    },
}

/// How bad a [`KeyFinding`] is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Severity {
    /// Good to know: some versions of registries are left out.
    Note,
    /// Will go wrong, or may for some registries.
    Warning,
    /// Goes wrong now.
    Problem,
}

impl KeyFinding {
    /// A name that stays the same: for filters in logs.
    pub fn code(&self) -> &'static str {
        match self {
            Self::CertificateExpired { .. } => "certificate-expired",
            Self::CertificateNotYetValid { .. } => "certificate-not-yet-valid",
            Self::CertificateExpiresSoon { .. } => "certificate-expires-soon",
            Self::Chain(ChainFault::Signature { .. }) => "chain-signature",
            Self::Chain(_) => "chain-order",
            Self::LongHeader { .. } => "long-header",
            Self::Ed25519 => "ed25519",
            Self::LibtrustIdAlone => "libtrust-id-alone",
            Self::ThumbprintAlone => "thumbprint-alone",
            Self::EllipticThumbprint { .. } => "elliptic-thumbprint",
            Self::LeadingZero { .. } => "leading-zero",
        }
    }

    /// What is the matter, and what to do: what [`Display`](std::fmt::Display) writes.
    pub fn advice(&self) -> String {
        self.to_string()
    }

    /// How bad it is.
    pub fn severity(&self) -> Severity {
        match self {
            Self::CertificateExpired { .. }
            | Self::CertificateNotYetValid { .. }
            | Self::Chain(ChainFault::Signature { .. }) => Severity::Problem,
            Self::CertificateExpiresSoon { .. } | Self::Chain(_) | Self::LongHeader { .. } => {
                Severity::Warning
            }
            Self::Ed25519
            | Self::LibtrustIdAlone
            | Self::ThumbprintAlone
            | Self::EllipticThumbprint { .. }
            | Self::LeadingZero { .. } => Severity::Note,
        }
    }
}
