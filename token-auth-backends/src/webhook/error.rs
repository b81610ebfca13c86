//! Why a service has given no answer.

use std::io;
use std::time::Duration;

use crate::http_client::{AddressError, HttpError};

/// Why a service has given no answer. Shows neither what it was asked nor what it has answered.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum WebhookError {
    /// The address is not one that is asked.
    #[error("the address {0}")]
    Address(#[from] AddressError),
    /// Nobody can be asked for identities in this form.
    #[error("AuthZEN has no question for a login: it is for what accounts may do")]
    NoLogins,
    /// The system gives no randomness for the keys of its memory.
    #[error("the system gives no random key")]
    NoRandomness,
    /// The file with the bearer token cannot be read.
    #[error("cannot read the file with the bearer token")]
    BearerFile(#[source] io::Error),
    /// There was no answer.
    #[error(transparent)]
    Http(#[from] HttpError),
    /// There was no answer in time.
    #[error("no answer within {} ms", .0.as_millis())]
    TimedOut(Duration),
    /// Too many are waiting for their turn.
    #[error("too many are waiting for it")]
    Busy,
    /// It has failed too often, and is left alone.
    #[error("it has failed {failures} times in a row, and is not asked for another {} ms", .pause.as_millis())]
    LeftAlone {
        /// How often it has failed.
        failures: u32,
        /// How long it is left alone.
        pause: Duration,
    },
    /// The answer's status is not 200.
    #[error("HTTP status {0}")]
    Status(u16),
    /// The answer is no JSON.
    #[error("the answer's Content-Type is not application/json")]
    ContentType,
    /// The answer is not one.
    #[error("the answer cannot be read: {0}")]
    Answer(String),
}

impl WebhookError {
    /// Where an answer is wrong, and nothing of what it says.
    pub(super) fn unreadable(error: &serde_json::Error) -> Self {
        let (line, column) = (error.line(), error.column());
        let problem = match error.classify() {
            serde_json::error::Category::Data => "it is not of the form that is documented",
            _ => "it is not one JSON document",
        };
        Self::Answer(format!("{problem} (line {line}, column {column})"))
    }
}
