//! Why a token is not believed.

/// Why a token is refused: for the log. The client is told 401, and a new challenge. Nothing of the token is in it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, thiserror::Error)]
#[non_exhaustive]
pub enum VerifyError {
    /// It is longer than tokens may be.
    #[error("the token is longer than {limit} bytes")]
    TooLong {
        /// How many are allowed.
        limit: usize,
    },
    /// It is not a JWT, or lacks a claim that must be there.
    #[error("the token is malformed")]
    Malformed,
    /// It is typed as something else than a JWT.
    #[error("the token is of another type")]
    Type,
    /// It demands that an extension be understood.
    #[error("the token has critical header parameters")]
    Critical,
    /// Its algorithm is not that of the key.
    #[error("the token's algorithm is not that of the key")]
    Algorithm,
    /// Its key id is that of no trusted key.
    #[error("the token is signed by an unknown key")]
    UnknownKey,
    /// Its signature is wrong.
    #[error("the token's signature is wrong")]
    Signature,
    /// It is of another issuer.
    #[error("the token is of another issuer")]
    Issuer,
    /// It is for another service.
    #[error("the token is for another audience")]
    Audience,
    /// It has expired.
    #[error("the token has expired")]
    Expired,
    /// It is not valid yet, or issued in the future.
    #[error("the token is not valid yet: are the clocks right?")]
    NotYet,
}
