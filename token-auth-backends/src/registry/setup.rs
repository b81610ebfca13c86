//! What a registry as it is configured makes of a token.

use std::time::SystemTime;

use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use serde_json::Value;
use token_auth_core::token::{Algorithm, PublicKey};
use token_auth_core::unix_seconds;

use super::certificate::TrustedCertificate;
use super::{Registry, RegistryRefusal, RegistryTrust, TrustForm};

/// How much the clocks of distribution and of the issuer may differ, in seconds.
const LEEWAY: u64 = 60;

/// A registry as it is configured, and by its rules the answer to: will it accept this token?
///
/// What a registry does beyond verifying (which action it wants for which request) is not part of it.
///
/// ```
/// use std::time::{Duration, SystemTime};
/// use token_auth_backends::core::token::{Claims, Signer, SigningKey};
/// use token_auth_backends::registry::{Registry, RegistryRefusal, RegistrySetup, RegistryTrust, TrustForm};
///
/// # let pem = rcgen::KeyPair::generate()?.serialize_pem();
/// let signer = Signer::new(SigningKey::from_pem(pem.as_bytes())?)?;
/// let now = SystemTime::now();
/// let token = signer.sign_now(&Claims::new("Acme", "alice", "registry", now, Duration::from_secs(900)))?;
///
/// let mut trust = RegistryTrust::default();
/// trust.add_key(signer.public_key().clone());
/// let registry = RegistrySetup {
///     registry: Registry::V3_1,
///     form: TrustForm::Jwks,
///     trust: &trust,
///     issuer: "Acme",
///     service: "registry",
///     algorithms: None,
/// };
/// assert_eq!(registry.verify(&token, now), Ok(()));
/// let old = RegistrySetup { registry: Registry::V2, ..registry };
/// assert_eq!(old.verify(&token, now), Err(RegistryRefusal::Form { registry: Registry::V2 }));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Copy, Debug)]
pub struct RegistrySetup<'a> {
    /// Which registry.
    pub registry: Registry,
    /// In which form it has what it trusts.
    pub form: TrustForm,
    /// What it trusts.
    pub trust: &'a RegistryTrust,
    /// The issuer that it expects; zot does not ask.
    pub issuer: &'a str,
    /// What it calls itself; zot does not compare it with the audience.
    pub service: &'a str,
    /// What `auth.token.signingalgorithms` of distribution 3 lists; nothing for its default, which is all.
    pub algorithms: Option<&'a [Algorithm]>,
}

