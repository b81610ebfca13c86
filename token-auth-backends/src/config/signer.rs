use std::fs::File;
use std::io::{self, Read};
use std::path::Path;
use std::sync::Arc;
use std::time::SystemTime;

use token_auth_core::token::{
    Algorithm, CertificateChain, Claims, KeyIdKind, PublicKey, Sign, Signer, SignerError, SigningKey,
};
use token_auth_core::{BackendError, async_trait};
use tokio::task::spawn_blocking;
use zeroize::Zeroizing;

use super::TokenConfig;
use super::finding::Finding;
use super::key_pair::LocatedPair;

/// Far above what a key or a chain of certificates needs.
const MAX_BYTES: u64 = 1 << 20;

/// Reads the pair that signs. The warnings are what an operator should know of it.
pub(super) fn read(
    token: &TokenConfig,
    located: &LocatedPair,
) -> Result<(Arc<dyn Sign>, Vec<Finding>), Finding> {
    let LocatedPair { pair, certificate, key } = located;
    let of_key = |error: &dyn std::fmt::Display| key.finding(format!("{}: {error}", pair.key.display()));
    let of_certificate = |error: &dyn std::fmt::Display| {
        certificate.finding(format!("{}: {error}", pair.certificate.display()))
    };

    let key_text = read_file(&pair.key).map_err(|error| of_key(&error))?;
    let signing_key = SigningKey::from_pem(&key_text).map_err(|error| of_key(&error))?;
    let chain_text = read_file(&pair.certificate).map_err(|error| of_certificate(&error))?;
    let chain = CertificateChain::from_pem(&chain_text).map_err(|error| of_certificate(&error))?;

    let kind = if token.disable_legacy_key_id { KeyIdKind::Thumbprint } else { KeyIdKind::Libtrust };
    let belongs = chain.public_keys().next() == Some(signing_key.public_key());
    let signer = Signer::new(signing_key).and_then(|signer| signer.with_key_id(kind));
    let signer = match token.x5c {
        true => signer.and_then(|signer| signer.with_certificates(chain)),
        false if belongs => signer,
        false => Err(SignerError::CertificateOfAnotherKey { hint: String::new() }),
    };
    let signer = signer.map_err(|error| of_certificate(&error))?;
    let findings = signer.findings(SystemTime::now());
    let warnings = findings.into_iter().map(|finding| of_certificate(&finding.advice())).collect();
    Ok((off_reactor(signer), warnings))
}

fn read_file(file: &Path) -> io::Result<Zeroizing<Vec<u8>>> {
    let mut bytes = Zeroizing::new(Vec::new());
    File::open(file)?.take(MAX_BYTES).read_to_end(&mut bytes)?;
    Ok(bytes)
}

/// An RSA signature takes a quarter of a millisecond and more: too long for a reactor with other requests to answer. The
/// other algorithms take less than a change of threads would.
fn off_reactor(signer: Signer) -> Arc<dyn Sign> {
    match signer.algorithm() {
        Algorithm::RS256 | Algorithm::RS384 | Algorithm::RS512 => Arc::new(BlockingSigner(Arc::new(signer))),
        _ => Arc::new(signer),
    }
}

struct BlockingSigner(Arc<Signer>);

#[async_trait]
impl Sign for BlockingSigner {
    async fn sign(&self, claims: &Claims) -> Result<String, BackendError> {
        let (signer, claims) = (Arc::clone(&self.0), claims.clone());
        let signed = spawn_blocking(move || signer.sign_now(&claims));
        let failed = |error: Box<dyn std::error::Error + Send + Sync>| BackendError::new("signer", error);
        signed.await.map_err(|error| failed(error.into()))?.map_err(|error| failed(error.into()))
    }

    fn public_keys(&self) -> Vec<PublicKey> {
        self.0.public_keys()
    }
}
