//! Argon2 hashes: which are taken, and at what cost.

use argon2::password_hash::PasswordVerifier;
use argon2::password_hash::phc;
use argon2::{Argon2, Params};

use super::{HashError, HashLimits};

/// A hash in the PHC string format, `$argon2id$v=19$m=65536,t=3,p=4$SALT$DIGEST`.
pub(super) struct Argon2Hash(Box<phc::PasswordHash>);

impl Argon2Hash {
    /// Parses a text whose tag has been recognized.
    pub(super) fn parse(text: &str, limits: &HashLimits) -> Result<Self, HashError> {
        let malformed = |problem| HashError::Malformed { scheme: "Argon2", problem };
        let hash =
            phc::PasswordHash::new(text).map_err(|_| malformed("it is not in the PHC string format"))?;
        if hash.salt.is_none() || hash.hash.is_none() {
            return Err(malformed("it has no salt or no digest"));
        }
        if !matches!(hash.version, None | Some(0x10 | 0x13)) {
            return Err(malformed("its version must be 16 or 19"));
        }
        let params = Params::try_from(&hash).map_err(|_| malformed("its parameters are out of range"))?;
        let bounds = [
            ("Argon2 memory", params.m_cost(), limits.max_argon2_memory),
            ("Argon2 passes", params.t_cost(), limits.max_argon2_passes),
        ];
        for (parameter, value, maximum) in bounds {
            if value > maximum {
                let (value, maximum) = (value.into(), maximum.into());
                return Err(HashError::TooExpensive { parameter, value, maximum });
            }
        }
        Ok(Self(Box::new(hash)))
    }

    pub(super) fn verify(&self, password: &[u8]) -> bool {
        Argon2::default().verify_password(password, &*self.0).is_ok()
    }
}
