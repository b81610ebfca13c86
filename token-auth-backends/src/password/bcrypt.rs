//! bcrypt hashes: parsed once, compared in constant time.

use aws_lc_rs::constant_time::verify_slices_are_equal;
use base64::Engine;
use base64::alphabet::BCRYPT;
use base64::engine::{GeneralPurpose, GeneralPurposeConfig, general_purpose::NO_PAD};
use zeroize::Zeroizing;

use super::{HashError, HashLimits};

const DIGEST: GeneralPurpose = GeneralPurpose::new(&BCRYPT, NO_PAD);
/// Some libraries leave the four spare bits of a salt set; every verifier ignores them.
const SALT: GeneralPurpose = GeneralPurpose::new(&BCRYPT, SALT_CONFIG);
const SALT_CONFIG: GeneralPurposeConfig = NO_PAD.with_decode_allow_trailing_bits(true);

/// How much of a password the key schedule uses.
const KEY_BYTES: usize = 72;

/// `$2y$CC$` and then 22 characters of salt and 31 of digest.
pub(super) struct Bcrypt {
    cost: u32,
    salt: [u8; 16],
    digest: [u8; 23],
}

impl Bcrypt {
    /// Parses a text whose tag has been recognized.
    pub(super) fn parse(text: &str, limits: &HashLimits) -> Result<Self, HashError> {
        let malformed = |problem| HashError::Malformed { scheme: "bcrypt", problem };
        if text.len() != 60 {
            return Err(malformed(
                "it must be 60 characters long; was it cut off, or does a space follow it?",
            ));
        }
        let mut parts = text.split('$').skip(2);
        let (Some(cost), Some(rest), None) = (parts.next(), parts.next(), parts.next()) else {
            return Err(malformed("it must have the form $2y$COST$SALT-AND-DIGEST"));
        };
        let cost = match cost.as_bytes() {
            [tens @ b'0'..=b'3', ones @ b'0'..=b'9'] => u32::from(tens - b'0') * 10 + u32::from(ones - b'0'),
            _ => return Err(malformed("its cost must be two digits from 04 to 31")),
        };
        if !(4..=31).contains(&cost) {
            return Err(malformed("its cost must be two digits from 04 to 31"));
        }
        if cost > limits.max_bcrypt_cost {
            let (value, maximum) = (cost.into(), limits.max_bcrypt_cost.into());
            return Err(HashError::TooExpensive { parameter: "bcrypt cost", value, maximum });
        }
        let (mut salt, mut digest) = ([0; 16], [0; 23]);
        let decoded = rest.split_at_checked(22).and_then(|(salt_text, digest_text)| {
            let salt_length = SALT.decode_slice(salt_text, &mut salt).ok()?;
            let digest_length = DIGEST.decode_slice(digest_text, &mut digest).ok()?;
            (salt_length == salt.len() && digest_length == digest.len()).then_some(())
        });
        decoded.ok_or_else(|| malformed("salt or digest is not base64 in bcrypt's alphabet"))?;
        Ok(Self { cost, salt, digest })
    }

    /// Compares as C libraries and Go do: of a longer password the first 72 bytes, of a shorter one its bytes and a
    /// closing NUL.
    pub(super) fn verify(&self, password: &[u8]) -> bool {
        let mut key = Zeroizing::new([0; KEY_BYTES]);
        for (to, from) in key.iter_mut().zip(password) {
            *to = *from;
        }
        let length = (password.len() + 1).min(KEY_BYTES);
        let key = key.get(..length).unwrap_or(&*key);
        let [digest @ .., _] = bcrypt::bcrypt(self.cost, self.salt, key);
        verify_slices_are_equal(&digest, &self.digest).is_ok()
    }
}
