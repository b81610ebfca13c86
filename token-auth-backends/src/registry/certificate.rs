//! What registries make of a certificate that they are given, beyond its key and its time.

use token_auth_core::token::{Algorithm, Certificate, PublicKey};
use x509_parser::prelude::{FromDer as _, GeneralName, ParsedExtension, X509Certificate, X509Extension};

use super::{Registry, Unloadable};

/// The first certificate of a chain, as a registry has it.
#[derive(Clone, Debug)]
pub(super) struct TrustedCertificate {
    certificate: Certificate,
    /// Go 1.23 and later do not read such a certificate.
    has_negative_serial: bool,
    /// Go reads the certificate, and does not verify it.
    has_unknown_critical_extension: bool,
}

impl TrustedCertificate {
    pub(super) fn new(certificate: &Certificate) -> Self {
        // It has been read before.
        let parsed = X509Certificate::from_der(certificate.der()).ok().map(|(_, parsed)| parsed);
        let is_unknown = |extension: &X509Extension<'_>| extension.critical && !is_known_to_go(extension);
        Self {
            certificate: certificate.clone(),
            has_negative_serial: parsed
                .as_ref()
                .is_some_and(|parsed| parsed.raw_serial().first().is_some_and(|first| *first >= 0x80)),
            has_unknown_critical_extension: parsed
                .as_ref()
                .is_some_and(|parsed| parsed.extensions().iter().any(is_unknown)),
        }
    }

    pub(super) fn der(&self) -> &[u8] {
        self.certificate.der()
    }

    pub(super) fn subject(&self) -> &str {
        self.certificate.subject()
    }

    pub(super) fn public_key(&self) -> Option<&PublicKey> {
        self.certificate.public_key()
    }

    /// Whether it is valid at that time, in Unix seconds.
    pub(super) fn is_valid(&self, now: u64) -> bool {
        let (from, until) = self.certificate.validity();
        (token_auth_core::unix_seconds(from)..=token_auth_core::unix_seconds(until)).contains(&now)
    }

    pub(super) fn has_unknown_critical_extension(&self) -> bool {
        self.has_unknown_critical_extension
    }

    /// Why a registry does not start with it.
    pub(super) fn unloadable(&self, registry: Registry) -> Option<Unloadable> {
        let is_edwards = self.public_key().is_some_and(|key| key.algorithm() == Algorithm::EdDSA);
        match registry {
            Registry::V2 => is_edwards.then_some(Unloadable::Ed25519),
            Registry::V3_0 | Registry::V3_1 | Registry::Zot => {
                self.has_negative_serial.then_some(Unloadable::NegativeSerial)
            }
        }
    }
}

/// Whether Go's `crypto/x509` takes a critical extension for handled.
fn is_known_to_go(extension: &X509Extension<'_>) -> bool {
    match extension.parsed_extension() {
        // One that names nothing but directory names and the like counts as unknown.
        ParsedExtension::SubjectAlternativeName(names) => names.general_names.iter().any(|name| {
            matches!(
                name,
                GeneralName::DNSName(_)
                    | GeneralName::RFC822Name(_)
                    | GeneralName::URI(_)
                    | GeneralName::IPAddress(_)
            )
        }),
        ParsedExtension::KeyUsage(_)
        | ParsedExtension::ExtendedKeyUsage(_)
        | ParsedExtension::BasicConstraints(_)
        | ParsedExtension::NameConstraints(_)
        | ParsedExtension::CRLDistributionPoints(_)
        | ParsedExtension::CertificatePolicies(_)
        | ParsedExtension::AuthorityKeyIdentifier(_)
        | ParsedExtension::SubjectKeyIdentifier(_)
        | ParsedExtension::AuthorityInfoAccess(_) => true,
        _ => false,
    }
}
