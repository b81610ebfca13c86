//! How much requests may cost: the block `limits`.

use std::time::Duration;

use token_auth_core::{AttemptLimits, RequestLimits};

use super::field::Field;
use super::parts::Parts;
use super::section::Section;
use crate::password::{HashLimits, VerifierOptions};

/// The block `limits`, which docker_auth does not have: how much one request and all of them together may cost.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Limits {
    /// How many connections a server keeps open: `connections`. Default 4096.
    pub connections: usize,
    /// How many of them one address (of IPv6, one network of 64 bits) may have: `connections_per_address`. Default 1024.
    /// Trusted proxies may have all of them, and so may clients of a local socket.
    pub connections_per_address: usize,
    /// Bytes of the head of a request, which a server reads before all else: `header_bytes`. Default 64 KiB.
    pub header_bytes: usize,
    /// How large a request may be: `scopes_per_request`, `actions_per_scope`, `query_bytes`, `body_bytes`,
    /// `authorization_bytes`.
    pub request: RequestLimits,
    /// How long a request may take to be answered, whatever is slow: `answer_time`. Default 5 seconds, then 503.
    pub answer_time: Duration,
    /// Password checks: `password_concurrency`, `password_queue`, `password_queue_time`, `password_cache_entries`, `password_cache_ttl`.
    pub passwords: VerifierOptions,
    /// How often passwords may be guessed: `password_attempts`, `password_attempts_address_total`,
    /// `password_attempts_refused`, `password_attempts_per_account`, `password_attempts_window`.
    pub attempts: AttemptLimits,
    /// How expensive a stored hash may be: `bcrypt_cost`.
    pub hashes: HashLimits,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            connections: 4096,
            connections_per_address: 1024,
            header_bytes: 64 * 1024,
            request: RequestLimits::default(),
            answer_time: Duration::from_secs(5),
            passwords: VerifierOptions::default(),
            attempts: AttemptLimits::default(),
            hashes: HashLimits::default(),
        }
    }
}

pub(super) fn read(field: &Field<'_>, parts: &mut Parts) {
    if let Some(section) = field.section() {
        parts.insert(limits(section));
    }
}

/// The same with the key that raises the limit, where a message says that one is to be raised.
pub(super) fn name_key(message: String) -> String {
    match message.contains("bcrypt cost") && message.ends_with("raise the limit") {
        true => message + ", `limits.bcrypt_cost`",
        false => message,
    }
}

fn limits(section: Section<'_>) -> Limits {
    let mut limits = Limits::default();
    let Limits {
        connections,
        connections_per_address,
        header_bytes,
        request,
        answer_time,
        passwords,
        attempts,
        hashes,
    } = &mut limits;
    for (key, limit) in [
        ("connections", connections),
        ("connections_per_address", connections_per_address),
        ("header_bytes", header_bytes),
        ("scopes_per_request", &mut request.scopes.scopes),
        ("actions_per_scope", &mut request.scopes.actions),
        ("query_bytes", &mut request.query_bytes),
        ("body_bytes", &mut request.body_bytes),
        ("authorization_bytes", &mut request.authorization_bytes),
        ("password_concurrency", &mut passwords.concurrency),
        ("password_queue", &mut passwords.queue),
        ("password_cache_entries", &mut passwords.cache_entries),
        ("password_attempts", &mut attempts.per_address),
        ("password_attempts_address_total", &mut attempts.address_total),
        ("password_attempts_refused", &mut attempts.refused),
        ("password_attempts_per_account", &mut attempts.per_account),
    ] {
        if let Some(value) = section.get(key).and_then(|field| field.count()) {
            *limit = value;
        }
    }
    for (key, limit) in [("answer_time", answer_time), ("password_queue_time", &mut passwords.patience)] {
        if let Some(time) = section.get(key).and_then(|field| field.duration()) {
            *limit = time;
        }
    }
    if let Some(time) = section.get("password_cache_ttl").and_then(|field| field.duration()) {
        passwords.cache_time = time;
    }
    if let Some(field) = section.get("password_attempts_window")
        && let Some(window) = field.duration()
    {
        match window.is_zero() {
            true => field.error("must not be zero; `password_attempts: 0` is for no limit"),
            false => attempts.window = window,
        }
    }
    if let Some(cost) = section.get("bcrypt_cost").and_then(|field| field.integer()) {
        hashes.max_bcrypt_cost = u32::try_from(cost).unwrap_or(hashes.max_bcrypt_cost);
    }
    section.finish();
    limits
}
