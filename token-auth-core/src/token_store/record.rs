//! What is kept of a token.

use std::collections::BTreeMap;
use std::fmt;
use std::net::IpAddr;
use std::str::FromStr;
use std::time::{Duration, SystemTime};

use aws_lc_rs::constant_time::verify_slices_are_equal;
use aws_lc_rs::digest::{SHA256, digest};
use ipnet::IpNet;
use serde::de::Error as _;
use serde::{Deserialize, Deserializer, Serialize, Serializer};

use super::{TOUCH_RESOLUTION, TokenId, time};
use crate::{ScopePattern, SourceId};

/// What a token that is kept may be used for.
///
/// Exhaustive on purpose: a new kind has to be thought about wherever one is matched.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum TokenKind {
    /// A refresh token (docker's "identity token"): used in the refresh grant only.
    Refresh,
    /// A personal access token, or that of a robot account: used in the place of the account's password.
    Personal,
}

impl TokenKind {
    /// `refresh` or `personal`.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Refresh => "refresh",
            Self::Personal => "personal",
        }
    }
}

impl fmt::Display for TokenKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl FromStr for TokenKind {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        match text {
            "refresh" => Ok(Self::Refresh),
            "personal" => Ok(Self::Personal),
            _ => Err("a kind of token is `refresh` or `personal`".to_owned()),
        }
    }
}

/// What is kept of a token: everything but its secret, of which only a digest is there. Times are whole seconds.
///
/// Serialises to one JSON object, which is all that a store has to keep. A field that is not known is an error when it is
/// read back: it might restrict the token.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[non_exhaustive]
pub struct TokenRecord {
    /// Names the record.
    pub id: TokenId,
    /// What the token may be used for.
    pub kind: TokenKind,
    /// Whose it is.
    pub account: String,
    /// The source that knew the account when the token was made, and is asked about it at each use.
    pub source: Option<SourceId>,
    /// The issuer that it was made by, and is good at. Records of before issuers were kept have none.
    pub issuer: Option<String>,
    /// The only service (audience) that the token is good for; nothing for any.
    pub service: Option<String>,
    /// What its owner calls it.
    pub name: Option<String>,
    /// The labels of the account, where they are those of the credential that the token was given in exchange for, and not
    /// the source's to say later: it is not asked about such a token. Their values are literal.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub labels: Option<BTreeMap<String, Vec<String>>>,
    /// What the secret half is compared with.
    pub secret: SecretDigest,
    /// Lists of patterns; an action counts if each list allows it. An empty list of lists restricts nothing.
    pub scopes: Vec<Vec<ScopePattern>>,
    /// The only networks that the token is good from; nothing for anywhere.
    pub networks: Option<Vec<IpNet>>,
    /// When the token was made: of a refresh token the account's [security stamp](crate::Identity::security_stamp), of a
    /// personal access token its [subject](crate::Identity::subject).
    pub security_stamp: Option<String>,
    /// When it was made.
    #[serde(with = "time")]
    pub created: SystemTime,
    /// From when on it is no longer good, used or not.
    #[serde(with = "time::option")]
    pub expires: Option<SystemTime>,
    /// How long it is good without being used.
    #[serde(with = "time::duration")]
    pub idle: Option<Duration>,
    /// When, by what and from where it was last used, as exactly as [`TOUCH_RESOLUTION`] says.
    pub last_use: Option<LastUse>,
}

impl TokenRecord {
    /// The record of a token that is good for everything of its account, from anywhere and for ever.
    pub fn new(
        id: TokenId,
        kind: TokenKind,
        account: impl Into<String>,
        secret: SecretDigest,
        created: SystemTime,
    ) -> Self {
        Self {
            id,
            kind,
            account: account.into(),
            source: None,
            issuer: None,
            service: None,
            name: None,
            labels: None,
            secret,
            scopes: Vec::new(),
            networks: None,
            security_stamp: None,
            created: time::whole_seconds(created),
            expires: None,
            idle: None,
            last_use: None,
        }
    }

    /// When it was last used, or else made.
    pub fn last_active(&self) -> SystemTime {
        self.last_use.as_ref().map_or(self.created, |last_use| last_use.time.max(self.created))
    }

    /// From when on the token is no longer good, if it is not used again; nothing for one without an end.
    pub fn end(&self) -> Option<SystemTime> {
        // As late as the last use may have been.
        let idle =
            self.idle.and_then(|idle| self.last_active().checked_add(idle.saturating_add(TOUCH_RESOLUTION)));
        match (self.expires, idle) {
            (Some(expires), Some(idle)) => Some(expires.min(idle)),
            (expires, idle) => expires.or(idle),
        }
    }

    /// Whether the token is no longer good, because it has expired or was not used for too long.
    pub fn has_ended(&self, now: SystemTime) -> bool {
        self.end().is_some_and(|end| end <= now)
    }
}

