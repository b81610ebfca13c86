//! Who is who between two requests: in cookies that only this server (and its replicas) can read.

use std::time::{Duration, SystemTime};

use aws_lc_rs::constant_time::verify_slices_are_equal;
use aws_lc_rs::rand;
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};

use crate::oauth2::seal::{Purpose, SealingKeys};

/// A sign-in that is under way in one browser.
#[derive(Serialize, Deserialize)]
pub(super) struct Ticket {
    /// Which provider it was begun with: an answer of another one is not taken.
    pub(super) provider: String,
    pub(super) state: String,
    pub(super) nonce: String,
    pub(super) verifier: String,
    pub(super) redirect_url: Option<String>,
    expires: u64,
}

/// Someone who has signed in. Opens the pages, and nothing else.
#[derive(Clone, Serialize, Deserialize)]
pub(super) struct Session {
    pub(super) provider: String,
    pub(super) account: String,
    /// What the account's sessions carried when this one was begun.
    pub(super) mark: String,
    /// What every form of this session carries.
    pub(super) csrf: String,
    expires: u64,
}

impl Ticket {
    pub(super) fn new(
        provider: &str,
        redirect_url: Option<String>,
        now: SystemTime,
        lifetime: Duration,
    ) -> Option<Self> {
        Some(Self {
            provider: provider.to_owned(),
            state: random()?,
            nonce: random()?,
            verifier: random()?,
            redirect_url,
            expires: expires(now, lifetime),
        })
    }

    pub(super) fn seal(&self, keys: &SealingKeys) -> Option<String> {
        seal(self, Purpose::Ticket, keys)
    }

    pub(super) fn open(cookie: &str, keys: &SealingKeys, now: SystemTime) -> Option<Self> {
        open::<Self>(cookie, Purpose::Ticket, keys)
            .filter(|ticket| expires(now, Duration::ZERO) < ticket.expires)
    }
}

impl Session {
    pub(super) fn new(
        (provider, account): (&str, &str),
        mark: String,
        now: SystemTime,
        lifetime: Duration,
    ) -> Option<Self> {
        Some(Self {
            provider: provider.to_owned(),
            account: account.to_owned(),
            mark,
            csrf: random()?,
            expires: expires(now, lifetime),
        })
    }

    pub(super) fn seal(&self, keys: &SealingKeys) -> Option<String> {
        seal(self, Purpose::Session, keys)
    }

    pub(super) fn open(cookie: &str, keys: &SealingKeys, now: SystemTime) -> Option<Self> {
        open::<Self>(cookie, Purpose::Session, keys)
            .filter(|session| expires(now, Duration::ZERO) < session.expires)
    }
}

/// Whether two secrets are the same, in a time that does not tell how much of them is.
pub(super) fn same(one: &str, other: &str) -> bool {
    verify_slices_are_equal(one.as_bytes(), other.as_bytes()).is_ok()
}

/// As text for a cookie or an address.
pub(super) fn seal(content: &impl Serialize, purpose: Purpose, keys: &SealingKeys) -> Option<String> {
    let json = serde_json::to_vec(content).ok()?;
    Some(URL_SAFE_NO_PAD.encode(keys.seal(purpose, "", &json)?))
}

pub(super) fn open<T: DeserializeOwned>(cookie: &str, purpose: Purpose, keys: &SealingKeys) -> Option<T> {
    let sealed = URL_SAFE_NO_PAD.decode(cookie).ok()?;
    serde_json::from_slice(&keys.open(purpose, "", &sealed)?).ok()
}

/// 256 random bits: 43 characters, the least that RFC 7636 takes for a verifier.
fn random() -> Option<String> {
    let mut bits = [0; 32];
    rand::fill(&mut bits).ok()?;
    Some(URL_SAFE_NO_PAD.encode(bits))
}

fn expires(now: SystemTime, lifetime: Duration) -> u64 {
    let since = now.duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default();
    since.saturating_add(lifetime).as_secs()
}
