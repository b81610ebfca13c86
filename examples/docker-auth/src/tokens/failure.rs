//! Why there is no answer to a command.

use http::StatusCode;
use token_auth_backends::core::{BackendError, CreateTokenError};

/// Why there is no answer.
#[derive(Debug, thiserror::Error)]
#[error("{message}")]
pub struct Failure {
    status: StatusCode,
    message: String,
    allow: Option<&'static str>,
}

impl Failure {
    pub(crate) fn new(status: StatusCode, message: impl Into<String>) -> Self {
        Self { status, message: message.into(), allow: None }
    }

    pub(super) fn invalid(message: impl Into<String>) -> Self {
        Self::new(StatusCode::BAD_REQUEST, message)
    }

    pub(super) fn not_found(message: impl Into<String>) -> Self {
        Self::new(StatusCode::NOT_FOUND, message)
    }

    /// Only these methods can be used here.
    pub(super) fn method(allow: &'static str) -> Self {
        let message = format!("use {allow}");
        Self { allow: Some(allow), ..Self::new(StatusCode::METHOD_NOT_ALLOWED, message) }
    }

    /// What it is over HTTP.
    pub fn status(&self) -> StatusCode {
        self.status
    }

    pub(super) fn allow(&self) -> Option<&'static str> {
        self.allow
    }
}

impl From<BackendError> for Failure {
    fn from(error: BackendError) -> Self {
        Self::new(StatusCode::SERVICE_UNAVAILABLE, error.to_string())
    }
}

impl From<CreateTokenError> for Failure {
    fn from(error: CreateTokenError) -> Self {
        match error {
            CreateTokenError::Unavailable(error) => error.into(),
            CreateTokenError::UnknownAccount(_) => Self::not_found(error.to_string()),
            error => Self::invalid(error.to_string()),
        }
    }
}
