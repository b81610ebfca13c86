//! The settings of TLS, kept up to date with their files.

use std::path::Path;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use aws_lc_rs::digest::{Context, SHA256};
use rustls::client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier};
use rustls::crypto::{CryptoProvider, verify_tls12_signature, verify_tls13_signature};
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer, ServerName, UnixTime};
use rustls::{ClientConfig, DigitallySignedStruct, RootCertStore, SignatureScheme};

use super::LdapTls;
use crate::named_file;
use crate::stamp::FileStamps;

/// The settings of TLS, made again when one of their files has changed.
pub(super) struct TlsSource {
    options: LdapTls,
    made: Mutex<Made>,
}

struct Made {
    stamps: FileStamps,
    config: Arc<ClientConfig>,
    /// A digest of what is trusted and shown.
    content: Vec<u8>,
}

impl TlsSource {
    /// Reads the files.
    pub(super) fn new(options: LdapTls) -> Result<Self, String> {
        let made = Mutex::new(Made::new(&options, stamps(&options))?);
        Ok(Self { options, made })
    }

    /// Whether the same is trusted and shown, be it by files or by the system.
    pub(super) fn is_same(&self, other: &Self) -> bool {
        let content = |source: &Self| source.lock().content.clone();
        content(self) == content(other)
    }

    /// The present settings. Blocks while it looks at the files.
    pub(super) fn present(&self) -> Result<Arc<ClientConfig>, String> {
        let stamps = stamps(&self.options);
        let mut made = self.lock();
        if made.stamps != stamps {
            *made = Made::new(&self.options, stamps)?;
        }
        Ok(Arc::clone(&made.config))
    }

    fn lock(&self) -> MutexGuard<'_, Made> {
        self.made.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Made {
    fn new(options: &LdapTls, stamps: FileStamps) -> Result<Self, String> {
        let mut content = Context::new(&SHA256);
        let config = Arc::new(config(options, &mut content)?);
        Ok(Self { stamps, config, content: content.finish().as_ref().to_owned() })
    }
}

/// Taken before the files are read, so that a change meanwhile is found the next time.
fn stamps(options: &LdapTls) -> FileStamps {
    let client = options.client.iter().flat_map(|(certificate, key)| [certificate, key]);
    FileStamps::of(options.ca_file.iter().chain(client))
}

fn config(options: &LdapTls, content: &mut Context) -> Result<ClientConfig, String> {
    let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
    let builder = ClientConfig::builder_with_provider(Arc::clone(&provider))
        .with_safe_default_protocol_versions()
        .map_err(|error| error.to_string())?;
    let builder = match options.dangerous_skip_verify {
        true => builder.dangerous().with_custom_certificate_verifier(Arc::new(AnyCertificate(provider))),
        false => builder.with_root_certificates(roots(options.ca_file.as_deref(), content)?),
    };
    let Some((certificate, key)) = &options.client else { return Ok(builder.with_no_client_auth()) };
    let chain = certificates(certificate)?;
    chain.iter().for_each(|certificate| content.update(certificate));
    let private =
        PrivateKeyDer::from_pem_slice(&read(key)?).map_err(|_| failed(key, "no private key found"))?;
    content.update(private.secret_der());
    builder.with_client_auth_cert(chain, private).map_err(|error| failed(certificate, error))
}

fn roots(file: Option<&Path>, content: &mut Context) -> Result<RootCertStore, String> {
    let mut roots = RootCertStore::empty();
    match file {
        Some(file) => {
            for certificate in certificates(file)? {
                content.update(&certificate);
                roots.add(certificate).map_err(|error| failed(file, error))?;
            }
        }
        None => {
            // A store that is broken in parts is still good for the rest.
            let mut certificates = rustls_native_certs::load_native_certs().certs;
            certificates.sort_unstable_by(|one, other| one.as_ref().cmp(other.as_ref()));
            certificates.iter().for_each(|certificate| content.update(certificate));
            roots.add_parsable_certificates(certificates);
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
