//! What a registry must be given to accept tokens.

use std::fmt::Write as _;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use token_auth_core::token::{Algorithm, CertificateChain, JwkSet, PublicKey, jwks};

use super::certificate::TrustedCertificate;
use super::{Registry, RegistryRefusal};

/// In which form a registry is given what it trusts.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum TrustForm {
    /// A file of certificates: distribution's `rootcertbundle`, zot's `cert`.
    Certificates,
    /// A JWK set: the `jwks` of distribution 3.
    Jwks,
}

/// What a registry must trust to accept the tokens of an issuer: certificates, keys, or both.
///
/// Of a chain it is the first certificate alone: a registry that trusts an authority believes everyone whom that has
/// certified, for whatever purpose.
///
/// ```
/// use token_auth_backends::core::token::CertificateChain;
/// use token_auth_backends::registry::RegistryTrust;
///
/// # let pair = rcgen::KeyPair::generate()?;
/// # let pem = rcgen::CertificateParams::default().self_signed(&pair)?.pem();
/// let mut trust = RegistryTrust::default();
/// trust.add_chain(&CertificateChain::from_pem(pem.as_bytes())?);
/// assert!(trust.certificates_pem().starts_with("-----BEGIN CERTIFICATE-----\n"));
/// assert_eq!(trust.jwks().keys.len(), 2, "the key, under each of its ids");
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Debug, Default)]
pub struct RegistryTrust {
    certificates: Vec<TrustedCertificate>,
    keys: Vec<PublicKey>,
}

impl RegistryTrust {
    /// Trusts the first certificate of a chain, and its key.
    pub fn add_chain(&mut self, chain: &CertificateChain) {
        let Some(leaf) = chain.certificates().first() else { return };
        if self.certificates.iter().all(|known| known.der() != leaf.der()) {
            self.certificates.push(TrustedCertificate::new(leaf));
        }
        if let Some(key) = leaf.public_key() {
            self.add_key(key.clone());
        }
    }

    /// Trusts a key of which there is no certificate.
    pub fn add_key(&mut self, key: PublicKey) {
        if !self.keys.contains(&key) {
            self.keys.push(key);
        }
    }

    /// What is left when the certificates are left out with which a registry does not start.
    #[must_use]
    pub fn loadable_by(&self, registry: Registry) -> Self {
        let loadable =
            self.certificates.iter().filter(|certificate| certificate.unloadable(registry).is_none());
        Self { certificates: loadable.cloned().collect(), keys: self.keys.clone() }
    }

    /// Why a registry does not start with one of the certificates.
    pub(super) fn refusal_to_load(&self, registry: Registry) -> Option<RegistryRefusal> {
        // Of a file of several zot reads the first.
        let read = if registry == Registry::Zot { 1 } else { usize::MAX };
        self.certificates.iter().take(read).find_map(|certificate| {
            let reason = certificate.unloadable(registry)?;
            Some(RegistryRefusal::DoesNotStart { subject: certificate.subject().to_owned(), reason })
        })
    }

    /// The algorithms of the keys, each once: what distribution 3 may list as `signingalgorithms`.
    pub fn algorithms(&self) -> Vec<Algorithm> {
        let mut algorithms = Vec::new();
        for algorithm in self.keys.iter().map(PublicKey::algorithm) {
            if !algorithms.contains(&algorithm) {
                algorithms.push(algorithm);
            }
        }
        algorithms
    }

    /// The certificates, as a PEM file.
    pub fn certificates_pem(&self) -> String {
        let mut text = String::new();
        for certificate in &self.certificates {
            text.push_str("-----BEGIN CERTIFICATE-----\n");
            let base64 = STANDARD.encode(certificate.der());
            let mut rest = base64.as_str();
            while let Some((line, after)) = rest.split_at_checked(64) {
                // Writing to a text does not fail.
                let _ = writeln!(text, "{line}");
                rest = after;
            }
            if !rest.is_empty() {
                let _ = writeln!(text, "{rest}");
            }
            text.push_str("-----END CERTIFICATE-----\n");
        }
        text
    }

    /// The keys, as a JWK set.
    pub fn jwks(&self) -> JwkSet {
        jwks(&self.keys)
    }

    pub(super) fn certificates(&self) -> &[TrustedCertificate] {
        &self.certificates
    }

    pub(super) fn keys(&self) -> &[PublicKey] {
        &self.keys
    }
}
