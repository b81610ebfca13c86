//! ID tokens, checked completely (OpenID Connect Core 1.0, section 3.1.3.7).

use std::time::{Duration, SystemTime};

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use chrono::{DateTime, Utc};
use openidconnect::core::{
    CoreIdToken, CoreIdTokenVerifier, CoreJwsSigningAlgorithm as Alg, CoreProviderMetadata,
};
use openidconnect::{
    AccessToken, AccessTokenHash, ClaimsVerificationError, ClientId, Nonce, SignatureVerificationError,
};
use serde_json::{Map, Value};
use token_auth_core::Password;

use super::unix;

/// What an ID token may be signed with: the provider's own keys. Never with the client secret, never with nothing.
const ALGORITHMS: [Alg; 9] = [
    Alg::RsaSsaPkcs1V15Sha256,
    Alg::RsaSsaPkcs1V15Sha384,
    Alg::RsaSsaPkcs1V15Sha512,
    Alg::RsaSsaPssSha256,
    Alg::RsaSsaPssSha384,
    Alg::RsaSsaPssSha512,
    Alg::EcdsaP256Sha256,
    Alg::EcdsaP384Sha384,
    Alg::EdDsa,
];

/// The oldest token that is taken: it comes straight from the provider, which has just made it.
const MAX_AGE: Duration = Duration::from_secs(3600);

pub(super) struct Expected<'a> {
    pub(super) client_id: &'a str,
    /// `None` for a token that a refresh brought: it need not repeat the nonce.
    pub(super) nonce: Option<&'a str>,
    /// The one that came with it.
    pub(super) access_token: &'a Password,
    pub(super) now: SystemTime,
    pub(super) skew: Duration,
}

#[derive(Debug, PartialEq, Eq)]
pub(super) enum Problem {
    UnknownKey,
    Untrusted(&'static str),
}

/// All claims of a token that is good.
pub(super) fn verify(
    token: &CoreIdToken,
    metadata: &CoreProviderMetadata,
    expected: &Expected<'_>,
) -> Result<Map<String, Value>, Problem> {
    let announced = metadata.id_token_signing_alg_values_supported();
    let latest = expected.now + expected.skew;
    let earliest = expected.now.checked_sub(expected.skew).unwrap_or(expected.now);
    let oldest = earliest.checked_sub(MAX_AGE).unwrap_or(SystemTime::UNIX_EPOCH);
    let verifier = CoreIdTokenVerifier::new_public_client(
        ClientId::new(expected.client_id.to_owned()),
        metadata.issuer().clone(),
        metadata.jwks().clone(),
    )
    .set_allowed_algs(ALGORITHMS.into_iter().filter(|algorithm| announced.contains(algorithm)))
    .set_time_fn(move || DateTime::<Utc>::from(earliest))
    .set_issue_time_verifier_fn(move |issued| {
        let issued = issued.timestamp();
        match issued <= unix(latest) && issued >= unix(oldest) {
            true => Ok(()),
            false => Err("issued at another time".to_owned()),
        }
    });
    let same_nonce = |found: Option<&Nonce>| match (expected.nonce, found) {
        (None, _) => Ok(()),
        // Compared through SHA-256 by the type itself.
        (Some(nonce), Some(found)) if *found == Nonce::new(nonce.to_owned()) => Ok(()),
        (Some(_), _) => Err("another nonce".to_owned()),
    };
    let known = token.claims(&verifier, same_nonce).map_err(|error| problem(&error))?;
    if let Some(hash) = known.access_token_hash()
        && !is_hash_of(hash, expected.access_token, token, &verifier)
    {
        return Err(Problem::Untrusted("the access token is not the one that the ID token was issued with"));
    }

    let claims = payload(&token.to_string()).ok_or(Problem::Untrusted("the ID token cannot be read"))?;
    if claims.get("azp").is_some_and(|party| *party != expected.client_id) {
        return Err(Problem::Untrusted("the ID token was issued to another client"));
    }
    let not_before = claims.get("nbf").and_then(Value::as_f64).unwrap_or_default();
    if not_before > unix(latest) as f64 {
        return Err(Problem::Untrusted("the ID token is not valid yet"));
    }
    Ok(claims)
}

/// Section 3.1.3.8.
fn is_hash_of(
    hash: &AccessTokenHash,
    access_token: &Password,
    token: &CoreIdToken,
    verifier: &CoreIdTokenVerifier<'_>,
) -> bool {
    let (Ok(algorithm), Ok(key)) = (token.signing_alg(), token.signing_key(verifier)) else { return false };
    let access_token = AccessToken::new(access_token.expose().to_owned());
    AccessTokenHash::from_token(&access_token, algorithm, key).is_ok_and(|actual| actual == *hash)
}

fn problem(error: &ClaimsVerificationError) -> Problem {
    use SignatureVerificationError as Signature;
    Problem::Untrusted(match error {
        // A provider that does not name its keys, or names all the same, has perhaps another one now.
        ClaimsVerificationError::SignatureVerification(
            Signature::NoMatchingKey | Signature::CryptoError(_),
        ) => return Problem::UnknownKey,
        ClaimsVerificationError::SignatureVerification(
            Signature::DisallowedAlg(_) | Signature::NoSignature,
        ) => "the ID token is signed with an algorithm that is not allowed",
        ClaimsVerificationError::SignatureVerification(_) => "the signature of the ID token is wrong",
        ClaimsVerificationError::Expired(_) => "the ID token is of another time: are both clocks right?",
        ClaimsVerificationError::InvalidAudience(_) => "the ID token is for someone else",
        ClaimsVerificationError::InvalidIssuer(_) => "the ID token is from another issuer",
        ClaimsVerificationError::InvalidNonce(_) => "the ID token belongs to another sign-in",
        _ => "the ID token cannot be used",
    })
}

fn payload(token: &str) -> Option<Map<String, Value>> {
    serde_json::from_slice(&URL_SAFE_NO_PAD.decode(token.split('.').nth(1)?).ok()?).ok()
}
