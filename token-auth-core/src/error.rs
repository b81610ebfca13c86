//! A backend that could not answer, and errors in words.

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

/// An error in words with all that it was caused by, for a log: "cannot connect: no such host". What an error has already said of
/// its cause is not repeated.
///
/// ```
/// use std::io::Error;
/// use token_auth_core::{BackendError, with_causes};
///
/// let error = BackendError::new("ldap", Error::other("no such host"));
/// assert_eq!(with_causes(&error), "ldap: no such host");
/// ```
pub fn with_causes(error: &(dyn StdError + 'static)) -> String {
    let mut words = error.to_string();
    let mut cause = error.source();
    while let Some(error) = cause {
        let more = error.to_string();
        if !words.contains(&more) {
            words.push_str(": ");
            words.push_str(&more);
        }
        cause = error.source();
    }
    words
}

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(Debug, thiserror::Error)]
    #[error("{text}")]
    struct Link {
        text: &'static str,
        source: Option<Box<Link>>,
    }

    fn link(text: &'static str, source: Option<Link>) -> Link {
        Link { text, source: source.map(Box::new) }
    }

    #[test]
    fn causes_are_told_once() {
        for (error, words) in [
            (link("a", None), "a"),
            (link("one", Some(link("two", Some(link("three", None))))), "one: two: three"),
            (link("one: two", Some(link("two", Some(link("three", None))))), "one: two: three"),
        ] {
            assert_eq!(with_causes(&error), words);
        }
        let shown = BackendError::new("store", link("away", Some(link("no route", None))));
        assert_eq!(with_causes(&shown), "store: away: no route");
    }
}
