//! One line a request.

use std::fmt::Write as _;
use std::time::Duration;

use aws_lc_rs::rand;
use http::{HeaderMap, Method, StatusCode};

use super::{REQUEST_ID, Refused};
use crate::{Record, TokenRequest};

/// What the line tells. Nothing here is, or holds, a secret.
pub(super) struct Line<'a> {
    pub(super) id: &'a str,
    pub(super) method: &'a Method,
    pub(super) request: Option<&'a TokenRequest>,
    pub(super) refused: Option<&'a Refused>,
    pub(super) record: &'a Record,
    pub(super) status: StatusCode,
    pub(super) elapsed: Duration,
}

/// Writes the line. Text that a client chose is recorded as a string, which subscribers quote: it cannot forge a line.
pub(super) fn write(line: &Line<'_>) {
    if !tracing::enabled!(target: "token_auth::access", tracing::Level::INFO) {
        return;
    }
    let record = line.record;
    let (mut asked, mut granted, mut rules) = (String::new(), String::new(), String::new());
    for (at, decision) in record.decisions.iter().enumerate() {
        let space = if at > 0 { " " } else { "" };
        let scope = &decision.scope;
        let _ = write!(asked, "{space}{scope}");
        let _ = write!(granted, "{space}{}:{}:{}", scope.resource_type(), scope.name(), decision.granted);
        let _ = write!(
            rules,
            "{}{}",
            if at > 0 { "; " } else { "" },
            decision.decided_by.as_deref().unwrap_or("none")
        );
    }
    if record.decisions.is_empty()
        && let Some(request) = line.request
    {
        for scope in request.scopes.scopes() {
            let _ = write!(asked, "{}{scope}", if asked.is_empty() { "" } else { " " });
        }
    }
    for error in line.request.map(|request| request.scopes.rejected()).unwrap_or_default() {
        let _ = write!(asked, "{}{}", if asked.is_empty() { "" } else { " " }, error.scope());
    }
    let refused = line.refused.map(ToString::to_string);
    tracing::info!(
        target: "token_auth::access",
        id = line.id,
        method = line.method.as_str(),
        status = line.status.as_u16(),
        account = record.account.as_deref(),
        claimed = if record.account.is_none() { line.request.map(TokenRequest::claimed_account) } else { None },
        address = line.request.and_then(|request| request.address).map(tracing::field::display),
        client = line.request.and_then(|request| request.client_id.as_deref()),
        service = line.request.map(|request| request.service.as_str()),
        asked = asked.as_str(),
        granted = granted.as_str(),
        decided_by = rules.as_str(),
        source = record.source.as_deref(),
        token_id = record.token_id.as_ref().map(tracing::field::display),
        reason = record.reason.as_deref().or(refused.as_deref()),
        micros = u64::try_from(line.elapsed.as_micros()).unwrap_or(u64::MAX),
        "token",
    );
}

/// What the log calls a request: the id that the proxy in front gave it (`X-Request-ID`), if it is a plain one; else a
/// random one.
pub fn request_id(headers: &HeaderMap) -> String {
    let given = headers.get(&REQUEST_ID);
    let plain = |id: &&str| {
        (1..=64).contains(&id.len())
            && id.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-_.".contains(&byte))
    };
    if let Some(id) = given.and_then(|value| value.to_str().ok()).filter(plain) {
        return id.to_owned();
    }
    let mut bits = [0; 8];
    // An id only helps to find a line again: without randomness it is zero, and the token itself fails.
    let _ = rand::fill(&mut bits);
    format!("{:016x}", u64::from_be_bytes(bits))
}
