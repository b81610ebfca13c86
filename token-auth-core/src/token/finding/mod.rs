mod advice;
mod examine;

/// Something that an operator should know about keys and certificates, which is not an error: tokens are signed, but some
/// registry may refuse them, now or soon.
///
/// [`Display`](std::fmt::Display) says what is the matter and what to do.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Finding {
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
    /// A certificate was not issued by the one after it.
    ChainOrder {
        /// Which, counted from 1.
        position: usize,
        /// The positions in the order that would be right, if there is one.
        order: Option<Vec<usize>>,
    },
    /// A certificate names the one after it as its issuer, but that one's key did not sign it.
    ChainSignature {
        /// Which, counted from 1.
        position: usize,
    },
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

/// How bad a [`Finding`] is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Severity {
    /// Good to know: some versions of registries are left out.
    Note,
    /// Will go wrong, or may for some registries.
    Warning,
    /// Goes wrong now.
    Problem,
}

impl Finding {
    /// A name that stays the same: for filters in logs.
    pub fn code(&self) -> &'static str {
        match self {
            Self::CertificateExpired { .. } => "certificate-expired",
            Self::CertificateNotYetValid { .. } => "certificate-not-yet-valid",
            Self::CertificateExpiresSoon { .. } => "certificate-expires-soon",
            Self::ChainOrder { .. } => "chain-order",
            Self::ChainSignature { .. } => "chain-signature",
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
            | Self::ChainSignature { .. } => Severity::Problem,
            Self::CertificateExpiresSoon { .. } | Self::ChainOrder { .. } | Self::LongHeader { .. } => {
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
