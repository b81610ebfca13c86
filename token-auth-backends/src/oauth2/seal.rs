//! What leaves this process and must come back unread and unchanged: cookies, and providers' tokens in the store.

use std::fmt;

use aws_lc_rs::aead::{AES_256_GCM_SIV, Aad, Nonce, RandomizedNonceKey};
use aws_lc_rs::{hkdf, rand};
use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, STANDARD_NO_PAD};
use zeroize::Zeroizing;

const KEY_BYTES: usize = 32;
const NONCE_BYTES: usize = 12;

/// Keys that cookies and providers' tokens are encrypted with (AES-256-GCM-SIV, RFC 8452). The first seals, all open: to
/// change the key, put a new one before the old.
///
/// Replicas share them through a file; without one they are random and die with the process.
#[derive(Clone)]
pub struct SealingKeys(Vec<Zeroizing<[u8; KEY_BYTES]>>);

impl SealingKeys {
    /// A random key.
    ///
    /// # Errors
    ///
    /// When the system has no randomness.
    pub fn random() -> Result<Self, SealingKeysError> {
        let mut key = Zeroizing::new([0; KEY_BYTES]);
        rand::fill(&mut *key).map_err(|_| SealingKeysError::NoRandomness)?;
        Ok(Self(vec![key]))
    }

    /// Reads keys from the text of a file: 32 bytes in base64 a line, as `openssl rand -base64 32` prints. Empty lines and
    /// lines that begin with `#` do not count.
    ///
    /// # Errors
    ///
    /// When a line is something else, or there is none.
    pub fn from_text(text: &str) -> Result<Self, SealingKeysError> {
        let lines = text.lines().map(str::trim).enumerate();
        let read = |(index, line): (usize, &str)| {
            let bytes = STANDARD.decode(line).or_else(|_| STANDARD_NO_PAD.decode(line)).map(Zeroizing::new);
            let key = bytes.ok().and_then(|bytes| <[u8; KEY_BYTES]>::try_from(bytes.as_slice()).ok());
            key.map(Zeroizing::new).ok_or(SealingKeysError::Line(index + 1))
        };
        let keys = lines.filter(|(_, line)| !line.is_empty() && !line.starts_with('#')).map(read);
        let keys: Vec<_> = keys.collect::<Result<_, _>>()?;
        if keys.is_empty() {
            return Err(SealingKeysError::Empty);
        }
        Ok(Self(keys))
    }

    /// A new key as [`from_text`](Self::from_text) reads it.
    ///
    /// # Errors
    ///
    /// When the system has no randomness.
    pub fn generate() -> Result<Zeroizing<String>, SealingKeysError> {
        let Self(keys) = Self::random()?;
        Ok(Zeroizing::new(keys.iter().map(|key| STANDARD.encode(**key) + "\n").collect()))
    }

    /// Encrypts for one purpose and one context, both of which must be the same to [`open`](Self::open) it.
    pub(super) fn seal(&self, purpose: Purpose, context: &str, plain: &[u8]) -> Option<Vec<u8>> {
        let key = purpose.key(self.0.first()?)?;
        let mut sealed = plain.to_vec();
        let nonce = key.seal_in_place_append_tag(Aad::from(context.as_bytes()), &mut sealed).ok()?;
        Some([nonce.as_ref().as_slice(), &sealed].concat())
    }

    pub(super) fn open(&self, purpose: Purpose, context: &str, sealed: &[u8]) -> Option<Zeroizing<Vec<u8>>> {
        let (nonce, sealed) = sealed.split_at_checked(NONCE_BYTES)?;
        self.0.iter().find_map(|key| {
            let mut buffer = Zeroizing::new(sealed.to_vec());
            let nonce = Nonce::try_assume_unique_for_key(nonce).ok()?;
            let key = purpose.key(key)?;
            let plain = key.open_in_place(nonce, Aad::from(context.as_bytes()), &mut buffer).ok()?.len();
            buffer.truncate(plain);
            Some(buffer)
        })
    }
}

impl fmt::Debug for SealingKeys {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "SealingKeys([redacted; {}])", self.0.len())
    }
}

