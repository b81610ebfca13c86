//! Why a text is no password hash that is taken.

/// Why a text is not a usable password hash. Never contains the text.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum HashError {
    /// There is no text.
    #[error("the password hash is empty: make one with `htpasswd -nB NAME`")]
    Empty,
    /// A scheme that is known and too weak.
    #[error("{0} passwords are not accepted: make a bcrypt hash with `htpasswd -nB NAME`")]
    Weak(&'static str),
    /// `$2x$`: made by a library that lost bits of characters above 127, so that different passwords match.
    #[error("$2x$ marks hashes of a broken bcrypt: make a new one with `htpasswd -nB NAME`")]
    BrokenBcrypt,
    /// The scheme is known, but the feature that reads it is not enabled.
    #[error("this build lacks the feature `{0}` that reads this password hash")]
    Disabled(&'static str),
    /// The scheme is recognized, the rest is not in its form.
    #[error("malformed {scheme} hash: {problem}")]
    Malformed {
        /// The scheme that its beginning names.
        scheme: &'static str,
        /// What is wrong with it.
        problem: &'static str,
    },
    /// Checking it would take longer, or more memory, than [`HashLimits`](super::HashLimits) allow.
    #[error("{parameter} {value} is above the limit of {maximum}: make a cheaper hash or raise the limit")]
    TooExpensive {
        /// The parameter of the scheme.
        parameter: &'static str,
        /// Its value in the hash.
        value: u64,
        /// The highest value allowed.
        maximum: u64,
    },
    /// It does not look like a hash at all: perhaps the password itself.
    #[error("this is not a password hash that is known here: make one with `htpasswd -nB NAME`")]
    Unknown,
}
