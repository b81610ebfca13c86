//! The settings of TLS, kept up to date with their files.

use std::path::Path;
use std::sync::{Arc, Mutex, PoisonError};

use rustls::client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier};
use rustls::crypto::{CryptoProvider, verify_tls12_signature, verify_tls13_signature};
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer, ServerName, UnixTime};
use rustls::{ClientConfig, DigitallySignedStruct, RootCertStore, SignatureScheme};

use super::LdapTls;
use crate::named_file;
use crate::stamp::FileStamp;

/// The settings of TLS, made again when one of their files has changed.
pub(super) struct TlsSource {
    options: LdapTls,
    made: Mutex<(Vec<Option<FileStamp>>, Arc<ClientConfig>)>,
}

impl TlsSource {
    /// Reads the files.
    pub(super) fn new(options: LdapTls) -> Result<Self, String> {
        let made = Mutex::new((stamps(&options), Arc::new(config(&options)?)));
        Ok(Self { options, made })
    }

    /// The present settings. Blocks while it looks at the files.
    pub(super) fn present(&self) -> Result<Arc<ClientConfig>, String> {
        let stamps = stamps(&self.options);
        let mut made = self.made.lock().unwrap_or_else(PoisonError::into_inner);
        if made.0 != stamps {
            *made = (stamps, Arc::new(config(&self.options)?));
        }
        Ok(Arc::clone(&made.1))
    }
}

/// Taken before the files are read, so that a change meanwhile is found the next time.
fn stamps(options: &LdapTls) -> Vec<Option<FileStamp>> {
    let client = options.client.iter().flat_map(|(certificate, key)| [certificate, key]);
    options.ca_file.iter().chain(client).map(FileStamp::of).collect()
}

fn config(options: &LdapTls) -> Result<ClientConfig, String> {
    let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
    let builder = ClientConfig::builder_with_provider(Arc::clone(&provider))
        .with_safe_default_protocol_versions()
        .map_err(|error| error.to_string())?;
    let builder = match options.dangerous_skip_verify {
        true => builder.dangerous().with_custom_certificate_verifier(Arc::new(AnyCertificate(provider))),
        false => builder.with_root_certificates(roots(options.ca_file.as_deref())?),
    };
    let Some((certificate, key)) = &options.client else { return Ok(builder.with_no_client_auth()) };
    let chain = certificates(certificate)?;
    let private =
        PrivateKeyDer::from_pem_slice(&read(key)?).map_err(|_| failed(key, "no private key found"))?;
    builder.with_client_auth_cert(chain, private).map_err(|error| failed(certificate, error))
}

fn roots(file: Option<&Path>) -> Result<RootCertStore, String> {
    let mut roots = RootCertStore::empty();
    match file {
        Some(file) => {
            for certificate in certificates(file)? {
                roots.add(certificate).map_err(|error| failed(file, error))?;
            }
        }
        None => {
            // A store that is broken in parts is still good for the rest.
            roots.add_parsable_certificates(rustls_native_certs::load_native_certs().certs);
        }
    }
    Ok(roots)
}

fn certificates(file: &Path) -> Result<Vec<CertificateDer<'static>>, String> {
    let certificates: Result<Vec<_>, _> = CertificateDer::pem_slice_iter(&read(file)?).collect();
    match certificates {
        Ok(certificates) if !certificates.is_empty() => Ok(certificates),
        _ => Err(failed(file, "no certificate found: it must begin with -----BEGIN CERTIFICATE-----")),
    }
}

fn read(file: &Path) -> Result<Vec<u8>, String> {
    named_file::read(file, named_file::PEM_BYTES).map_err(|error| failed(file, error))
}

fn failed(file: &Path, why: impl std::fmt::Display) -> String {
    format!("{}: {why}", file.display())
}

/// Any certificate will do, but its key must have signed the handshake.
#[derive(Debug)]
struct AnyCertificate(Arc<CryptoProvider>);

impl ServerCertVerifier for AnyCertificate {
    fn verify_server_cert(
        &self,
        _: &CertificateDer<'_>,
        _: &[CertificateDer<'_>],
        _: &ServerName<'_>,
        _: &[u8],
        _: UnixTime,
    ) -> Result<ServerCertVerified, rustls::Error> {
        Ok(ServerCertVerified::assertion())
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signed: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        verify_tls12_signature(message, certificate, signed, &self.0.signature_verification_algorithms)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signed: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        verify_tls13_signature(message, certificate, signed, &self.0.signature_verification_algorithms)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.0.signature_verification_algorithms.supported_schemes()
    }
}
