//! Whether a token is good, and for what.

mod builder;
mod error;
mod jws;
mod trusted;
mod trusted_keys;
mod verified;

use std::time::SystemTime;

use serde::de::DeserializeOwned;

use super::Claims;
use super::object::Object;
use crate::unix_seconds;

pub use builder::VerifierBuilder;
pub use error::VerifyError;
pub use trusted_keys::TrustedKeys;
pub use verified::VerifiedToken;

/// Verifies tokens, for those who embed this in a registry or any other resource server. It trusts its own keys, and
/// nothing that a token brings along.
///
/// What it refuses, beside wrong signatures:
///
/// * Any algorithm but that of the key: `none`, HMAC with the public key as its secret, and all others (RFC 8725, sections
///   3.1 and 3.2). That of a key in a JWK set without `alg` is any that its kind has. Keys and certificates in the header (`jwk`, `jku`, `x5c`, `x5u`) are not even read.
/// * A `kid` that none of its keys has, as a libtrust id, as a thumbprint, or as its name in a JWK set. A token without a
///   `kid` is tried with every key of its algorithm.
/// * Extensions that must be understood (`crit`, whatever its value).
/// * Tokens that are typed as something else than a JWT (RFC 8725, section 3.11): `typ` is `JWT` in whatever case, or absent,
///   as registry tokens have it. An access token of an OAuth server (`at+jwt`) is none.
/// * Another issuer, another audience, no `exp`, and times outside the leeway.
/// * Header or claims that could be read in two ways: base64 with padding or stray bits, JSON with repeated members, arrays in
///   place of objects.
///
/// ```
/// use std::time::SystemTime;
/// use token_auth_core::token::{PublicKey, Verifier, VerifyError};
///
/// # let pem = rcgen::KeyPair::generate()?.public_key_pem();
/// let key = PublicKey::from_pem(pem.as_bytes())?;
/// let verifier = Verifier::builder("Acme auth server", "registry").key(key).build()?;
/// let may_pull = |bearer: &str, name: &str| -> Result<bool, VerifyError> {
///     let token = verifier.verify(bearer, SystemTime::now())?;
///     Ok(token.allows("repository", name, "pull"))
/// };
/// assert_eq!(may_pull("not.a.token", "team/app"), Err(VerifyError::Malformed));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Debug)]
pub struct Verifier {
    issuer: String,
    audience: String,
    keys: TrustedKeys,
    leeway: u64,
}

impl Verifier {
    /// A verifier of tokens by this issuer for this audience (the registry's `service`). Both are compared byte for byte.
    pub fn builder(issuer: impl Into<String>, audience: impl Into<String>) -> VerifierBuilder {
        VerifierBuilder::new(issuer.into(), audience.into())
    }

    /// Verifies a token (without `Bearer`) at that time.
    ///
    /// # Errors
    ///
    /// When anything about it is not good.
    pub fn verify(&self, token: &str, now: SystemTime) -> Result<VerifiedToken, VerifyError> {
        let claims = read(&self.keys.verify(token)?)?;
        self.check_claims(&claims, unix_seconds(now))?;
        Ok(VerifiedToken::new(claims))
    }

    fn check_claims(&self, claims: &Claims, now: u64) -> Result<(), VerifyError> {
        if claims.issuer != self.issuer {
            return Err(VerifyError::Issuer);
        }
        if !claims.audience.contains(&self.audience) {
            return Err(VerifyError::Audience);
        }
        if now >= claims.expires_at.saturating_add(self.leeway) {
            return Err(VerifyError::Expired);
        }
        if claims.not_before.max(claims.issued_at) > now.saturating_add(self.leeway) {
            return Err(VerifyError::NotYet);
        }
        Ok(())
    }
}

fn read<T: DeserializeOwned>(json: &[u8]) -> Result<T, VerifyError> {
    serde_json::from_slice(json).map(|Object(read)| read).map_err(|_| VerifyError::Malformed)
}
