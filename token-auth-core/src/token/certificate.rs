//! The certificates of a signing key: read, and what they say of themselves.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use rustls_pki_types::pem::SectionKind;
use x509_parser::prelude::{FromDer as _, X509Certificate};

use super::{CertificateError, ChainFault, KeyError, PublicKey, SignerError, chain_fault, pem};

/// More than any authority issues; a token would not fit into a request header.
const MAX_CERTIFICATES: usize = 10;

/// The certificate of a signing key, and those that lead from it towards a root, leaf first, which tokens carry in their
/// header so that registries trust the key (`x5c`, RFC 7515, section 4.1.6).
///
/// ```
/// use token_auth_core::token::CertificateChain;
///
/// let chain = CertificateChain::from_pem(
///     b"-----BEGIN CERTIFICATE-----
/// MIIBbjCCARSgAwIBAgIIAQKYNnWLT4cwCgYIKoZIzj0EAwIwGzEZMBcGA1UEAxMQ
/// dG9rZW4tc2lnbmluZy0xNDAeFw0yNDAxMDEwMDAwMDBaFw00NDAxMDEwMDAwMDBa
/// MBsxGTAXBgNVBAMTEHRva2VuLXNpZ25pbmctMTQwWTATBgcqhkjOPQIBBggqhkjO
/// PQMBBwNCAAQtngLuujg1nZ6jFUsR64as2UIiMvZ3PuGwufP5y5BN4zHPQopUH8Y0
/// 6dRMyR0ljdWnHdEJ+YGUCPZHIFZI4aUUo0IwQDAOBgNVHQ8BAf8EBAMCB4AwDwYD
/// VR0TAQH/BAUwAwEB/zAdBgNVHQ4EFgQUtRiHUK+RmLvFZAxbnEVjatdEHAswCgYI
/// KoZIzj0EAwIDSAAwRQIhAIWrTUQmtWKKyKEn15U0OtdLwqnUNOr907yuoGt/5XWJ
/// AiArnaxYiMjQzRwp7q5cSHl4o4GrQrJbg6K9Bl7Y72xgHg==
/// -----END CERTIFICATE-----",
/// )?;
/// assert_eq!(chain.subject(), "CN=token-signing-14");
/// # Ok::<(), token_auth_core::token::CertificateError>(())
/// ```
#[derive(Clone, Debug)]
pub struct CertificateChain {
    certificates: Vec<Certificate>,
    fault: Option<ChainFault>,
}

/// One certificate of a [`CertificateChain`].
#[derive(Clone, Debug)]
pub struct Certificate {
    der: Box<[u8]>,
    /// Seconds since the Unix epoch.
    not_before: u64,
    not_after: u64,
    subject: String,
    self_signed: bool,
    key: Result<PublicKey, KeyError>,
}

impl CertificateChain {
    /// Reads all `CERTIFICATE` blocks, in their order: the signing key's own first. Other blocks and text are passed over.
    ///
    /// A chain whose links do not hold is not an error, because registries also accept one in disorder: it has a
    /// [fault](Self::fault).
    ///
    /// # Errors
    ///
    /// When there is no certificate, one cannot be read, there are more than ten, or the first one's key is of a kind that is
    /// not supported.
    pub fn from_pem(text: &[u8]) -> Result<Self, CertificateError> {
        let mut ders = Vec::new();
        for block in pem::blocks(text) {
            let (kind, der) = block.map_err(|_| CertificateError::Pem)?;
            if kind == SectionKind::Certificate {
                ders.push(der);
            }
        }
        if ders.len() > MAX_CERTIFICATES {
            return Err(CertificateError::TooMany(ders.len()));
        }
        let mut parsed = Vec::new();
        for (at, der) in ders.iter().enumerate() {
            match X509Certificate::from_der(der) {
                Ok(([], certificate)) => parsed.push(certificate),
                _ => return Err(CertificateError::Malformed(at + 1)),
            }
        }
        let certificates: Vec<_> = parsed.iter().map(Certificate::new).collect();
        match certificates.first() {
            None => Err(CertificateError::NoCertificate { found: pem::describe(text) }),
            Some(Certificate { key: Err(error), .. }) => {
                Err(CertificateError::Key { number: 1, error: error.clone() })
            }
            Some(_) => Ok(Self { certificates, fault: ChainFault::of(&parsed) }),
        }
    }

