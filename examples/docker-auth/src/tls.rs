//! The server's own certificate, by rustls.

use std::sync::Arc;

use anyhow::{Context as _, Result, bail};
use rustls::CipherSuite as Suite;
use rustls::crypto::{CryptoProvider, aws_lc_rs};
use rustls::{NamedGroup, ServerConfig, SupportedProtocolVersion, version};
use rustls_pki_types::pem::PemObject as _;
use rustls_pki_types::{CertificateDer, PrivateKeyDer};
use token_auth_backends::config::{CipherSuite, Curve, TlsConfig, TlsVersion};

/// A TLS configuration, for HTTP/2 and HTTP/1.1.
pub(crate) fn config(tls: &TlsConfig) -> Result<Arc<ServerConfig>> {
    let (certificate, key) = (&tls.key_pair.certificate, &tls.key_pair.key);
    let chain = CertificateDer::pem_file_iter(certificate)
        .and_then(Iterator::collect::<Result<Vec<_>, _>>)
        .with_context(|| format!("server.certificate: cannot read {}", certificate.display()))?;
    if chain.is_empty() {
        bail!("server.certificate: {} holds no certificate", certificate.display());
    }
    let key = PrivateKeyDer::from_pem_file(key)
        .with_context(|| format!("server.key: cannot read {}", key.display()))?;
    let versions: &[&SupportedProtocolVersion] = match tls.minimum {
        TlsVersion::Tls12 => &[&version::TLS13, &version::TLS12],
        TlsVersion::Tls13 => &[&version::TLS13],
    };
    let mut config = ServerConfig::builder_with_provider(Arc::new(provider(tls)))
        .with_protocol_versions(versions)
        .context("server: no cipher suite and curve are left for TLS")?
        .with_no_client_auth()
        .with_single_cert(chain, key)
        .context("server.certificate and server.key do not belong together, or cannot be used")?;
    config.alpn_protocols = vec![b"h2".to_vec(), b"http/1.1".to_vec()];
    Ok(Arc::new(config))
}

/// The library's cryptography, less what the configuration leaves out.
fn provider(tls: &TlsConfig) -> CryptoProvider {
    let mut provider = aws_lc_rs::default_provider();
    if !tls.cipher_suites.is_empty() {
        let chosen: Vec<Suite> = tls.cipher_suites.iter().map(|suite| suite_of(*suite)).collect();
        provider.cipher_suites.retain(|suite| suite.tls13().is_some() || chosen.contains(&suite.suite()));
    }
    if !tls.curves.is_empty() {
        let place = |group: NamedGroup| tls.curves.iter().position(|curve| group_of(*curve) == group);
        provider.kx_groups.retain(|group| place(group.name()).is_some());
        provider.kx_groups.sort_by_key(|group| place(group.name()));
    }
    provider
}

fn group_of(curve: Curve) -> NamedGroup {
    match curve {
        Curve::X25519 => NamedGroup::X25519,
        Curve::P256 => NamedGroup::secp256r1,
        Curve::P384 => NamedGroup::secp384r1,
    }
}

fn suite_of(suite: CipherSuite) -> Suite {
    match suite {
        CipherSuite::EcdheEcdsaAes128GcmSha256 => Suite::TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256,
        CipherSuite::EcdheEcdsaAes256GcmSha384 => Suite::TLS_ECDHE_ECDSA_WITH_AES_256_GCM_SHA384,
        CipherSuite::EcdheEcdsaChacha20Poly1305 => Suite::TLS_ECDHE_ECDSA_WITH_CHACHA20_POLY1305_SHA256,
        CipherSuite::EcdheRsaAes128GcmSha256 => Suite::TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256,
        CipherSuite::EcdheRsaAes256GcmSha384 => Suite::TLS_ECDHE_RSA_WITH_AES_256_GCM_SHA384,
        CipherSuite::EcdheRsaChacha20Poly1305 => Suite::TLS_ECDHE_RSA_WITH_CHACHA20_POLY1305_SHA256,
    }
}
