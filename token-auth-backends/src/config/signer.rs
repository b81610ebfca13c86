use std::fs::File;
use std::io::{self, Read};
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::SystemTime;

use token_auth_core::token::{
    Algorithm, CertificateChain, Claims, KeyIdKind, PublicKey, Sign, Signer, SigningKey,
};
use token_auth_core::{BackendError, async_trait};
use tokio::runtime::Handle;
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
    chain.check_key(signing_key.public_key()).map_err(|error| of_certificate(&error))?;
    let signer = Signer::new(signing_key).and_then(|signer| signer.with_key_id(kind));
    let signer = if token.x5c { signer.and_then(|signer| signer.with_certificates(chain)) } else { signer };
    let signer = signer.map_err(|error| of_certificate(&error))?;
    let findings = signer.findings(SystemTime::now());
    let warnings = findings.into_iter().map(|finding| of_certificate(&finding)).collect();
    Ok((off_reactor(signer), warnings))
}

fn read_file(file: &Path) -> io::Result<Zeroizing<Vec<u8>>> {
    let mut bytes = Zeroizing::new(Vec::new());
    File::open(file)?.take(MAX_BYTES).read_to_end(&mut bytes)?;
    Ok(bytes)
}

/// Signatures of elliptic curves take less than a change of threads would; RSA takes a quarter of a millisecond and more.
fn off_reactor(signer: Signer) -> Arc<dyn Sign> {
    match signer.algorithm() {
        Algorithm::RS256 | Algorithm::RS384 | Algorithm::RS512 => {
            Arc::new(BlockingSigner { signer: Arc::new(signer), here: AtomicUsize::new(0) })
        }
        _ => Arc::new(signer),
    }
}

/// Signs without ever keeping all of the reactor's threads busy: one of them stays free for other requests. The others
/// sign where they are, which saves the change of threads; what comes on top goes to the threads for blocking work.
struct BlockingSigner {
    signer: Arc<Signer>,
    /// How many signatures are being made on threads of the reactor.
    here: AtomicUsize,
}

#[async_trait]
impl Sign for BlockingSigner {
    async fn sign(&self, claims: &Claims) -> Result<String, BackendError> {
        let failed = |error: Box<dyn std::error::Error + Send + Sync>| BackendError::new("signer", error);
        let most = Handle::current().metrics().num_workers().saturating_sub(1);
        let signed = match self.here.fetch_add(1, Ordering::Relaxed) < most {
            true => {
                let signed = self.signer.sign_now(claims);
                self.here.fetch_sub(1, Ordering::Relaxed);
                signed
            }
            false => {
                self.here.fetch_sub(1, Ordering::Relaxed);
                let (signer, claims) = (Arc::clone(&self.signer), claims.clone());
                let signed = spawn_blocking(move || signer.sign_now(&claims)).await;
                signed.map_err(|error| failed(error.into()))?
            }
        };
        signed.map_err(|error| failed(error.into()))
    }

    fn public_keys(&self) -> Vec<PublicKey> {
        self.signer.public_keys()
    }
}