impl RegistrySetup<'_> {
    /// Verifies a token as the registry does at that time.
    ///
    /// # Errors
    ///
    /// When it refuses: why.
    pub fn verify(&self, token: &str, now: SystemTime) -> Result<(), RegistryRefusal> {
        if !self.registry.takes(self.form) {
            return Err(RegistryRefusal::Form { registry: self.registry });
        }
        let is_empty = match self.form {
            TrustForm::Certificates => self.trust.certificates().is_empty(),
            TrustForm::Jwks => self.trust.keys().is_empty(),
        };
        if is_empty {
            return Err(RegistryRefusal::Nothing { form: self.form });
        }
        if self.form == TrustForm::Certificates
            && let Some(refusal) = self.trust.refusal_to_load(self.registry)
        {
            return Err(refusal);
        }
        let (signed, signature) = token.rsplit_once('.').ok_or(RegistryRefusal::Malformed)?;
        let (header, claims) = signed.split_once('.').ok_or(RegistryRefusal::Malformed)?;
        let (header, claims) = (object(header)?, object(claims)?);
        let signature = URL_SAFE_NO_PAD.decode(signature).map_err(|_| RegistryRefusal::Malformed)?;
        let now = unix_seconds(now);
        let algorithm: Algorithm =
            text(&header, "alg").and_then(|name| name.parse().ok()).ok_or(RegistryRefusal::Malformed)?;
        if !self.registry.verifies(algorithm) {
            return Err(RegistryRefusal::Algorithm { registry: self.registry, algorithm });
        }
        let listed = self.algorithms.is_none_or(|listed| listed.contains(&algorithm));
        if matches!(self.registry, Registry::V3_0 | Registry::V3_1) && !listed {
            return Err(RegistryRefusal::Unlisted { algorithm });
        }
        self.check_claims(&claims, now)?;
        // Whatever the key's usual algorithm is: registries take the token's word for it.
        let key = self
            .key(&header, now)?
            .clone()
            .with_algorithm(algorithm)
            .map_err(|_| RegistryRefusal::Signature)?;
        match key.verifies(signed.as_bytes(), &signature) {
            true => Ok(()),
            false => Err(RegistryRefusal::Signature),
        }
    }

    fn check_claims(&self, claims: &Value, now: u64) -> Result<(), RegistryRefusal> {
        let time = |name| claims.get(name).and_then(Value::as_u64);
        let (expires, not_before) = (time("exp").unwrap_or(0), time("nbf").unwrap_or(0));
        if self.registry == Registry::Zot {
            // No leeway at all, and a token from the future is none.
            return match () {
                () if now >= expires => Err(RegistryRefusal::Expired),
                () if now < not_before.max(time("iat").unwrap_or(0)) => Err(RegistryRefusal::NotYet),
                () => Ok(()),
            };
        }
        if text(claims, "iss") != Some(self.issuer) {
            return Err(RegistryRefusal::Issuer);
        }
        let audience = claims.get("aud").unwrap_or(&Value::Null);
        let listed = audience.as_array().filter(|_| self.registry != Registry::V2);
        let is_meant = |one: &Value| one.as_str() == Some(self.service);
        if !is_meant(audience) && !listed.is_some_and(|several| several.iter().any(is_meant)) {
            return Err(RegistryRefusal::Audience);
        }
        match () {
            () if now > expires.saturating_add(LEEWAY) => Err(RegistryRefusal::Expired),
            () if now.saturating_add(LEEWAY) < not_before => Err(RegistryRefusal::NotYet),
            () => Ok(()),
        }
    }

    /// The key by which it verifies a token with this header: zot's only one, else that of `x5c`, else that of `kid`.
    fn key(&self, header: &Value, now: u64) -> Result<&PublicKey, RegistryRefusal> {
        let certificates = match self.form {
            TrustForm::Certificates => self.trust.certificates(),
            TrustForm::Jwks => &[],
        };
        if self.registry == Registry::Zot {
            return certificates
                .first()
                .and_then(TrustedCertificate::public_key)
                .ok_or(RegistryRefusal::Signature);
        }
        if let Some(carried) =
            header.get("x5c").and_then(Value::as_array).filter(|carried| !carried.is_empty())
        {
            let leaf = carried.first().and_then(Value::as_str).unwrap_or_default();
            let leaf = STANDARD.decode(leaf).map_err(|_| RegistryRefusal::Malformed)?;
            let known = certificates.iter().find(|certificate| *certificate.der() == *leaf);
            let known = known.ok_or(RegistryRefusal::UnknownCertificate)?;
            if !known.is_valid(now) {
                return Err(RegistryRefusal::CertificateNotValid);
            }
            if known.has_unknown_critical_extension() {
                return Err(RegistryRefusal::CriticalExtension);
            }
            return known.public_key().ok_or(RegistryRefusal::Signature);
        }
        let found = text(header, "kid").unwrap_or_default();
        let known = |key: &PublicKey| match self.form {
            TrustForm::Certificates => self.registry.key_id(key).into_iter().collect(),
            TrustForm::Jwks => vec![key.thumbprint(), key.libtrust_id()],
        };
        let keys: Vec<&PublicKey> = match self.form {
            TrustForm::Certificates => {
                certificates.iter().filter_map(TrustedCertificate::public_key).collect()
            }
            TrustForm::Jwks => self.trust.keys().iter().collect(),
        };
        // Of two certificates whose keys have one id, the later is the one that counts.
        let key = keys.iter().rev().find(|key| known(key).iter().any(|id| id == found)).copied();
        key.ok_or_else(|| {
            let expected = keys.first().and_then(|key| known(key).first().cloned()).unwrap_or_default();
            RegistryRefusal::UnknownKeyId { found: found.to_owned(), expected }
        })
    }
}

fn object(part: &str) -> Result<Value, RegistryRefusal> {
    let json = URL_SAFE_NO_PAD.decode(part).map_err(|_| RegistryRefusal::Malformed)?;
    serde_json::from_slice(&json).ok().filter(Value::is_object).ok_or(RegistryRefusal::Malformed)
}

fn text<'a>(object: &'a Value, member: &str) -> Option<&'a str> {
    object.get(member).and_then(Value::as_str)
}
