use std::time::{Duration, SystemTime, UNIX_EPOCH};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use rustls_pki_types::CertificateDer;
use rustls_pki_types::pem::PemObject as _;
use x509_parser::prelude::{FromDer as _, X509Certificate};

use super::{CertificateError, KeyError, PublicKey};

/// More than this no registry follows.
const LONGEST: usize = 8;

/// The certificate of a signing key, and those of its issuers, leaf first.
#[derive(Clone, Debug)]
pub struct CertificateChain {
    certificates: Vec<Certificate>,
}

#[derive(Clone, Debug)]
struct Certificate {
    der: Vec<u8>,
    key: Result<PublicKey, KeyError>,
    issuer: Vec<u8>,
    subject: Vec<u8>,
    not_before: SystemTime,
    not_after: SystemTime,
}

impl CertificateChain {
    /// Reads all `CERTIFICATE` blocks, in their order. Other blocks are passed over.
    ///
    /// # Errors
    ///
    /// When there is none, or one cannot be read.
    pub fn from_pem(text: &[u8]) -> Result<Self, CertificateError> {
        let mut certificates = Vec::new();
        for (at, der) in CertificateDer::pem_slice_iter(text).enumerate() {
            if at >= LONGEST {
                return Err(CertificateError::TooMany(LONGEST));
            }
            let der = der.map_err(|_| CertificateError::Malformed(at + 1))?;
            certificates
                .push(Certificate::from_der(der.as_ref()).ok_or(CertificateError::Malformed(at + 1))?);
        }
        match certificates.first() {
            None => Err(CertificateError::None),
            Some(Certificate { key: Err(error), .. }) => {
                Err(CertificateError::Key { number: 1, error: error.clone() })
            }
            Some(_) => Ok(Self { certificates }),
        }
    }

    /// The key of each certificate that has one which registries verify, leaf first.
    pub fn public_keys(&self) -> impl Iterator<Item = &PublicKey> {
        self.certificates.iter().filter_map(|certificate| certificate.key.as_ref().ok())
    }

    /// From when until when all of them are valid.
    pub fn validity(&self) -> (SystemTime, SystemTime) {
        let all = self.certificates.iter();
        let from = all.clone().map(|certificate| certificate.not_before).max().unwrap_or(UNIX_EPOCH);
        (from, all.map(|certificate| certificate.not_after).min().unwrap_or(UNIX_EPOCH))
    }

    /// Which of them, counted from 1, was not issued by the one after it.
    pub(super) fn misplaced(&self) -> Option<usize> {
        let mut pairs = self.certificates.iter().zip(self.certificates.iter().skip(1));
        pairs.position(|(certificate, next)| certificate.issuer != next.subject).map(|at| at + 1)
    }

    /// The `x5c` header parameter (RFC 7515, section 4.1.6): standard base64, leaf first. A root at the end is left out:
    /// whoever trusts it has it.
    pub(super) fn to_x5c(&self) -> Vec<String> {
        let root = |at: usize, certificate: &Certificate| at > 0 && certificate.issuer == certificate.subject;
        let shown = self.certificates.iter().enumerate().filter(|(at, certificate)| !root(*at, certificate));
        shown.map(|(_, certificate)| STANDARD.encode(&certificate.der)).collect()
    }
}

impl Certificate {
    fn from_der(der: &[u8]) -> Option<Self> {
        let (rest, certificate) = X509Certificate::from_der(der).ok()?;
        let validity = certificate.validity();
        rest.is_empty().then(|| Self {
            der: der.to_vec(),
            key: PublicKey::from_spki_der(certificate.public_key().raw),
            issuer: certificate.issuer().as_raw().to_vec(),
            subject: certificate.subject().as_raw().to_vec(),
            not_before: system_time(validity.not_before.timestamp()),
            not_after: system_time(validity.not_after.timestamp()),
        })
    }
}

fn system_time(seconds: i64) -> SystemTime {
    UNIX_EPOCH + Duration::from_secs(u64::try_from(seconds).unwrap_or(0))
}