    /// The key of each certificate that has one which registries verify, leaf first.
    pub fn public_keys(&self) -> impl Iterator<Item = &PublicKey> {
        self.certificates.iter().filter_map(Certificate::public_key)
    }

    /// Whose the first certificate is, e.g. `CN=registry token`.
    pub fn subject(&self) -> &str {
        self.certificates.first().map_or("", |leaf| &leaf.subject)
    }

    /// From when until when all of them are valid.
    pub fn validity(&self) -> (SystemTime, SystemTime) {
        times(validity(&self.certificates))
    }

    /// Checks that the first certificate is this key's.
    ///
    /// # Errors
    ///
    /// When it is another key's: says which one is the key's, if one is.
    pub fn check_key(&self, key: &PublicKey) -> Result<(), SignerError> {
        let of_key =
            |certificate: &Certificate| certificate.public_key().is_some_and(|own| own.is_same_key(key));
        let hint = match self.certificates.iter().position(of_key) {
            Some(0) => return Ok(()),
            Some(at) => format!("certificate {} does: put it first", at + 1),
            None => format!(
                "it is that of `{}`: give the pair that was made together, or make a certificate for the key with \
                 `openssl req -x509 -key FILE -days 3650 -subj /CN=token`",
                self.subject()
            ),
        };
        Err(SignerError::CertificateOfAnotherKey { hint })
    }

    /// All of them, leaf first; at least one.
    pub fn certificates(&self) -> &[Certificate] {
        &self.certificates
    }

    /// What tokens carry: all but a root at the end, which registries must have themselves.
    pub fn carried(&self) -> &[Certificate] {
        match self.certificates.as_slice() {
            [carried @ .., root] if root.self_signed && !carried.is_empty() => carried,
            all => all,
        }
    }

    /// The first link that does not hold.
    pub fn fault(&self) -> Option<&ChainFault> {
        self.fault.as_ref()
    }
}

impl Certificate {
    fn new(certificate: &X509Certificate<'_>) -> Self {
        let seconds = |time: x509_parser::time::ASN1Time| u64::try_from(time.timestamp()).unwrap_or(0);
        Self {
            der: certificate.as_raw().into(),
            not_before: seconds(certificate.validity().not_before),
            not_after: seconds(certificate.validity().not_after),
            subject: certificate.subject().to_string(),
            self_signed: chain_fault::issued(certificate, certificate),
            key: PublicKey::from_spki_der(certificate.public_key().raw),
        }
    }

    /// The certificate, in DER.
    pub fn der(&self) -> &[u8] {
        &self.der
    }

    /// Whose it is, e.g. `CN=registry token`.
    pub fn subject(&self) -> &str {
        &self.subject
    }

    /// From when until when it is valid, both inclusive.
    pub fn validity(&self) -> (SystemTime, SystemTime) {
        times((self.not_before, self.not_after))
    }

    /// Its key, if that is one which tokens can be verified by.
    pub fn public_key(&self) -> Option<&PublicKey> {
        self.key.as_ref().ok()
    }
}

/// From when until when all of them are valid, in Unix seconds.
pub(super) fn validity(certificates: &[Certificate]) -> (u64, u64) {
    let from = certificates.iter().map(|certificate| certificate.not_before).max();
    let until = certificates.iter().map(|certificate| certificate.not_after).min();
    (from.unwrap_or(u64::MAX), until.unwrap_or(0))
}

fn times((from, until): (u64, u64)) -> (SystemTime, SystemTime) {
    (UNIX_EPOCH + Duration::from_secs(from), UNIX_EPOCH + Duration::from_secs(until))
}
