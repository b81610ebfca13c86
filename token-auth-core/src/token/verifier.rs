use std::time::{Duration, SystemTime};

use aws_lc_rs::signature::ParsedPublicKey;
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use jsonwebtoken::jwk::{JwkSet, PublicKeyUse};
use serde::Deserialize;

use super::claims::unix_seconds;
use super::{Algorithm, Claims, KeyError, PublicKey};

/// Verifies tokens, for those who embed this in a registry or any other resource server.
///
/// It trusts nothing that the token brings along: keys and certificates in its header are ignored, its `alg` must be that of
/// the configured key, and its `kid` only chooses among the configured keys. A token is refused unless signature, issuer,
/// audience and times are all good.
///
/// ```
/// use std::time::SystemTime;
/// use token_auth_core::token::{PublicKey, Verifier, VerifyError};
///
/// # let pem = rcgen::KeyPair::generate()?.public_key_pem();
/// let key = PublicKey::from_pem(pem.as_bytes())?;
/// let verifier = Verifier::builder("Acme auth server", "registry").key(key).build()?;
/// assert_eq!(verifier.verify("not.a.token", SystemTime::now()).unwrap_err(), VerifyError::Malformed);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug)]
pub struct Verifier {
    issuer: String,
    audience: String,
    keys: Vec<TrustedKey>,
    leeway: Duration,
    longest: usize,
}

#[derive(Debug)]
struct TrustedKey {
    ids: Vec<String>,
    algorithm: Algorithm,
    key: ParsedPublicKey,
}

impl Verifier {
    /// A verifier of tokens by this issuer for this audience (the registry's `service`). Both are compared byte for byte.
    pub fn builder(issuer: impl Into<String>, audience: impl Into<String>) -> VerifierBuilder {
        VerifierBuilder {
            issuer: issuer.into(),
            audience: audience.into(),
            keys: Vec::new(),
            leeway: Duration::from_secs(60),
            longest: 64 * 1024,
        }
    }

    /// Verifies a token.
    ///
    /// # Errors
    ///
    /// When anything about it is not good.
    pub fn verify(&self, token: &str, now: SystemTime) -> Result<VerifiedToken, VerifyError> {
        if token.len() > self.longest {
            return Err(VerifyError::TooLong { limit: self.longest });
        }
        let (message, signature) = token.rsplit_once('.').ok_or(VerifyError::Malformed)?;
        let (header, claims) = message.split_once('.').ok_or(VerifyError::Malformed)?;
        let header: Header = read(header)?;
        if header.crit.is_some() {
            return Err(VerifyError::Critical);
        }
        let algorithm: Algorithm = header.alg.parse().map_err(|_| VerifyError::Algorithm)?;
        let signature = URL_SAFE_NO_PAD.decode(signature).map_err(|_| VerifyError::Malformed)?;
        let mut known = false;
        let mut candidates = self.keys.iter().filter(|trusted| {
            let chosen = header.kid.as_ref().is_none_or(|kid| trusted.ids.contains(kid));
            known |= chosen;
            chosen && trusted.algorithm == algorithm
        });
        let good = candidates.any(|trusted| trusted.key.verify_sig(message.as_bytes(), &signature).is_ok());
        drop(candidates);
        match (good, known) {
            (true, _) => {}
            (false, false) => return Err(VerifyError::UnknownKey),
            (false, true) => return Err(VerifyError::Signature),
        }
        let claims: Claims = read(claims)?;
        self.check(&claims, unix_seconds(now))?;
        Ok(VerifiedToken { claims })
    }

    fn check(&self, claims: &Claims, now: u64) -> Result<(), VerifyError> {
        let leeway = self.leeway.as_secs();
        if claims.issuer != self.issuer {
            return Err(VerifyError::Issuer);
        }
        if !claims.audience.contains(&self.audience) {
            return Err(VerifyError::Audience);
        }
        if now >= claims.expires_at.saturating_add(leeway) {
            return Err(VerifyError::Expired);
        }
        if now.saturating_add(leeway) < claims.not_before.max(claims.issued_at) {
            return Err(VerifyError::NotYet);
        }
        Ok(())
    }
}

/// What a JWS header says. Everything else that it may hold (`x5c`, `jwk`, `jku`, …) is not read.
#[derive(Deserialize)]
struct Header {
    alg: String,
    kid: Option<String>,
    crit: Option<serde::de::IgnoredAny>,
}

fn read<T: for<'de> Deserialize<'de>>(part: &str) -> Result<T, VerifyError> {
    let json = URL_SAFE_NO_PAD.decode(part).map_err(|_| VerifyError::Malformed)?;
    serde_json::from_slice(&json).map_err(|_| VerifyError::Malformed)
}

