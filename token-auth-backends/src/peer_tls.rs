//! TLS to a peer that speaks another protocol than HTTP: whom a backend believes, and what it shows of itself.
#![cfg_attr(
    not(all(feature = "ldap", feature = "token-store-redis", feature = "token-store-sql")),
    allow(dead_code, reason = "each backend needs other parts of it")
)]

use std::sync::Arc;

use rustls::client::WebPkiServerVerifier;
use rustls::client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier};
use rustls::crypto::{CryptoProvider, verify_tls12_signature, verify_tls13_signature};
use rustls::pki_types::pem::PemObject as _;
use rustls::pki_types::{CertificateDer, PrivateKeyDer, ServerName, UnixTime};
use rustls::{CertificateError, ClientConfig, DigitallySignedStruct, RootCertStore, SignatureScheme};

/// What is asked of the peer's certificate.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Verify {
    /// An authority that is trusted, and the name that was asked for.
    Full,
    /// An authority that is trusted, for whatever name.
    Authority,
    /// Nothing. Whoever is on the way can read and change everything.
    DangerousNothing,
}

/// What a client brings along.
pub(crate) struct Material {
    pub(crate) verify: Verify,
    /// Certificates of authorities in PEM; without them those that the system trusts.
    pub(crate) authorities: Option<Vec<u8>>,
    /// Its own certificates and key in PEM.
    pub(crate) client: Option<(Vec<u8>, Vec<u8>)>,
}

/// What is wrong with the material.
#[derive(Debug, thiserror::Error)]
pub(crate) enum TlsError {
    /// With the certificates of authorities.
    #[error("{0}")]
    Authorities(String),
    /// With the client's certificates, or their key, which is not theirs.
    #[error("{0}")]
    ClientCertificate(String),
    /// With the client's key.
    #[error("no private key found for the client's certificate")]
    ClientKey,
    /// With the cryptographic library.
    #[error("{0}")]
    Library(String),
}

impl Material {
    pub(crate) fn config(&self) -> Result<ClientConfig, TlsError> {
        self.config_telling(&mut |_| {})
    }

    /// The same, which tells what is trusted and shown, part by part and always in the same order.
    pub(crate) fn config_telling(&self, tell: &mut dyn FnMut(&[u8])) -> Result<ClientConfig, TlsError> {
        let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
        let builder = ClientConfig::builder_with_provider(Arc::clone(&provider))
            .with_safe_default_protocol_versions()
            .map_err(|error| TlsError::Library(error.to_string()))?;
        let builder = match self.verify {
            Verify::Full => builder.with_root_certificates(self.roots(tell)?),
            less => {
                let chain = match less {
                    Verify::DangerousNothing => None,
                    _ => Some(self.chain(&provider, tell)?),
                };
                builder.dangerous().with_custom_certificate_verifier(Arc::new(Lenient { provider, chain }))
            }
        };
        let Some((certificates, key)) = &self.client else { return Ok(builder.with_no_client_auth()) };
        let certificates = certificates_in(certificates).map_err(TlsError::ClientCertificate)?;
        certificates.iter().for_each(|certificate| tell(certificate));
        let key = PrivateKeyDer::from_pem_slice(key).map_err(|_| TlsError::ClientKey)?;
        tell(key.secret_der());
        builder
            .with_client_auth_cert(certificates, key)
            .map_err(|error| TlsError::ClientCertificate(error.to_string()))
    }

    fn chain(
        &self,
        provider: &Arc<CryptoProvider>,
        tell: &mut dyn FnMut(&[u8]),
    ) -> Result<Arc<WebPkiServerVerifier>, TlsError> {
        WebPkiServerVerifier::builder_with_provider(Arc::new(self.roots(tell)?), Arc::clone(provider))
            .build()
            .map_err(|error| TlsError::Authorities(error.to_string()))
    }

    fn roots(&self, tell: &mut dyn FnMut(&[u8])) -> Result<RootCertStore, TlsError> {
        let mut roots = RootCertStore::empty();
        match &self.authorities {
            Some(pem) => {
                for certificate in certificates_in(pem).map_err(TlsError::Authorities)? {
                    tell(&certificate);
                    roots.add(certificate).map_err(|error| TlsError::Authorities(error.to_string()))?;
                }
            }
            None => {
                // A store that is broken in parts is still good for the rest.
                let mut certificates = rustls_native_certs::load_native_certs().certs;
                certificates.sort_unstable_by(|one, other| one.as_ref().cmp(other.as_ref()));
                certificates.iter().for_each(|certificate| tell(certificate));
                roots.add_parsable_certificates(certificates);
            }
        }
        Ok(roots)
    }
}

fn certificates_in(pem: &[u8]) -> Result<Vec<CertificateDer<'static>>, String> {
    let certificates: Result<Vec<_>, _> = CertificateDer::pem_slice_iter(pem).collect();
    certificates
        .ok()
        .filter(|certificates| !certificates.is_empty())
        .ok_or_else(|| "no certificate found: it must begin with -----BEGIN CERTIFICATE-----".to_owned())
}

/// Asks less of a certificate, but that its key must have signed the handshake.
#[derive(Debug)]
struct Lenient {
    provider: Arc<CryptoProvider>,
    /// Judges all but the name; without it nothing is judged.
    chain: Option<Arc<WebPkiServerVerifier>>,
}

impl ServerCertVerifier for Lenient {
    fn verify_server_cert(
        &self,
        certificate: &CertificateDer<'_>,
        intermediates: &[CertificateDer<'_>],
        name: &ServerName<'_>,
        ocsp: &[u8],
        now: UnixTime,
    ) -> Result<ServerCertVerified, rustls::Error> {
        let Some(chain) = &self.chain else { return Ok(ServerCertVerified::assertion()) };
        match chain.verify_server_cert(certificate, intermediates, name, ocsp, now) {
            Err(rustls::Error::InvalidCertificate(
                CertificateError::NotValidForName | CertificateError::NotValidForNameContext { .. },
            )) => Ok(ServerCertVerified::assertion()),
            verdict => verdict,
        }
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signed: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        let algorithms = &self.provider.signature_verification_algorithms;
        verify_tls12_signature(message, certificate, signed, algorithms)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signed: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        let algorithms = &self.provider.signature_verification_algorithms;
        verify_tls13_signature(message, certificate, signed, algorithms)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.provider.signature_verification_algorithms.supported_schemes()
    }
}
