//! Why the directory gave no answer, and what that tells of its servers.

use std::time::Duration;

use super::wire::{Outcome, Trouble};

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
    /// There was no answer in time. Whether the server is away, others know who asked it meanwhile.
    Late,
    /// The server does not answer, says that it is going, or talks nonsense. Another one may do better.
    Away,
    /// The server has too much to do, or there was no time left to ask it: nothing is wrong with it.
    Busy,
    /// The server does not let the service account in, or a file of ours that is needed to ask it cannot be used.
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
        Self::new(Kind::Late, format!("{what}: no answer within {} ms", limit.as_millis()))
    }

    /// There was no answer.
    pub(super) fn of_trouble(what: &str, trouble: &Trouble) -> Self {
        let kind = match trouble {
            Trouble::Connection(_) => Kind::Closed,
            Trouble::Malformed | Trouble::NoTls(_) => Kind::Away,
            Trouble::TooLarge(..) => Kind::Answered,
        };
        Self::new(kind, format!("{what}: {}", shortened(&trouble.to_string())))
    }

    /// The server answered with something else than success.
    pub(super) fn of_result(what: &str, result: &Outcome) -> Self {
        let (kind, hint) = match result.code {
            3 => (Kind::Answered, " (it gave up: the search may need an index)"),
            4 | 11 => (Kind::Answered, " (more entries than it may give)"),
            8 | 13 => (Kind::Answered, " (it wants TLS)"),
            10 => (Kind::Answered, " (it refers to another server; referrals are not followed)"),
            32 => (Kind::Answered, " (there is no such base, or the searching account may not see it)"),
            51 => (Kind::Busy, ""),
            52 => (Kind::Away, ""),
            _ => (Kind::Answered, ""),
        };
        Self::new(kind, format!("{what}: {result}{hint}"))
    }

    pub(super) fn on(self, server: impl std::fmt::Display) -> Self {
        Self { message: format!("{server}: {}", self.message), ..self }
    }

    pub(super) fn with_kind(self, kind: Kind) -> Self {
        Self { kind, ..self }
    }
}

/// One line, and not a long one: it goes to a log.
pub(super) fn shortened(text: &str) -> String {
    text.chars().take(200).map(|c| if c.is_control() { ' ' } else { c }).collect()
}