/// When, by what and from where a token was last used.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[non_exhaustive]
pub struct LastUse {
    /// When.
    #[serde(with = "time")]
    pub time: SystemTime,
    /// The client program, by its own word.
    pub client_id: Option<String>,
    /// The client's address, if it is known.
    pub address: Option<IpAddr>,
}

impl LastUse {
    /// A use at this time.
    pub fn new(time: SystemTime) -> Self {
        Self { time: time::whole_seconds(time), client_id: None, address: None }
    }

    /// By this client program.
    #[must_use]
    pub fn by_client(mut self, client_id: Option<String>) -> Self {
        self.client_id = client_id;
        self
    }

    /// From this address.
    #[must_use]
    pub fn from_address(mut self, address: Option<IpAddr>) -> Self {
        self.address = address;
        self
    }
}

/// The SHA-256 digest of a secret of 256 random bits: that much randomness needs no slow hash. `Debug` does not show it.
#[derive(Clone, PartialEq, Eq)]
pub struct SecretDigest([u8; 32]);

impl SecretDigest {
    /// The digest of a secret.
    pub fn of(secret: &str) -> Self {
        let mut bytes = [0; 32];
        for (to, from) in bytes.iter_mut().zip(digest(&SHA256, secret.as_bytes()).as_ref()) {
            *to = *from;
        }
        Self(bytes)
    }

    /// Whether it is the digest of this secret; takes the same time for every wrong one.
    pub fn matches(&self, secret: &str) -> bool {
        verify_slices_are_equal(&self.0, &Self::of(secret).0).is_ok()
    }
}

impl fmt::Debug for SecretDigest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("SecretDigest([redacted])")
    }
}

/// Hexadecimal.
impl Serialize for SecretDigest {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(&format_args!("{:x}", Hex(&self.0)))
    }
}

struct Hex<'a>(&'a [u8]);

impl fmt::LowerHex for Hex<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().try_for_each(|byte| write!(f, "{byte:02x}"))
    }
}

impl<'de> Deserialize<'de> for SecretDigest {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = std::borrow::Cow::<'_, str>::deserialize(deserializer)?;
        let malformed = || D::Error::custom("a digest is 64 hexadecimal digits");
        if text.len() != 64 || !text.bytes().all(|byte| byte.is_ascii_hexdigit()) {
            return Err(malformed());
        }
        let mut bytes = [0; 32];
        for (at, byte) in bytes.iter_mut().enumerate() {
            let digits = text.get(2 * at..2 * at + 2).ok_or_else(malformed)?;
            *byte = u8::from_str_radix(digits, 16).map_err(|_| malformed())?;
        }
        Ok(Self(bytes))
    }
}

#[cfg(test)]
mod tests {
    use std::time::UNIX_EPOCH;

    use super::*;

    fn at(seconds: u64) -> SystemTime {
        UNIX_EPOCH + Duration::from_secs(seconds)
    }

    fn record() -> TokenRecord {
        let id = "0123456789abcdef".parse().unwrap();
        TokenRecord::new(id, TokenKind::Personal, "alice", SecretDigest::of("x"), at(1000))
    }

    #[test]
    fn is_read_back_as_it_was_written() {
        let mut record = record();
        record.scopes = vec![vec!["repository:a/**:pull".parse().unwrap()], Vec::new()];
        record.networks = Some(vec!["10.0.0.0/8".parse().unwrap()]);
        record.expires = Some(at(2000));
        record.idle = Some(Duration::from_secs(60));
        record.last_use =
            Some(LastUse::new(at(1500)).by_client(Some("docker".into())).from_address("::1".parse().ok()));
        let json = serde_json::to_string(&record).unwrap();
        assert_eq!(serde_json::from_str::<TokenRecord>(&json).unwrap(), record, "{json}");
        assert!(!format!("{record:?}").contains("2d711642"), "the digest is shown");
        let of_before = json.replacen(r#""issuer":null,"#, "", 1);
        assert_eq!(serde_json::from_str::<TokenRecord>(&of_before).unwrap(), record, "{of_before}");
        let unknown = json.replacen('{', r#"{"only_on_sundays":true,"#, 1);
        assert!(serde_json::from_str::<TokenRecord>(&unknown).is_err());
        let shorter = json.replacen("\"2d", "\"", 1);
        assert!(serde_json::from_str::<TokenRecord>(&shorter).is_err());
    }

    #[test]
    fn ends_when_it_expires_or_was_idle_for_too_long() {
        let mut record = record();
        assert_eq!(record.end(), None);
        record.idle = Some(Duration::from_secs(500));
        assert!(!record.has_ended(at(1559)) && record.has_ended(at(1560)));
        record.last_use = Some(LastUse::new(at(1400)));
        assert!(!record.has_ended(at(1959)) && record.has_ended(at(1960)));
        record.expires = Some(at(1700));
        assert!(!record.has_ended(at(1699)) && record.has_ended(at(1700)));
    }

    #[test]
    fn a_digest_matches_its_secret_only() {
        let digest = SecretDigest::of("secret");
        assert!(digest.matches("secret") && !digest.matches("Secret") && !digest.matches(""));
    }
}