/// What is sealed. Each purpose has a key of its own, so that one kind of sealed thing is never taken for another.
#[derive(Clone, Copy, Debug)]
pub(super) enum Purpose {
    /// A sign-in that is under way.
    Ticket,
    /// Someone who has signed in.
    Session,
    /// A provider's tokens.
    Grant,
    /// Where a page of a list begins.
    Cursor,
    /// A token that has been made and not been shown yet.
    Created,
}

impl Purpose {
    fn key(self, master: &[u8; KEY_BYTES]) -> Option<RandomizedNonceKey> {
        struct Length;
        impl hkdf::KeyType for Length {
            fn len(&self) -> usize {
                KEY_BYTES
            }
        }
        let info: &[u8] = match self {
            Self::Ticket => b"ticket",
            Self::Session => b"session",
            Self::Grant => b"grant",
            Self::Cursor => b"cursor",
            Self::Created => b"created",
        };
        let mut key = Zeroizing::new([0; KEY_BYTES]);
        let salt = hkdf::Salt::new(hkdf::HKDF_SHA256, b"token-auth sign-in v1");
        salt.extract(master).expand(&[info], Length).ok()?.fill(&mut *key).ok()?;
        RandomizedNonceKey::new(&AES_256_GCM_SIV, key.as_slice()).ok()
    }
}

/// Keys that cannot be used.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum SealingKeysError {
    /// The system has no randomness.
    #[error("the system has no randomness")]
    NoRandomness,
    /// A line is not a key.
    #[error("line {0} is not 32 bytes in base64: make one with `openssl rand -base64 32`")]
    Line(usize),
    /// There is no key.
    #[error("there is no key in it: make one with `openssl rand -base64 32`")]
    Empty,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_same_purpose_and_context_open() {
        let keys = SealingKeys::random().unwrap();
        let sealed = keys.seal(Purpose::Session, "oidc", b"alice").unwrap();
        assert_eq!(&**keys.open(Purpose::Session, "oidc", &sealed).unwrap(), b"alice");
        assert!(keys.open(Purpose::Ticket, "oidc", &sealed).is_none());
        assert!(keys.open(Purpose::Session, "github", &sealed).is_none());
        assert!(SealingKeys::random().unwrap().open(Purpose::Session, "oidc", &sealed).is_none());
        for at in 0..sealed.len() {
            let mut changed = sealed.clone();
            changed[at] ^= 1;
            assert!(keys.open(Purpose::Session, "oidc", &changed).is_none(), "byte {at}");
            assert!(keys.open(Purpose::Session, "oidc", &sealed[..at]).is_none(), "{at} bytes");
        }
        assert!(!sealed.windows(5).any(|window| window == b"alice"));
        assert_ne!(sealed, keys.seal(Purpose::Session, "oidc", b"alice").unwrap());
    }

    #[test]
    fn a_new_key_comes_before_the_old() {
        let (old, new) = (SealingKeys::generate().unwrap(), SealingKeys::generate().unwrap());
        let sealed = SealingKeys::from_text(&old).unwrap().seal(Purpose::Grant, "", b"x").unwrap();
        let both = SealingKeys::from_text(&format!("# rotated\n{}\n\n{}", *new, *old)).unwrap();
        assert!(both.open(Purpose::Grant, "", &sealed).is_some());
        let sealed = both.seal(Purpose::Grant, "", b"x").unwrap();
        assert!(SealingKeys::from_text(&new).unwrap().open(Purpose::Grant, "", &sealed).is_some());
        assert!(SealingKeys::from_text(&old).unwrap().open(Purpose::Grant, "", &sealed).is_none());
        assert_eq!(format!("{both:?}"), "SealingKeys([redacted; 2])");
    }

    #[test]
    fn a_key_is_32_bytes() {
        for (text, error) in [
            ("", SealingKeysError::Empty),
            ("# nothing\n", SealingKeysError::Empty),
            ("secret", SealingKeysError::Line(1)),
            ("# key\nAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA==\n", SealingKeysError::Line(2)),
        ] {
            assert_eq!(SealingKeys::from_text(text).unwrap_err(), error, "{text:?}");
        }
    }
}
