//! Claims, keys and key ids, certificates, signer, verifier, JWK sets.
//!
//! The algorithm of a token follows from its key: RSA signs RS256, P-256 ES256, P-384 ES384, P-521
//! ES512, Ed25519 EdDSA.
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
mod certificate;
mod claims;
mod error;
mod finding;
mod key;
mod public_key;
mod signer;
mod verifier;

pub use jsonwebtoken::jwk::{Jwk, JwkSet};

pub use algorithm::{Algorithm, UnsupportedAlgorithm};
pub use certificate::CertificateChain;
pub(crate) use claims::unix_seconds;
pub use claims::{AccessEntry, Audience, Claims};
pub use error::{CertificateError, KeyError, SignerError};
pub use finding::Finding;
pub use key::SigningKey;
pub use public_key::{PublicKey, jwks};
pub use signer::{KeyIdKind, Sign, Signer};
pub use verifier::{VerifiedToken, Verifier, VerifierBuilder, VerifyError};
