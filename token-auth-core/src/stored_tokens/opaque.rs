//! The text of a refresh token or personal access token.

use std::fmt;

use aws_lc_rs::rand;
use zeroize::Zeroizing;

use crate::{BackendError, SecretDigest, TokenId, TokenKind};

/// Digits, capitals, small letters: the order in which base 62 is written.
const ALPHABET: &[u8; 62] = b"0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";
/// 43 characters of 62 are 256 bits.
const SECRET: usize = 43;
/// A CRC-32 in base 62.
const CHECKSUM: usize = 6;
const LENGTH: usize = 4 + TokenId::LENGTH + 1 + SECRET + CHECKSUM;

/// A refresh token or a personal access token, as its owner holds it: `tar_` or `tap_`, the public id, `_`, 256 random bits
/// and a checksum.
///
/// Made to be found where it has leaked: scanners match
///
/// ```text
/// \bta[rp]_[0-9A-Za-z]{16}_[0-9A-Za-z]{49}\b
/// ```
///
/// and tell a token from a lookalike by its last six characters, the CRC-32 (ISO-HDLC) of all before them in base 62, with
/// the digits `0-9A-Za-z` and leading zeros.
///
/// `Debug` shows the id alone.
///
/// ```
/// use token_auth_core::{OpaqueToken, TokenKind};
///
/// let token = OpaqueToken::generate(TokenKind::Personal)?;
/// assert!(token.expose().starts_with("tap_"));
/// assert!(matches!(OpaqueToken::recognize(token.expose()), Some(Ok(read)) if read.id() == token.id()));
/// assert!(OpaqueToken::recognize("correct horse battery staple").is_none());
/// # Ok::<(), token_auth_core::BackendError>(())
/// ```
#[derive(Clone)]
pub struct OpaqueToken {
    kind: TokenKind,
    id: TokenId,
    text: Zeroizing<String>,
}

impl OpaqueToken {
    /// A new one.
    ///
    /// # Errors
    ///
    /// When the system has no randomness.
    pub fn generate(kind: TokenKind) -> Result<Self, BackendError> {
        let mut text = Zeroizing::new(String::with_capacity(LENGTH));
        text.push_str(prefix(kind));
        push_random(&mut text, TokenId::LENGTH)?;
        text.push('_');
        push_random(&mut text, SECRET)?;
        let checksum = checksum(&text);
        text.push_str(&checksum);
        match Self::recognize(&text) {
            Some(Ok(token)) => Ok(token),
            _ => Err(BackendError::new("tokens", "a new token is not one")),
        }
    }

    /// Reads a text that looks like one; nothing if it does not, and so may be a password.
    ///
    /// # Errors
    ///
    /// When it looks like one and its checksum is wrong: it was mistyped, cut, or made up.
    pub fn recognize(text: &str) -> Option<Result<Self, DamagedToken>> {
        let kind = [TokenKind::Refresh, TokenKind::Personal]
            .into_iter()
            .find(|kind| text.starts_with(prefix(*kind)))?;
        let (id, rest) = text.get(4..)?.split_once('_')?;
        let id = id.parse::<TokenId>().ok()?;
        if rest.len() != SECRET + CHECKSUM || !rest.bytes().all(|byte| byte.is_ascii_alphanumeric()) {
            return None;
        }
        let (body, given) = text.split_at_checked(LENGTH - CHECKSUM)?;
        Some(match checksum(body) == given {
            true => Ok(Self { kind, id, text: Zeroizing::new(text.to_owned()) }),
            false => Err(DamagedToken { kind }),
        })
    }

    /// What it may be used for.
    pub fn kind(&self) -> TokenKind {
        self.kind
    }

    /// Its public half, which names its record.
    pub fn id(&self) -> &TokenId {
        &self.id
    }

    /// The token itself: for its owner, once, and never for a log.
    pub fn expose(&self) -> &str {
        &self.text
    }

    /// What is kept of the secret.
    pub fn digest(&self) -> SecretDigest {
        SecretDigest::of(&self.text)
    }
}

