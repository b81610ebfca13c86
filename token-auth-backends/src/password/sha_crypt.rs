//! SHA-crypt hashes (`$5$`, `$6$`): which are taken, and at what cost.

use sha_crypt::{PasswordHashRef, PasswordVerifier, ShaCrypt};

use super::{HashError, HashLimits};

/// `$6$rounds=N$SALT$DIGEST`, the rounds being optional; `$5$` likewise.
pub(super) struct ShaCryptHash(Box<str>);

impl ShaCryptHash {
    /// Parses a text whose tag has been recognized.
    pub(super) fn parse(text: &str, limits: &HashLimits) -> Result<Self, HashError> {
        let malformed = |problem| HashError::Malformed { scheme: "SHA-crypt", problem };
        let mut parts = text.split('$').skip(1);
        let digest_length = if parts.next() == Some("5") { 43 } else { 86 };
        let mut salt = parts.next().unwrap_or_default();
        if let Some(rounds) = salt.strip_prefix("rounds=") {
            let rounds: u32 = rounds.parse().map_err(|_| malformed("its rounds are not a number"))?;
            if rounds < 1_000 {
                return Err(malformed("its rounds must be at least 1000"));
            }
            if rounds > limits.max_sha_crypt_rounds {
                let (value, maximum) = (rounds.into(), limits.max_sha_crypt_rounds.into());
                return Err(HashError::TooExpensive { parameter: "SHA-crypt rounds", value, maximum });
            }
            salt = parts.next().unwrap_or_default();
        }
        if salt.is_empty() || salt.len() > 16 {
            return Err(malformed("its salt must have 1 to 16 characters"));
        }
        let (digest, end) = (parts.next().unwrap_or_default(), parts.next());
        let alphabet = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'.' || byte == b'/';
        if end.is_some() || digest.len() != digest_length || !digest.bytes().all(alphabet) {
            return Err(malformed("its digest is not 43 ($5$) or 86 ($6$) characters of the crypt alphabet"));
        }
        PasswordHashRef::new(text).map_err(|_| malformed("its salt has characters that no salt has"))?;
        Ok(Self(text.into()))
    }

    pub(super) fn verify(&self, password: &[u8]) -> bool {
        ShaCrypt::default().verify_password(password, &*self.0).is_ok()
    }
}
