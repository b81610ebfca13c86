//! Who is who between two requests: in cookies that only this server (and its replicas) can read.

use std::time::{Duration, SystemTime};

use aws_lc_rs::constant_time::verify_slices_are_equal;
use aws_lc_rs::rand;
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use token_auth_core::unix_seconds;

use crate::oauth2::seal::{Purpose, SealingKeys};

/// What seals for one provider at one deployment: of another one, with the same keys, nothing opens.
pub(super) struct Envelope<'a> {
    pub(super) keys: &'a SealingKeys,
    context: String,
}

/// A sign-in that is under way in one browser, at the provider for which it is sealed.
#[derive(Serialize, Deserialize)]
pub(super) struct Ticket {
    pub(super) state: String,
    pub(super) nonce: String,
    pub(super) verifier: String,
    pub(super) redirect_url: Option<String>,
    expires: u64,
}

/// Someone who has signed in at the provider for which it is sealed. Opens the pages, and nothing else.
#[derive(Clone, Serialize, Deserialize)]
pub(super) struct Session {
    pub(super) account: String,
    /// Which person that was.
    pub(super) subject: String,
    /// What the account's sessions carried when this one was begun.
    pub(super) mark: String,
    /// What every form of this session carries.
    pub(super) csrf: String,
    expires: u64,
}

impl<'a> Envelope<'a> {
    /// Whatever tells this deployment and this provider from others.
    pub(super) fn new(keys: &'a SealingKeys, parts: &[&str]) -> Self {
        // With their lengths, so that no two lists are one text.
        let context = parts.iter().map(|part| format!("{}:{part}", part.len())).collect();
        Self { keys, context }
    }

    /// For one session alone.
    pub(super) fn of(&self, session: &Session) -> Self {
        Self { keys: self.keys, context: format!("{}session:{}", self.context, session.csrf) }
    }

    pub(super) fn seal(&self, purpose: Purpose, content: &impl Serialize) -> Option<Vec<u8>> {
        let json = zeroize::Zeroizing::new(serde_json::to_vec(content).ok()?);
        self.keys.seal(purpose, &self.context, &json)
    }

    pub(super) fn open<T: DeserializeOwned>(&self, purpose: Purpose, sealed: &[u8]) -> Option<T> {
        serde_json::from_slice(&self.keys.open(purpose, &self.context, sealed)?).ok()
    }

    /// As text for a cookie or an address.
    pub(super) fn seal_text(&self, purpose: Purpose, content: &impl Serialize) -> Option<String> {
        Some(URL_SAFE_NO_PAD.encode(self.seal(purpose, content)?))
    }

    pub(super) fn open_text<T: DeserializeOwned>(&self, purpose: Purpose, text: &str) -> Option<T> {
        self.open(purpose, &URL_SAFE_NO_PAD.decode(text).ok()?)
    }
}

impl Ticket {
    pub(super) fn new(redirect_url: Option<String>, now: SystemTime, lifetime: Duration) -> Option<Self> {
        Some(Self {
            state: random()?,
            nonce: random()?,
            verifier: random()?,
            redirect_url,
            expires: seconds(now, lifetime),
        })
    }

    pub(super) fn seal(&self, envelope: &Envelope<'_>) -> Option<String> {
        envelope.seal_text(Purpose::Ticket, self)
    }

    pub(super) fn open(cookie: &str, envelope: &Envelope<'_>, now: SystemTime) -> Option<Self> {
        let ticket: Self = envelope.open_text(Purpose::Ticket, cookie)?;
        Some(ticket).filter(|ticket| seconds(now, Duration::ZERO) < ticket.expires)
    }
}

impl Session {
    pub(super) fn new(
        (account, subject): (&str, &str),
        mark: String,
        now: SystemTime,
        lifetime: Duration,
    ) -> Option<Self> {
        Some(Self {
            account: account.to_owned(),
            subject: subject.to_owned(),
            mark,
            csrf: random()?,
            expires: seconds(now, lifetime),
        })
    }

    pub(super) fn seal(&self, envelope: &Envelope<'_>) -> Option<String> {
        envelope.seal_text(Purpose::Session, self)
    }

    pub(super) fn open(cookie: &str, envelope: &Envelope<'_>, now: SystemTime) -> Option<Self> {
        let session: Self = envelope.open_text(Purpose::Session, cookie)?;
        Some(session).filter(|session| seconds(now, Duration::ZERO) < session.expires)
    }
}

/// Whether two secrets are the same, in a time that does not tell how much of them is.
pub(super) fn same(one: &str, other: &str) -> bool {
    verify_slices_are_equal(one.as_bytes(), other.as_bytes()).is_ok()
}

/// 256 random bits: 43 characters, the least that RFC 7636 takes for a verifier.
fn random() -> Option<String> {
    let mut bits = [0; 32];
    rand::fill(&mut bits).ok()?;
    Some(URL_SAFE_NO_PAD.encode(bits))
}

/// The time after that one, in seconds since the epoch.
pub(super) fn seconds(now: SystemTime, later: Duration) -> u64 {
    unix_seconds(now).saturating_add(later.as_secs())
}
