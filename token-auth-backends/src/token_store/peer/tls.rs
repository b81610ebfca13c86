//! TLS to a peer, made before its answers are watched.
#![cfg_attr(
    not(all(feature = "token-store-redis", feature = "token-store-sql")),
    allow(dead_code, reason = "each store needs other parts of it")
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
pub(in crate::token_store) enum Verify {
    /// An authority that is trusted, and the name that was asked for.
    Full,
    /// An authority that is trusted, for whatever name.
    Authority,
    /// Nothing. Whoever is on the way can read and change everything.
    DangerousNothing,
}

/// What a client brings along.
pub(in crate::token_store) struct Material {
    pub(in crate::token_store) verify: Verify,
    /// Certificates of authorities in PEM; without them those that the system trusts.
    pub(in crate::token_store) authorities: Option<Vec<u8>>,
    /// Its own certificates and key in PEM.
    pub(in crate::token_store) client: Option<(Vec<u8>, Vec<u8>)>,
}

impl Material {
    pub(in crate::token_store) fn config(&self) -> Result<ClientConfig, String> {
        let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
        let builder = ClientConfig::builder_with_provider(Arc::clone(&provider))
            .with_safe_default_protocol_versions()
            .map_err(|error| error.to_string())?;
        let verifier: Arc<dyn ServerCertVerifier> = match self.verify {
            Verify::DangerousNothing => Arc::new(Lenient { provider, chain: None }),
            verify => {
                let roots = Arc::new(self.roots()?);
                let chain = WebPkiServerVerifier::builder_with_provider(roots, Arc::clone(&provider))
                    .build()
                    .map_err(|error| error.to_string())?;
                match verify {
                    Verify::Full => chain,
                    _ => Arc::new(Lenient { provider, chain: Some(chain) }),
                }
            }
        };
        let builder = builder.dangerous().with_custom_certificate_verifier(verifier);
        match &self.client {
            None => Ok(builder.with_no_client_auth()),
            Some((certificates, key)) => {
                let key = PrivateKeyDer::from_pem_slice(key)
                    .map_err(|_| "no private key found for the client's certificate".to_owned())?;
                builder
                    .with_client_auth_cert(certificates_in(certificates)?, key)
                    .map_err(|error| error.to_string())
            }
        }
    }

    fn roots(&self) -> Result<RootCertStore, String> {
        let mut roots = RootCertStore::empty();
        match &self.authorities {
            Some(pem) => {
                for certificate in certificates_in(pem)? {
                    roots.add(certificate).map_err(|error| error.to_string())?;
                }
            }
            None => {
                // A store that is broken in parts is still good for the rest.
                roots.add_parsable_certificates(rustls_native_certs::load_native_certs().certs);
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
