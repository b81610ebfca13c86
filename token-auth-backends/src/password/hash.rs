//! A password hash in one of the known formats.

use std::fmt;
use std::str::FromStr;
use std::sync::Arc;

use aws_lc_rs::digest;
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;

use super::HashError;
use super::bcrypt::Bcrypt;

/// How expensive a hash may be. A hash above a limit is refused when it is parsed, not when someone logs in.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct HashLimits {
    /// The highest bcrypt cost. Default 16, some four seconds a check.
    pub max_bcrypt_cost: u32,
    /// The most memory of an Argon2 hash, in KiB. Default 1 GiB.
    pub max_argon2_memory: u32,
    /// The most passes of an Argon2 hash. Default 64.
    pub max_argon2_passes: u32,
    /// The most rounds of a SHA-crypt hash. Default 5,000,000.
    pub max_sha_crypt_rounds: u32,
}

impl Default for HashLimits {
    fn default() -> Self {
        Self {
            max_bcrypt_cost: 16,
            max_argon2_memory: 1 << 20,
            max_argon2_passes: 64,
            max_sha_crypt_rounds: 5_000_000,
        }
    }
}

/// A stored password hash, parsed. Cheap to clone; its `Debug` names the scheme and nothing else.
///
/// ```
/// use token_auth_backends::password::PasswordHash;
///
/// let hash: PasswordHash = "$2y$05$LO.vzwpWC5LZGqThvEfznu8qhb5SGqvBSWY1J3yZ4AxtMRZ3kN5jC".parse()?;
/// assert!(hash.verify("badmin"));
/// assert!(!hash.verify("goodmin"));
/// # Ok::<(), token_auth_backends::password::HashError>(())
/// ```
#[derive(Clone)]
pub struct PasswordHash(Arc<Parsed>);

struct Parsed {
    text: Box<str>,
    scheme: Scheme,
}

enum Scheme {
    Bcrypt(Bcrypt),
    #[cfg(feature = "argon2")]
    Argon2(super::argon2::Argon2Hash),
    #[cfg(feature = "sha-crypt")]
    ShaCrypt(super::sha_crypt::ShaCryptHash),
    #[cfg(test)]
    Probe(Arc<super::tests::Probe>),
}

impl PasswordHash {
    /// Reads a hash that is no more expensive than the limits.
    ///
    /// # Errors
    ///
    /// When the text is no hash of a known scheme, or one that is too weak, broken, malformed or too expensive.
    pub fn parse(text: &str, limits: &HashLimits) -> Result<Self, HashError> {
        let scheme = Scheme::parse(text, limits)?;
        Ok(Self(Arc::new(Parsed { text: text.into(), scheme })))
    }

    /// Whether this is the hash of the password. As slow as the hash is made to be: on a reactor, use
    /// [`PasswordVerifier`](super::PasswordVerifier).
    ///
    /// bcrypt sees the first 72 bytes of a password, as everywhere (docker_auth too compares no more); the other
    /// schemes see all of it.
    pub fn verify(&self, password: &str) -> bool {
        let password = password.as_bytes();
        match &self.0.scheme {
            Scheme::Bcrypt(hash) => hash.verify(password),
            #[cfg(feature = "argon2")]
            Scheme::Argon2(hash) => hash.verify(password),
            #[cfg(feature = "sha-crypt")]
            Scheme::ShaCrypt(hash) => hash.verify(password),
            #[cfg(test)]
            Scheme::Probe(probe) => probe.verify(password),
        }
    }

    /// What changes with the hash and tells nothing of it, for
    /// [`Identity::security_stamp`](token_auth_core::Identity::security_stamp): refresh tokens end with the password. A
    /// digest of the text, whose salt nobody else knows.
    pub fn security_stamp(&self) -> String {
        let mut context = digest::Context::new(&digest::SHA256);
        context.update(b"token-auth security stamp\0");
        context.update(self.text().as_bytes());
        URL_SAFE_NO_PAD.encode(context.finish().as_ref().get(..16).unwrap_or_default())
    }

    /// What hashes have in common that take equally long: the scheme and its parameters.
    pub(crate) fn cost(&self) -> &str {
        let text = self.text();
        match text.starts_with("$2") {
            // `$2y$10$`, of which the letter makes no difference.
            true => text.get(4..6).unwrap_or(text),
            // All that is before the salt and the digest.
            false => text.rsplitn(3, '$').last().unwrap_or(text),
        }
    }

    /// The text that was parsed.
    pub(super) fn text(&self) -> &str {
        &self.0.text
    }

    #[cfg(test)]
    pub(crate) fn probe(text: &str, probe: Arc<super::tests::Probe>) -> Self {
        Self(Arc::new(Parsed { text: text.into(), scheme: Scheme::Probe(probe) }))
    }
}

impl FromStr for PasswordHash {
    type Err = HashError;

    /// Parses with the default [`HashLimits`].
    fn from_str(text: &str) -> Result<Self, HashError> {
        Self::parse(text, &HashLimits::default())
    }
}

impl fmt::Debug for PasswordHash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let scheme = match &self.0.scheme {
            Scheme::Bcrypt(_) => "bcrypt",
            #[cfg(feature = "argon2")]
            Scheme::Argon2(_) => "argon2",
            #[cfg(feature = "sha-crypt")]
            Scheme::ShaCrypt(_) => "sha-crypt",
            #[cfg(test)]
            Scheme::Probe(_) => "probe",
        };
        write!(f, "PasswordHash({scheme}, [redacted])")
    }
}

impl Scheme {
    fn parse(text: &str, limits: &HashLimits) -> Result<Self, HashError> {
        let Some(tagged) = text.strip_prefix('$') else { return Err(untagged(text)) };
        let (tag, _) = tagged.split_once('$').unwrap_or((tagged, ""));
        match tag {
            "2a" | "2b" | "2y" => Bcrypt::parse(text, limits).map(Self::Bcrypt),
            "2x" => Err(HashError::BrokenBcrypt),
            #[cfg(feature = "argon2")]
            "argon2id" | "argon2i" | "argon2d" => {
                super::argon2::Argon2Hash::parse(text, limits).map(Self::Argon2)
            }
            #[cfg(not(feature = "argon2"))]
            "argon2id" | "argon2i" | "argon2d" => Err(HashError::Disabled("argon2")),
            #[cfg(feature = "sha-crypt")]
            "5" | "6" => super::sha_crypt::ShaCryptHash::parse(text, limits).map(Self::ShaCrypt),
            #[cfg(not(feature = "sha-crypt"))]
            "5" | "6" => Err(HashError::Disabled("sha-crypt")),
            "apr1" | "1" => Err(HashError::Weak("MD5")),
            _ => Err(HashError::Unknown),
        }
    }
}

/// What a text without a `$tag$` may be. The thirteen letters of a DES hash are as well a password.
fn untagged(text: &str) -> HashError {
    if text.is_empty() {
        return HashError::Empty;
    }
    if text.starts_with("{SHA}") || text.starts_with("{SSHA}") {
        return HashError::Weak("SHA-1");
    }
    HashError::Unknown
}
