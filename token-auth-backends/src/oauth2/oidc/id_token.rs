//! ID tokens, checked completely (OpenID Connect Core 1.0, section 3.1.3.7).

use std::time::{Duration, SystemTime};

use aws_lc_rs::constant_time::verify_slices_are_equal;
use aws_lc_rs::digest::{self, SHA256, SHA384, SHA512, digest};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde::Deserialize;
use serde_json::{Map, Value};
use token_auth_core::Password;
use token_auth_core::token::{Algorithm, VerifyError};

use super::published::Published;
use crate::issuer::jwt::{self, date, plus};

/// The oldest token that is taken: it comes straight from the provider, which has just made it.
const MAX_AGE: Duration = Duration::from_secs(3600);

pub(super) struct Expected<'a> {
    pub(super) issuer: &'a str,
    pub(super) client_id: &'a str,
    /// `None` for a token that a refresh brought: it need not repeat the nonce.
    pub(super) nonce: Option<&'a str>,
    /// The one that came with it.
    pub(super) access_token: &'a Password,
    pub(super) now: SystemTime,
    pub(super) skew: Duration,
}

#[derive(Debug, PartialEq, Eq)]
pub(super) enum IdTokenProblem {
    UnknownKey,
    Untrusted(&'static str),
}

/// All claims of a token that is good.
pub(super) fn verify(
    token: &str,
    provider: &Published,
    expected: &Expected<'_>,
) -> Result<Map<String, Value>, IdTokenProblem> {
    let payload = provider.keys.verify(token).map_err(problem)?;
    let algorithm =
        algorithm(token).filter(|known| provider.algorithms.iter().any(|name| name == known.name()));
    let algorithm = algorithm.ok_or(IdTokenProblem::Untrusted(FORBIDDEN))?;
    let claims = jwt::claims(&payload)
        .ok_or(IdTokenProblem::Untrusted("the claims of the ID token cannot be read"))?;
    expected.judge(&claims, algorithm).map_err(IdTokenProblem::Untrusted)?;
    Ok(claims)
}

const FORBIDDEN: &str = "the ID token is signed with an algorithm that is not allowed";

fn problem(error: VerifyError) -> IdTokenProblem {
    IdTokenProblem::Untrusted(match error {
        // A provider that does not name its keys, or names all the same, has perhaps another one now.
        VerifyError::UnknownKey | VerifyError::Signature => return IdTokenProblem::UnknownKey,
        VerifyError::Algorithm => FORBIDDEN,
        _ => "the ID token cannot be used",
    })
}

/// What a token is signed with. Its signature has been verified with it.
fn algorithm(token: &str) -> Option<Algorithm> {
    #[derive(Deserialize)]
    struct Header {
        alg: String,
    }
    let header = URL_SAFE_NO_PAD.decode(token.split('.').next()?).ok()?;
    serde_json::from_slice(&header).ok().and_then(|Header { alg }| alg.parse().ok())
}

impl Expected<'_> {
    fn judge(&self, claims: &Map<String, Value>, algorithm: Algorithm) -> Result<(), &'static str> {
        if claims.get("iss").and_then(Value::as_str) != Some(self.issuer) {
            return Err("the ID token is from another issuer");
        }
        if !self.is_the_audience(claims.get("aud")) {
            return Err("the ID token is for someone else");
        }
        if claims.get("azp").is_some_and(|party| *party != self.client_id) {
            return Err("the ID token was issued to another client");
        }
        self.judge_times(claims)?;
        let nonce = claims.get("nonce").and_then(Value::as_str).unwrap_or_default();
        if self.nonce.is_some_and(|expected| !same(expected.as_bytes(), nonce.as_bytes())) {
            return Err("the ID token belongs to another sign-in");
        }
        match claims.get("at_hash") {
            Some(hash) if !hash.as_str().is_some_and(|hash| self.is_hash(hash, algorithm)) => {
                Err("the access token is not the one that the ID token was issued with")
            }
            _ => Ok(()),
        }
    }

    /// Alone: nobody else is trusted to have a token that is good here.
    fn is_the_audience(&self, audience: Option<&Value>) -> bool {
        match audience {
            Some(Value::Array(several)) => {
                !several.is_empty() && several.iter().all(|one| *one == self.client_id)
            }
            Some(one) => *one == self.client_id,
            None => false,
        }
    }

    fn judge_times(&self, claims: &Map<String, Value>) -> Result<(), &'static str> {
        const OTHER: &str = "the ID token is of another time: are both clocks right?";
        let time = |name| claims.get(name).and_then(date).ok_or(OTHER);
        let (expires, issued) = (time("exp")?, time("iat")?);
        let latest = plus(self.now, self.skew);
        if self.now >= plus(expires, self.skew)
            || issued > latest
            || plus(issued, self.skew + MAX_AGE) < self.now
        {
            return Err(OTHER);
        }
        let begins = claims.get("nbf").filter(|begins| !begins.is_null());
        match begins.map(|begins| date(begins).ok_or(OTHER)).transpose()? > Some(latest) {
            true => Err("the ID token is not valid yet"),
            false => Ok(()),
        }
    }

    /// Section 3.1.3.6: the left half of the digest, by the hash of the signature.
    fn is_hash(&self, hash: &str, algorithm: Algorithm) -> bool {
        let Some(digests) = hash_of(algorithm) else { return false };
        let digest = digest(digests, self.access_token.expose().as_bytes());
        let half = digest.as_ref().get(..digest.as_ref().len() / 2).unwrap_or_default();
        URL_SAFE_NO_PAD.decode(hash).is_ok_and(|hash| same(half, &hash))
    }
}

fn hash_of(algorithm: Algorithm) -> Option<&'static digest::Algorithm> {
    match algorithm {
        Algorithm::RS256 | Algorithm::PS256 | Algorithm::ES256 => Some(&SHA256),
        Algorithm::RS384 | Algorithm::PS384 | Algorithm::ES384 => Some(&SHA384),
        Algorithm::RS512 | Algorithm::PS512 | Algorithm::ES512 | Algorithm::EdDSA => Some(&SHA512),
        // One that nobody here has heard of.
        _ => None,
    }
}

fn same(one: &[u8], other: &[u8]) -> bool {
    verify_slices_are_equal(one, other).is_ok()
}
