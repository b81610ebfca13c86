use std::time::{Duration, SystemTime, UNIX_EPOCH};

use serde::{Deserialize, Serialize, Serializer};

use crate::{ActionSet, ResourceScope};

/// How far `nbf` and `iat` lie before the present, for verifiers whose clock is behind.
pub(super) const BACKDATE: Duration = Duration::from_secs(10);

/// The claims of a registry token (distribution's `jwt.md`). Times are whole seconds since the Unix epoch.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Claims {
    /// Who signed.
    #[serde(rename = "iss")]
    pub issuer: String,
    /// The account; empty for the anonymous one.
    #[serde(rename = "sub", default)]
    pub subject: String,
    /// The registry that the token is for.
    #[serde(rename = "aud")]
    pub audience: Audience,
    /// From when on it is no longer good.
    #[serde(rename = "exp")]
    pub expires_at: u64,
    /// From when on it is good.
    #[serde(rename = "nbf", default)]
    pub not_before: u64,
    /// When it was made.
    #[serde(rename = "iat", default)]
    pub issued_at: u64,
    /// An id that no other token has.
    #[serde(rename = "jti", default)]
    pub id: String,
    /// What the account may do.
    #[serde(default)]
    pub access: Vec<AccessEntry>,
}

impl Claims {
    /// Claims that are good from now on, without an id and without access. `nbf` and `iat` are ten seconds ago: zot
    /// refuses a token from the future, however near.
    pub fn new(
        issuer: impl Into<String>,
        subject: impl Into<String>,
        audience: impl Into<String>,
        now: SystemTime,
        lifetime: Duration,
    ) -> Self {
        let now = unix_seconds(now);
        let early = now.saturating_sub(BACKDATE.as_secs());
        Self {
            issuer: issuer.into(),
            subject: subject.into(),
            audience: Audience(vec![audience.into()]),
            expires_at: now.saturating_add(lifetime.as_secs()),
            not_before: early,
            issued_at: early,
            id: String::new(),
            access: Vec::new(),
        }
    }
}

/// Seconds since the Unix epoch; 0 for all time before.
pub(crate) fn unix_seconds(time: SystemTime) -> u64 {
    time.duration_since(UNIX_EPOCH).map_or(0, |since| since.as_secs())
}

/// Whom a token is for. One audience is written as a string, since registry 2.x takes nothing else; both forms are read.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(from = "StringOrList")]
pub struct Audience(Vec<String>);

impl Audience {
    /// Whether this is one of those that the token is for.
    pub fn contains(&self, audience: &str) -> bool {
        self.0.iter().any(|have| have == audience)
    }
}

impl Serialize for Audience {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self.0.as_slice() {
            [one] => serializer.serialize_str(one),
            several => several.serialize(serializer),
        }
    }
}

#[derive(Deserialize)]
#[serde(untagged)]
enum StringOrList {
    One(String),
    Several(Vec<String>),
}

impl From<StringOrList> for Audience {
    fn from(read: StringOrList) -> Self {
        match read {
            StringOrList::One(one) => Self(vec![one]),
            StringOrList::Several(several) => Self(several),
        }
    }
}

/// What a token allows on one resource.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct AccessEntry {
    /// The type of the resource.
    #[serde(rename = "type")]
    pub resource_type: String,
    /// The name of the resource.
    pub name: String,
    /// The actions; none is no permission, and not an error.
    pub actions: ActionSet,
}

impl AccessEntry {
    /// These actions on the resource of this scope.
    pub fn new(scope: &ResourceScope, actions: ActionSet) -> Self {
        Self { resource_type: scope.resource_type().to_owned(), name: scope.name().to_owned(), actions }
    }
}
