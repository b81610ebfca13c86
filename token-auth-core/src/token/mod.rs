//! Claims, keys and key ids, certificates, signer, verifier, JWK sets.
//!
//! The algorithm of a token follows from its key: RSA signs RS256, P-256 ES256, P-384 ES384, P-521 ES512, Ed25519 EdDSA.
//! Its header follows from what registries can verify it with: the certificates of the key where there are any, else a key
//! id alone. What some registry will not make sense of, `token_auth_backends::registry` tells an operator.
//!
//! ```
//! use std::time::{Duration, SystemTime};
//! use token_auth_core::token::{AccessEntry, Claims, Signer, SigningKey, Verifier};
//!
//! # let pem = rcgen::KeyPair::generate()?.serialize_pem();
//! let signer = Signer::new(SigningKey::from_pem(pem.as_bytes())?)?;
//! let now = SystemTime::now();
//! let scope = "repository:team/app:pull".parse()?;
//! let mut claims = Claims::new("Acme auth server", "alice", "registry", now, Duration::from_secs(900));
//! claims.access.push(AccessEntry::new(&scope, scope.actions().clone()));
//! let token = signer.sign_now(&claims)?;
//!
//! let verifier = Verifier::builder("Acme auth server", "registry").key(signer.public_key().clone()).build()?;
//! let token = verifier.verify(&token, now)?;
//! assert!(token.allows("repository", "team/app", "pull"));
//! assert!(!token.allows("repository", "team/app", "push"));
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

mod algorithm;
#[cfg(feature = "sign")]
mod certificate;
#[cfg(feature = "sign")]
mod chain_fault;
mod claims;
mod der;
#[cfg(feature = "sign")]
mod envelope;
mod error;
mod jwk;
mod key_id;
mod key_type;
mod material;
mod object;
mod pem;
mod public_key;
#[cfg(feature = "sign")]
mod published_key;
#[cfg(feature = "sign")]
mod sign;
#[cfg(feature = "sign")]
mod signer;
#[cfg(feature = "sign")]
mod signer_error;
#[cfg(feature = "sign")]
mod signing_key;
#[cfg(test)]
#[cfg(feature = "sign")]
mod tests;
mod verifier;

pub use jsonwebtoken::jwk::{Jwk, JwkSet};

pub use algorithm::{Algorithm, UnsupportedAlgorithm};
#[cfg(feature = "sign")]
pub use certificate::{Certificate, CertificateChain};
#[cfg(feature = "sign")]
pub use chain_fault::ChainFault;
pub use claims::{AccessEntry, Audience, Claims};
#[cfg(feature = "sign")]
pub use envelope::Envelope;
pub use error::KeyError;
pub use jwk::jwks;
pub use key_id::KeyIdKind;
pub use public_key::PublicKey;
#[cfg(feature = "sign")]
pub use published_key::PublishedKey;
#[cfg(feature = "sign")]
pub use sign::Sign;
#[cfg(feature = "sign")]
pub use signer::Signer;
#[cfg(feature = "sign")]
pub use signer_error::{CertificateError, SignerError};
#[cfg(feature = "sign")]
pub use signing_key::SigningKey;
pub use verifier::{TrustedKeys, VerifiedToken, Verifier, VerifierBuilder, VerifyError};
