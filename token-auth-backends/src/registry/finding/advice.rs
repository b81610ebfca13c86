//! A finding in words: what is the matter, and what to do.

use std::fmt;

use time::OffsetDateTime;

use super::KeyFinding;

impl fmt::Display for KeyFinding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        const RENEW: &str = "make a new one for the same key and give it to the registries";
        match self {
            Self::CertificateExpired { position, not_after } => write!(
                f,
                "certificate {position} expired on {}, and registries refuse tokens that depend on it: {RENEW}",
                Date(*not_after)
            ),
            Self::CertificateNotYetValid { position, not_before } => write!(
                f,
                "certificate {position} is valid only from {}, and registries refuse tokens that depend on it: check \
                 the clock, or issue it again",
                Date(*not_before)
            ),
            Self::CertificateExpiresSoon { position, not_after } => {
                write!(f, "certificate {position} expires on {}: {RENEW}", Date(*not_after))
            }
            Self::Chain(fault) => fault.fmt(f),
            Self::LongHeader { bytes } => write!(
                f,
                "the certificates make the header of each token {bytes} bytes long, and proxies may refuse that: carry \
                 fewer certificates, or the key id alone"
            ),
            Self::Ed25519 => f.write_str(
                "registry 2.8 does not verify Ed25519, and does not start with this certificate among its own; 3.0 and later \
                 do: use a P-256 or RSA key for 2.8",
            ),
            Self::LibtrustIdAlone => f.write_str(
                "tokens carry the libtrust key id and no certificate: registry 2.x accepts them, registry 3.x only with \
                 this server's JWKS file; set a certificate to serve both",
            ),
            Self::ThumbprintAlone => f.write_str(
                "tokens carry the RFC 7638 key id and no certificate: registry 2.x refuses them; set a certificate to \
                 serve both",
            ),
            Self::EllipticThumbprint { expected } => write!(
                f,
                "registry 3.0 computes the RFC 7638 id of elliptic curve keys wrongly ({expected}) and refuses tokens \
                 that carry it alone, unless it has this server's JWKS file; use RSA, a certificate, or registry 3.1"
            ),
            Self::LeadingZero { expected } => write!(
                f,
                "registry 3.1 computes another RFC 7638 id for this key ({expected}), because a coordinate begins with a \
                 zero byte, and refuses tokens that carry it alone, unless it has this server's JWKS file; make another \
                 key, or set a certificate"
            ),
        }
    }
}

struct Date(u64);

impl fmt::Display for Date {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match i64::try_from(self.0).ok().and_then(|seconds| OffsetDateTime::from_unix_timestamp(seconds).ok())
        {
            Some(time) => write!(f, "{}", time.date()),
            None => write!(f, "second {} of the Unix epoch", self.0),
        }
    }
}
