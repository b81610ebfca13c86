//! What stands for a secret in memory: it can be compared, and tells nothing.

use aws_lc_rs::hmac;
use aws_lc_rs::rand::SystemRandom;
use token_auth_core::BackendError;

/// Stands for some parts together; tells nothing of them without the [`TagKey`].
pub(crate) type Tag = [u8; 32];

/// The key of an HMAC (SHA-256), random, which never leaves the process.
#[derive(Clone)]
pub(crate) struct TagKey(hmac::Key);

impl TagKey {
    /// A new key; `backend` is who could not answer without one.
    pub(crate) fn random(backend: &'static str) -> Result<Self, BackendError> {
        hmac::Key::generate(hmac::HMAC_SHA256, &SystemRandom::new())
            .map(Self)
            .map_err(|_| BackendError::new(backend, "the system gives no random key"))
    }

    /// The tag of these parts: other parts have another one, also if they are the same text when put together.
    pub(crate) fn tag(&self, parts: &[&[u8]]) -> Tag {
        let mut context = hmac::Context::with_key(&self.0);
        for part in parts {
            context.update(&(part.len() as u64).to_be_bytes());
            context.update(part);
        }
        let mut tag = Tag::default();
        for (to, from) in tag.iter_mut().zip(context.sign().as_ref()) {
            *to = *from;
        }
        tag
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parts_do_not_run_together() {
        let key = TagKey::random("test").unwrap();
        let parts: [&[&[u8]]; 5] = [&[b"ab"], &[b"a", b"b"], &[b"", b"ab"], &[b"ab", b""], &[]];
        let tags = parts.map(|parts| key.tag(parts));
        for (at, tag) in tags.iter().enumerate() {
            assert!(!tags[at + 1..].contains(tag), "{:?}", parts[at]);
        }
        assert_eq!(key.tag(parts[0]), tags[0]);
        assert_ne!(TagKey::random("test").unwrap().tag(parts[0]), tags[0]);
    }
}
