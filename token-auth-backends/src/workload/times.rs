//! Tokens of workloads: whose they say they are, for whom, and for how long.

use std::time::{Duration, SystemTime};

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde::Deserialize;
use serde_json::{Map, Value};

use crate::issuer::jwt::{date, plus};

/// The issuer that a credential names, if it is a JWT at all. Nobody vouches for it yet: it says whose keys to try.
pub(super) fn claimed_issuer(credential: &str) -> Option<String> {
    #[derive(Deserialize)]
    struct Claimed {
        iss: String,
    }
    let mut parts = credential.split('.');
    let (Some(_), Some(payload), Some(_), None) = (parts.next(), parts.next(), parts.next(), parts.next())
    else {
        return None;
    };
    let payload = URL_SAFE_NO_PAD.decode(payload).ok()?;
    serde_json::from_slice(&payload).ok().map(|Claimed { iss }| iss)
}

/// Whether the token is for one of the audiences (RFC 7519, section 4.1.3).
pub(super) fn is_for(claims: &Map<String, Value>, audiences: &[String]) -> bool {
    let meant = |value: &Value| value.as_str().is_some_and(|aud| audiences.iter().any(|own| own == aud));
    match claims.get("aud") {
        Some(Value::Array(several)) => several.iter().any(meant),
        Some(one) => meant(one),
        None => false,
    }
}

/// What times a token may have.
#[derive(Clone, Copy, Debug)]
pub(super) struct Times {
    pub(super) leeway: Duration,
    /// How long a token may be valid.
    pub(super) longest: Duration,
    /// How long ours live at most.
    pub(super) ours: Option<Duration>,
    /// Whether ours may outlive it.
    pub(super) outlive: bool,
}

impl Default for Times {
    fn default() -> Self {
        let day = Duration::from_secs(24 * 3600);
        Self { leeway: Duration::from_secs(30), longest: day, ours: None, outlive: false }
    }
}

impl Times {
    /// When our token must have ended, if it must; or what is wrong with the times of this one.
    pub(super) fn judge(
        &self,
        claims: &Map<String, Value>,
        now: SystemTime,
    ) -> Result<Option<SystemTime>, &'static str> {
        let time = |name| claims.get(name).map(|value| date(value).ok_or("a time of the token is not one"));
        let expires = time("exp").transpose()?.ok_or("the token never expires")?;
        let (begins, issued) = (time("nbf").transpose()?, time("iat").transpose()?);
        if now >= plus(expires, self.leeway) {
            return Err("the token has expired");
        }
        if begins.max(issued) > Some(plus(now, self.leeway)) {
            return Err("the token is not valid yet: are the clocks right?");
        }
        // Without a beginning it is as if it had begun now: what is left of it must not be too long.
        let from = issued.or(begins).unwrap_or(now);
        if expires.duration_since(from).is_ok_and(|lifetime| lifetime > self.longest) {
            return Err("the token was issued for too long a time");
        }
        // Ours ends with it; by our clock it may have ended just now, and by the issuer's not yet.
        let end = if expires > now { expires } else { plus(expires, self.leeway) };
        let end = (!self.outlive).then_some(end);
        let ours = self.ours.map(|lifetime| plus(now, lifetime));
        Ok(match (end, ours) {
            (Some(end), Some(ours)) => Some(end.min(ours)),
            (end, ours) => end.or(ours),
        })
    }
}