/// Sets up a [`Verifier`].
#[derive(Debug)]
pub struct VerifierBuilder {
    issuer: String,
    audience: String,
    keys: Vec<(PublicKey, Vec<String>, Option<Algorithm>)>,
    leeway: Duration,
    longest: usize,
}

impl VerifierBuilder {
    /// Trusts this key, under both of its ids.
    #[must_use]
    pub fn key(mut self, key: PublicKey) -> Self {
        let ids = vec![key.libtrust_id(), key.thumbprint()];
        self.keys.push((key, ids, None));
        self
    }

    /// Trusts the signature keys of a set, each also under the id that the set gives it.
    ///
    /// # Errors
    ///
    /// When one of them is malformed, or of a kind that registries do not verify.
    pub fn jwks(mut self, set: &JwkSet) -> Result<Self, KeyError> {
        for jwk in &set.keys {
            if !matches!(jwk.common.public_key_use, None | Some(PublicKeyUse::Signature)) {
                continue;
            }
            let key = PublicKey::from_jwk(jwk)?;
            let mut ids = vec![key.libtrust_id(), key.thumbprint()];
            ids.extend(jwk.common.key_id.clone());
            let algorithm = jwk.common.key_algorithm.and_then(|algorithm| algorithm.to_string().parse().ok());
            self.keys.push((key, ids, algorithm));
        }
        Ok(self)
    }

    /// How far the clocks of issuer and verifier may differ. Default 60 seconds.
    #[must_use]
    pub fn leeway(mut self, leeway: Duration) -> Self {
        self.leeway = leeway;
        self
    }

    /// Refuses tokens with more bytes than this. Default 64 KiB.
    #[must_use]
    pub fn longest(mut self, bytes: usize) -> Self {
        self.longest = bytes;
        self
    }

    /// The verifier.
    ///
    /// # Errors
    ///
    /// When there is no key to trust, or one cannot verify the algorithm that its set names.
    pub fn build(self) -> Result<Verifier, KeyError> {
        if self.keys.is_empty() {
            return Err(KeyError::NoPublicKey);
        }
        let keys = self.keys.into_iter().map(|(key, ids, algorithm)| {
            let algorithm = algorithm.unwrap_or_else(|| key.algorithm());
            let key = key.verifying(algorithm).ok_or(KeyError::WrongAlgorithm(algorithm))?;
            Ok(TrustedKey { ids, algorithm, key })
        });
        Ok(Verifier {
            issuer: self.issuer,
            audience: self.audience,
            keys: keys.collect::<Result<_, _>>()?,
            leeway: self.leeway,
            longest: self.longest,
        })
    }
}

/// A token whose signature, issuer, audience and times are good.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct VerifiedToken {
    claims: Claims,
}

impl VerifiedToken {
    /// The account that the token was issued to; empty for the anonymous one.
    pub fn account(&self) -> &str {
        &self.claims.subject
    }

    /// Everything that the token says.
    pub fn claims(&self) -> &Claims {
        &self.claims
    }

    /// Whether the token allows this action on this resource. `*` among a resource's actions allows each of them.
    pub fn allows(&self, resource_type: &str, name: &str, action: &str) -> bool {
        self.claims.access.iter().any(|entry| {
            entry.resource_type == resource_type
                && entry.name == name
                && (entry.actions.contains(action) || entry.actions.contains("*"))
        })
    }
}

/// Why a token is refused. The client is told 401, and a new challenge; this is for the log.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum VerifyError {
    /// It has too many bytes.
    #[error("the token is longer than {limit} bytes")]
    TooLong {
        /// How many are allowed.
        limit: usize,
    },
    /// It is not a JWS in compact form with a header and claims as they should be.
    #[error("the token is malformed")]
    Malformed,
    /// Its header has extensions that must be understood.
    #[error("the token has critical header parameters")]
    Critical,
    /// Its algorithm is not one that registries use.
    #[error("the token's algorithm is not supported")]
    Algorithm,
    /// None of the trusted keys has its key id.
    #[error("the token is signed by an unknown key")]
    UnknownKey,
    /// Its signature is not the trusted key's.
    #[error("the token's signature is wrong")]
    Signature,
    /// It is another issuer's.
    #[error("the token is of another issuer")]
    Issuer,
    /// It is for another audience.
    #[error("the token is for another audience")]
    Audience,
    /// It has expired.
    #[error("the token has expired")]
    Expired,
    /// It is not good yet.
    #[error("the token is not good yet")]
    NotYet,
}

#[cfg(test)]
mod tests;
