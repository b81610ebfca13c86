//! What a token says.

use std::time::{Duration, SystemTime};

use serde::{Deserialize, Deserializer, Serialize, Serializer};

use super::object::Object;
use crate::{ActionSet, ResourceScope, unix_seconds};

/// How far `nbf` and `iat` lie before the present, for verifiers whose clock is behind.
pub(super) const BACKDATE: Duration = Duration::from_secs(10);

/// The claims of a registry token (distribution's `docs/content/spec/auth/jwt.md`). Times are whole seconds since the Unix
/// epoch.
///
/// Serialised, this is the payload of the token. Read back, `iss`, `aud` and `exp` must be there, and no member twice; an
/// `access` of `null`, which servers written in Go send, is the empty list.
///
/// ```
/// use std::time::{Duration, UNIX_EPOCH};
/// use token_auth_core::token::{AccessEntry, Claims};
///
/// let now = UNIX_EPOCH + Duration::from_secs(1_700_000_000);
/// let mut claims = Claims::new("auth.example.com", "alice", "registry.example.com", now, Duration::from_secs(300));
/// claims.id = "d5b1a0".to_owned();
/// let asked = "repository:team/app:pull,push".parse()?;
/// claims.access.push(AccessEntry::new(&asked, ["pull"].into_iter().collect()));
/// assert_eq!(
///     serde_json::to_string(&claims)?,
///     r#"{"iss":"auth.example.com","sub":"alice","aud":"registry.example.com","exp":1700000300,"nbf":1699999990,"#
///         .to_owned()
///         + r#""iat":1699999990,"jti":"d5b1a0","access":[{"type":"repository","name":"team/app","actions":["pull"]}]}"#
/// );
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
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
    /// From when on it is good; 0 if a token does not say.
    #[serde(rename = "nbf", default)]
    pub not_before: u64,
    /// When it was made; 0 if a token does not say.
    #[serde(rename = "iat", default)]
    pub issued_at: u64,
    /// An id that no other token has.
    #[serde(rename = "jti", default)]
    pub id: String,
    /// What the account may do. An entry without actions is a resource that was asked for and denied.
    #[serde(default, deserialize_with = "read_access")]
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
    #[serde(default)]
    pub actions: ActionSet,
}

impl AccessEntry {
    /// What was granted on the resource of this scope. Whatever the scope did not ask for is left out: a token never says
    /// more than was asked.
    pub fn new(scope: &ResourceScope, granted: ActionSet) -> Self {
        let exceeds = granted.iter().any(|action| !scope.actions().contains(action));
        Self {
            resource_type: scope.resource_type().to_owned(),
            name: scope.name().to_owned(),
            actions: if exceeds { granted.intersection(scope.actions()) } else { granted },
        }
    }

    /// Whether the entry allows this action: by its name, or by `*`, which registries read as every action.
    pub fn allows(&self, action: &str) -> bool {
        self.actions.contains(action) || self.actions.contains("*")
    }
}

fn read_access<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Vec<AccessEntry>, D::Error> {
    let entries: Option<Vec<Object<AccessEntry>>> = Option::deserialize(deserializer)?;
    Ok(entries.unwrap_or_default().into_iter().map(|Object(entry)| entry).collect())
}
