//! Why an issuer's keys are not known.

use token_auth_core::token::KeyError;

use crate::http_client::HttpError;

/// Why there are no keys of an issuer. For the operator's log.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum KeysError {
    /// Nobody answered.
    #[error(transparent)]
    Http(#[from] HttpError),
    /// The answer is not 200.
    #[error("{what}: HTTP status {status}")]
    Status {
        /// What was asked for.
        what: &'static str,
        /// What came.
        status: u16,
    },
    /// The discovery document cannot be read.
    #[error("the discovery document is not one")]
    NoDiscovery,
    /// The discovery document is that of another issuer.
    #[error("the discovery document is that of another issuer")]
    OtherIssuer,
    /// The name of the issuer cannot be one.
    #[cfg(feature = "workload")]
    #[error("the name of the issuer: {0}")]
    Name(token_auth_core::SourceError),
    /// The discovery document leads from an issuer with TLS to an endpoint without.
    #[error("the discovery document names an endpoint without TLS")]
    WithoutTls,
    /// The address is not one that is asked.
    #[cfg(feature = "workload")]
    #[error(transparent)]
    Address(#[from] crate::http_client::AddressError),
    /// The key set cannot be used.
    #[error("the key set cannot be used")]
    Keys(#[from] KeyError),
    /// The file with the credential for the issuer cannot be read.
    #[cfg(feature = "workload")]
    #[error("cannot read the file with the credential for the issuer: {0}")]
    TokenFile(std::io::Error),
    /// It failed a moment ago, and is not tried again yet.
    #[error("a moment ago: {0}")]
    Recent(String),
}
