use std::borrow::Cow;
use std::error::Error as StdError;

/// A backend could not answer: the directory is away, the program crashed, the database refused.
///
/// Not an outcome: "wrong password" and "no such user" are values of [`Authn`](crate::Authn). An error stops the chain
/// and the client gets 503 without any of this text, which goes to the operator's log. Never put a secret into it.
///
/// ```
/// use token_auth_core::BackendError;
///
/// let error = BackendError::new("ldap", "no answer within 5 s");
/// assert_eq!(error.to_string(), "ldap: no answer within 5 s");
/// ```
#[derive(Debug, thiserror::Error)]
#[error("{backend}: {source}")]
pub struct BackendError {
    backend: Cow<'static, str>,
    source: Box<dyn StdError + Send + Sync>,
}

impl BackendError {
    /// An error of the named backend, from its cause (an error, or a text).
    pub fn new(
        backend: impl Into<Cow<'static, str>>,
        source: impl Into<Box<dyn StdError + Send + Sync>>,
    ) -> Self {
        Self { backend: backend.into(), source: source.into() }
    }

    /// The same error, with the source named in whose name this backend was asked.
    pub(crate) fn of_source(self, id: &str) -> Self {
        match *self.backend == *id {
            true => self,
            false => Self { backend: format!("{id}: {}", self.backend).into(), ..self },
        }
    }

    /// Which backend could not answer.
    pub fn backend(&self) -> &str {
        &self.backend
    }
}
