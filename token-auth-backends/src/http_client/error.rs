//! Why something was not fetched.

/// Why there is no answer. Shows neither the path nor the query of what was asked: they may hold a code or a token.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum HttpError {
    /// The client cannot be made.
    #[error("cannot set up the HTTP client")]
    Setup(#[source] reqwest::Error),
    /// Certificates were given, and there is none among them.
    #[error("there is no certificate in the given PEM")]
    NoCertificate,
    /// Nobody answered in time.
    #[error("{host} did not answer in time")]
    TimedOut {
        /// Who was asked.
        host: String,
    },
    /// The connection or the answer failed.
    #[error("cannot ask {host}")]
    Exchange {
        /// Who was asked.
        host: String,
        /// Why.
        #[source]
        source: reqwest::Error,
    },
    /// The answer is longer than it may be.
    #[error("the answer of {host} is longer than {limit} bytes")]
    TooLong {
        /// Who was asked.
        host: String,
        /// The limit.
        limit: usize,
    },
}

impl HttpError {
    /// Whether nothing of the request was sent: no connection came about. Then it may be sent again, whatever it asks for.
    pub fn is_unsent(&self) -> bool {
        matches!(self, Self::Exchange { source, .. } if source.is_connect())
    }

    pub(super) fn setup(error: reqwest::Error) -> Self {
        Self::Setup(error)
    }

    pub(super) fn exchange(host: &str, error: reqwest::Error) -> Self {
        let host = host.to_owned();
        match error.is_timeout() {
            true => Self::TimedOut { host },
            false => Self::Exchange { host, source: error.without_url() },
        }
    }
}
