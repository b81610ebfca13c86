//! From files of keys to what signs tokens, and what there is to say of them.

use std::io;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::SystemTime;

use token_auth_core::token::{
    Algorithm, CertificateChain, Claims, KeyIdKind, PublicKey, PublishedKey, Sign, Signer, SigningKey,
};
use token_auth_core::{BackendError, async_trait};
use tokio::runtime::Handle;
use tokio::task::spawn_blocking;
use zeroize::Zeroizing;

use super::finding::{Finding, Spot};
use super::key_pair::LocatedPair;
use super::{CertificateExpiry, PublishedKeyFile, TokenConfig};
use crate::named_file;
use crate::registry::{KeyFinding, RegistryTrust};

/// The keys of a configuration.
pub(super) struct Keys {
    pub(super) signer: Arc<dyn Sign>,
    pub(super) published: Vec<PublishedKey>,
    /// What registries must trust.
    pub(super) trust: RegistryTrust,
    /// What an operator should know of them.
    pub(super) warnings: Vec<Finding>,
    /// When the certificate that tokens carry ends, if they carry one.
    pub(super) expiry: Option<CertificateExpiry>,
}

/// Reads the pair that signs, and the keys that are only published.
pub(super) fn read(
    token: &TokenConfig,
    pair: &LocatedPair,
    published: &[(PublishedKeyFile, Spot)],
) -> Result<Keys, Vec<Finding>> {
    let signing = read_pair(token, pair);
    let mut others = Vec::new();
    let mut errors = Vec::new();
    for (file, spot) in published {
        match read_published(&file.file) {
            Ok(other) => others.push((other, file, spot)),
            Err(message) => errors.push(spot.finding(format!("{}: {message}", file.file.display()))),
        }
    }
    let Pair { signer, chain, mut warnings, expiry } = match signing {
        Ok(signing) if errors.is_empty() => signing,
        signing => {
            errors.extend(signing.err());
            return Err(errors);
        }
    };
    let mut keys = Keys {
        published: Vec::new(),
        trust: RegistryTrust::default(),
        warnings: Vec::new(),
        expiry,
        signer: off_reactor(signer),
    };
    keys.trust.add_chain(&chain);
    let now = SystemTime::now();
    for ((key, chain), file, spot) in others {
        let mut entry = PublishedKey::new(key);
        entry.until = file.until;
        if !entry.is_published(now) {
            warnings.push(spot.finding("is not published any more, since `until` has passed: remove it"));
            continue;
        }
        match chain {
            Some(chain) => keys.trust.add_chain(&chain),
            None => keys.trust.add_key(entry.key.clone()),
        }
        keys.published.push(entry);
    }
    keys.warnings = warnings;
    Ok(keys)
}

/// The signer, its certificates, and what an operator should know of them.
struct Pair {
    signer: Signer,
    chain: CertificateChain,
    warnings: Vec<Finding>,
    expiry: Option<CertificateExpiry>,
}

fn read_pair(token: &TokenConfig, located: &LocatedPair) -> Result<Pair, Finding> {
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
    let signer = match token.x5c {
        true => signer.and_then(|signer| signer.with_certificates(chain.clone())),
        false => signer,
    };
    let signer = signer.map_err(|error| of_certificate(&error))?;
    let now = SystemTime::now();
    let findings = KeyFinding::of(signer.envelope(), now);
    let warnings = findings.iter().map(|finding| of_certificate(finding)).collect();
    let expiry = token.x5c.then(|| {
        let (_, end) = chain.validity();
        CertificateExpiry::new(certificate.clone(), pair.certificate.display().to_string(), end, now)
    });
    Ok(Pair { signer, chain, warnings, expiry })
}

/// The key of a file, and its certificate if the file has one.
fn read_published(file: &Path) -> Result<(PublicKey, Option<CertificateChain>), String> {
    let text = read_file(file).map_err(|error| error.to_string())?;
    let key = PublicKey::from_pem(&text).map_err(|error| error.to_string())?;
    Ok((key, CertificateChain::from_pem(&text).ok()))
}

fn read_file(file: &Path) -> io::Result<Zeroizing<Vec<u8>>> {
    named_file::read(file, named_file::PEM_BYTES).map(Zeroizing::new)
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