impl fmt::Debug for OpaqueToken {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "OpaqueToken({}{} [redacted])", prefix(self.kind), self.id)
    }
}

/// A text that looks like a token and has the wrong checksum.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the checksum of the {kind} token is wrong")]
pub struct DamagedToken {
    kind: TokenKind,
}

/// Token-auth refresh, and token-auth personal.
fn prefix(kind: TokenKind) -> &'static str {
    match kind {
        TokenKind::Refresh => "tar_",
        TokenKind::Personal => "tap_",
    }
}

/// Appends random characters, each as likely as the others.
fn push_random(text: &mut String, count: usize) -> Result<(), BackendError> {
    let mut left = count;
    while left > 0 {
        let mut bits = Zeroizing::new([0; 64]);
        rand::fill(&mut *bits).map_err(|_| BackendError::new("tokens", "the system has no randomness"))?;
        // Of 64 values two have no character: they are drawn again.
        for character in bits.iter().filter_map(|bits| ALPHABET.get(usize::from(bits & 63))).take(left) {
            text.push(char::from(*character));
            left -= 1;
        }
    }
    Ok(())
}

fn checksum(text: &str) -> String {
    let mut rest = crc32fast::hash(text.as_bytes());
    let mut digits = [b'0'; CHECKSUM];
    for digit in digits.iter_mut().rev() {
        *digit = ALPHABET.get((rest % 62) as usize).copied().unwrap_or(b'0');
        rest /= 62;
    }
    digits.iter().map(|digit| char::from(*digit)).collect()
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::*;

    /// The checksum is part of the format: other programs compute it. `python3 -c 'import zlib'` computes the same.
    #[test]
    fn the_checksum_is_crc32_in_base_62() {
        // zlib.crc32(b"123456789") == 0xcbf43926 == 3421780262
        assert_eq!(checksum("123456789"), "3jZRME");
        assert_eq!(checksum(""), "000000");
    }

    #[test]
    fn a_new_token_is_recognized_and_has_the_documented_form() {
        let form = regex::Regex::new(r"^ta[rp]_[0-9A-Za-z]{16}_[0-9A-Za-z]{49}$").unwrap();
        let mut seen = HashSet::new();
        for kind in [TokenKind::Refresh, TokenKind::Personal].repeat(200) {
            let token = OpaqueToken::generate(kind).unwrap();
            assert!(form.is_match(token.expose()), "{}", token.expose());
            let read = OpaqueToken::recognize(token.expose()).unwrap().unwrap();
            assert_eq!((read.kind(), read.id(), read.expose()), (kind, token.id(), token.expose()));
            assert!(read.digest() == token.digest() && seen.insert(token.id().clone()));
            let shown = format!("{token:?}");
            assert!(!shown.contains(token.expose().split('_').nth(2).unwrap()), "{shown}");
        }
    }

    #[test]
    fn every_character_occurs() {
        let mut text = String::new();
        push_random(&mut text, 20_000).unwrap();
        assert_eq!(text.bytes().collect::<HashSet<_>>().len(), 62);
    }

    #[test]
    fn what_is_damaged_is_told_from_what_is_something_else() {
        let token = OpaqueToken::generate(TokenKind::Refresh).unwrap();
        let text = token.expose();
        for at in [4, 19, 21, 40, 63, 64, 69] {
            let mut damaged = text.as_bytes().to_vec();
            damaged[at] = if damaged[at] == b'a' { b'b' } else { b'a' };
            let damaged = String::from_utf8(damaged).unwrap();
            assert!(matches!(OpaqueToken::recognize(&damaged), Some(Err(_))), "{at}");
        }
        // The kind is under the checksum, too.
        let other = text.replacen("tar_", "tap_", 1);
        assert!(matches!(OpaqueToken::recognize(&other), Some(Err(_))));
        let cut = &text[..69];
        for password in
            ["", "tar_", "tap_hello", cut, &format!("{text}x"), &format!(" {text}"), &text.to_uppercase()]
        {
            assert!(OpaqueToken::recognize(password).is_none(), "{password:?}");
        }
    }
}
