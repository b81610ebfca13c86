//! The server's own certificate, by rustls.

use std::path::Path;
use std::sync::Arc;

use anyhow::{Context as _, Result, bail};
use rustls::crypto::{CryptoProvider, aws_lc_rs};
use rustls::{ServerConfig, SupportedProtocolVersion, version};
use rustls_pki_types::pem::PemObject as _;
use rustls_pki_types::{CertificateDer, PrivateKeyDer};

/// What the configuration says about TLS. The names are those of Go's crypto/tls.
pub(crate) struct Settings<'a> {
    pub(crate) certificate: &'a Path,
    pub(crate) key: &'a Path,
    pub(crate) only_tls13: bool,
    pub(crate) curves: &'a [String],
    pub(crate) suites: &'a [String],
}

/// A TLS configuration, for HTTP/2 and HTTP/1.1.
pub(crate) fn config(settings: &Settings<'_>) -> Result<Arc<ServerConfig>> {
    let chain = CertificateDer::pem_file_iter(settings.certificate)
        .and_then(Iterator::collect::<Result<Vec<_>, _>>)
        .with_context(|| format!("server.certificate: cannot read {}", settings.certificate.display()))?;
    if chain.is_empty() {
        bail!("server.certificate: {} holds no certificate", settings.certificate.display());
    }
    let key = PrivateKeyDer::from_pem_file(settings.key)
        .with_context(|| format!("server.key: cannot read {}", settings.key.display()))?;
    let versions: &[&SupportedProtocolVersion] =
        if settings.only_tls13 { &[&version::TLS13] } else { &[&version::TLS13, &version::TLS12] };
    let mut config = ServerConfig::builder_with_provider(Arc::new(provider(settings)))
        .with_protocol_versions(versions)
        .context("server.tls_cipher_suites: none of them fits server.tls_min_version")?
        .with_no_client_auth()
        .with_single_cert(chain, key)
        .context("server.certificate and server.key do not belong together, or cannot be used")?;
    config.alpn_protocols = vec![b"h2".to_vec(), b"http/1.1".to_vec()];
    Ok(Arc::new(config))
}

fn provider(settings: &Settings<'_>) -> CryptoProvider {
    let mut provider = aws_lc_rs::default_provider();
    if !settings.suites.is_empty() {
        // TLS 1.3 suites are not negotiable in Go, whatever the list says.
        provider.cipher_suites.retain(|suite| {
            let name = format!("{:?}", suite.suite());
            name.starts_with("TLS13_") || settings.suites.contains(&name)
        });
    }
    if !settings.curves.is_empty() {
        let place = |group: &str| settings.curves.iter().position(|curve| *curve == group);
        provider.kx_groups.retain(|group| place(&format!("{:?}", group.name())).is_some());
        provider.kx_groups.sort_by_key(|group| place(&format!("{:?}", group.name())));
    }
    provider
}
