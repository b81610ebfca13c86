//! What a client presents to say who it is.

use std::fmt;

use zeroize::Zeroizing;

/// A password, wiped when dropped; its `Debug` says `[redacted]`.
#[derive(Clone, PartialEq, Eq)]
pub struct Password(Zeroizing<String>);

impl Password {
    /// Takes a password in.
    pub fn new(secret: impl Into<String>) -> Self {
        Self(Zeroizing::new(secret.into()))
    }

    /// The password itself. Compare it through a password hash or in constant time, and never print it.
    pub fn expose(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for Password {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Password([redacted])")
    }
}

/// What a client presents to say who it is.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Credentials {
    /// Nothing. An authenticator may accept this as its anonymous account, whose name is empty.
    Anonymous,
    /// A user name and a password. Either may be empty: what that means is the authenticator's to say.
    Password {
        /// The name as the client wrote it.
        username: String,
        /// The password.
        password: Password,
    },
    /// A refresh token, in the grant that is made for it (RFC 6749, section 6). Only the service that issued it can tell
    /// whose it is.
    RefreshToken(Password),
    /// A token of another issuer, as `Authorization: Bearer …` (RFC 6750) or as the `subject_token` of a token exchange
    /// (RFC 8693): a build job's OpenID Connect token, say. Whoever accepts it has verified its issuer and audience.
    Bearer(Password),
}

impl Credentials {
    /// User name and password.
    pub fn password(username: impl Into<String>, password: impl Into<String>) -> Self {
        Self::Password { username: username.into(), password: Password::new(password) }
    }

    /// The name that the client gave; empty if it gave none. A claim until an authenticator has accepted it.
    pub fn username(&self) -> &str {
        match self {
            Self::Anonymous | Self::RefreshToken(_) | Self::Bearer(_) => "",
            Self::Password { username, .. } => username,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn debug_of_credentials_hides_the_password() {
        let shown = format!("{:?}", Credentials::password("alice", "hunter2"));
        assert!(shown.contains("alice") && shown.contains("[redacted]"), "{shown}");
        assert!(!shown.contains("hunter2"), "{shown}");
    }
}
