use std::time::Duration;

use ldap3::{LdapError, LdapResult};

/// Why the directory gave no answer that can be used. Holds no secret: what a server says is shown in part only.
#[derive(Clone, Debug, thiserror::Error)]
#[error("{message}")]
pub(super) struct Failure {
    pub(super) kind: Kind,
    message: String,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    /// The connection ended. If it lay idle before, that tells nothing of the server.
    Closed,
    /// The server does not answer, or says that it cannot now. Another one may.
    Away,
    /// The server does not let the service account in.
    Refused,
    /// The server answered, and another one would answer the same.
    Answered,
}

impl Failure {
    pub(super) fn new(kind: Kind, message: impl Into<String>) -> Self {
        Self { kind, message: message.into() }
    }

    pub(super) fn answered(message: impl Into<String>) -> Self {
        Self::new(Kind::Answered, message)
    }

    pub(super) fn late(what: &str, limit: Duration) -> Self {
        Self::new(Kind::Away, format!("{what}: no answer within {} ms", limit.as_millis()))
    }

    /// The connection failed.
    pub(super) fn of_connection(what: &str, error: &LdapError) -> Self {
        let why = match error {
            LdapError::Io { source } => source.to_string(),
            LdapError::LdapResult { result } => said(result),
            LdapError::OpSend { .. } | LdapError::ResultRecv { .. } | LdapError::EndOfStream => {
                "the connection was closed".to_owned()
            }
            other => other.to_string(),
        };
        Self::new(Kind::Closed, format!("{what}: {}", shortened(&why)))
    }

    /// The server answered with something else than success.
    pub(super) fn of_result(what: &str, result: &LdapResult) -> Self {
        let (kind, hint) = match result.rc {
            3 => (Kind::Answered, " (it gave up: the search may need an index)"),
            4 | 11 => (Kind::Answered, " (more entries than it may give)"),
            8 | 13 => (Kind::Answered, " (it wants TLS)"),
            10 => (Kind::Answered, " (it refers to another server; referrals are not followed)"),
            32 => (Kind::Answered, " (there is no such base, or the searching account may not see it)"),
            // Busy, unavailable.
            51 | 52 => (Kind::Away, ""),
            _ => (Kind::Answered, ""),
        };
        Self::new(kind, format!("{what}: {}{hint}", said(result)))
    }

    pub(super) fn on(self, server: impl std::fmt::Display) -> Self {
        Self { message: format!("{server}: {}", self.message), ..self }
    }

    pub(super) fn with_kind(self, kind: Kind) -> Self {
        Self { kind, ..self }
    }
}

/// The result's name and number, and what the server says about it.
pub(super) fn said(result: &LdapResult) -> String {
    let shown = result.to_string();
    let name =
        shown.split_once('(').and_then(|(_, rest)| rest.split_once(')')).map_or("unknown", |(name, _)| name);
    let text = shortened(result.text.trim_matches(['\0', ' ', '\n']));
    match text.is_empty() {
        true => format!("result {} ({name})", result.rc),
        false => format!("result {} ({name}): {text}", result.rc),
    }
}

/// One line, and not a long one: it goes to a log.
fn shortened(text: &str) -> String {
    text.chars().take(200).map(|c| if c.is_control() { ' ' } else { c }).collect()
}
