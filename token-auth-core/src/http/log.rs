//! One line a request.

use std::fmt::{self, Write as _};
use std::time::Duration;

use aws_lc_rs::rand;
use http::{HeaderMap, Method, StatusCode};
use tracing::Level;
use tracing::level_filters::LevelFilter;

use super::text::{Budget, LIST};
use super::{REQUEST_ID, Refused};
use crate::service::ScopeDecision;
use crate::{Record, TokenRequest};

/// What the line tells. Nothing here is, or holds, a secret, apart from tokens in the place of names: see [`Budget`].
pub(super) struct Line<'a> {
    pub(super) id: &'a str,
    pub(super) method: &'a Method,
    pub(super) request: Option<&'a TokenRequest>,
    pub(super) refused: Option<&'a Refused>,
    pub(super) record: &'a Record,
    pub(super) status: StatusCode,
    pub(super) elapsed: Duration,
    /// The level of what was denied.
    pub(super) denials: Level,
}

impl Line<'_> {
    fn level(&self) -> Level {
        match self.status {
            status if status.is_server_error() => Level::ERROR,
            StatusCode::UNAUTHORIZED | StatusCode::FORBIDDEN | StatusCode::TOO_MANY_REQUESTS => self.denials,
            _ => Level::INFO,
        }
    }

    /// What was asked for, also where nobody came to decide it.
    fn asked(&self) -> String {
        let decided = self.record.decisions.iter().map(|decision| &decision.scope as &dyn fmt::Display);
        let scopes = self.request.map(|request| &request.scopes);
        let undecided = match self.record.decisions.is_empty() {
            true => scopes.map(|scopes| scopes.scopes()).unwrap_or_default(),
            false => &[],
        };
        let undecided = undecided.iter().map(|scope| scope as &dyn fmt::Display);
        let rejected = scopes.map(|scopes| scopes.rejected()).unwrap_or_default().iter();
        let rejected: Vec<_> = rejected.map(|error| error.scope()).collect();
        let rejected = rejected.iter().map(|scope| scope as &dyn fmt::Display);
        joined(decided.chain(undecided).chain(rejected), " ")
    }

    fn granted(&self) -> String {
        let granted = |decision: &ScopeDecision| {
            let scope = &decision.scope;
            format!("{}:{}:{}", scope.resource_type(), scope.name(), decision.granted)
        };
        joined(self.record.decisions.iter().map(granted), " ")
    }

    fn rules(&self) -> String {
        let rule = |decision: &'_ ScopeDecision| decision.decided_by.as_deref().unwrap_or("none").to_owned();
        joined(self.record.decisions.iter().map(rule), "; ")
    }
}

/// Texts in a row; no more of them than a line can hold.
fn joined(texts: impl Iterator<Item = impl fmt::Display>, between: &str) -> String {
    let mut all = String::new();
    for text in texts {
        if all.len() > LIST {
            break;
        }
        let _ = write!(all, "{}{text}", if all.is_empty() { "" } else { between });
    }
    all
}

/// Writes the line. Text that a client chose is recorded as a string, which subscribers quote: it cannot forge a line.
pub(super) fn write(line: &Line<'_>) {
    let level = line.level();
    if level > LevelFilter::current() {
        return;
    }
    let (record, request) = (line.record, line.request);
    let account = record.account.as_deref();
    let mut budget = match account {
        Some(account) if !account.is_empty() => Budget::of_an_account(),
        _ => Budget::of_nobody(),
    };
    let claimed = request.filter(|_| account.is_none()).map(TokenRequest::claimed_account);
    let refused = line.refused.map(ToString::to_string);
    let reason = record.reason.as_deref().or(refused.as_deref());
    // In the order in which they matter where there is not room for all.
    let account = account.map(|text| budget.name(text));
    let claimed = claimed.map(|text| budget.name(text));
    let reason = reason.map(|text| budget.name(text));
    let client = request.and_then(|request| request.client_id.as_deref()).map(|text| budget.name(text));
    let service = request.map(|request| budget.name(&request.service));
    let (asked, granted, rules) = (line.asked(), line.granted(), line.rules());
    let (asked, granted, rules) = (budget.list(&asked), budget.list(&granted), budget.list(&rules));
    // The level of an event is a constant.
    macro_rules! event {
        ($($level:ident)*) => {
            match level {
                $(Level::$level => tracing::event!(
                    target: "token_auth::access",
                    Level::$level,
                    id = line.id,
                    method = line.method.as_str(),
                    status = line.status.as_u16(),
                    account = account.as_deref(),
                    claimed = claimed.as_deref(),
                    address = request.and_then(|request| request.address).map(tracing::field::display),
                    client = client.as_deref(),
                    service = service.as_deref(),
                    asked = &*asked,
                    granted = &*granted,
                    decided_by = &*rules,
                    source = record.source.as_deref(),
                    token_id = record.token_id.as_ref().map(tracing::field::display),
                    reason = reason.as_deref(),
                    micros = u64::try_from(line.elapsed.as_micros()).unwrap_or(u64::MAX),
                    "token",
                ),)*
            }
        };
    }
    event!(ERROR WARN INFO DEBUG TRACE);
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
