//! Password hashes, and their verification off the reactor.
//!
//! [`PasswordHash`] is a stored hash, parsed once. [`PasswordVerifier`] computes hashes on the blocking pool, a bounded
//! number at once, remembers what was verified for a few minutes, and computes simultaneous checks of one credential
//! once. Networks take turns: whoever asks much waits for themselves.
//!
//! | prefix | scheme | feature |
//! |---|---|---|
//! | `$2a$` `$2b$` `$2y$` | bcrypt | `password` |
//! | `$argon2id$` `$argon2i$` `$argon2d$` | Argon2, in the PHC string format | `argon2` |
//! | `$5$` `$6$` | SHA-crypt | `sha-crypt` |

#[cfg(feature = "argon2")]
mod argon2;
mod bcrypt;
mod cache;
mod error;
mod flight;
mod hash;
#[cfg(feature = "sha-crypt")]
mod sha_crypt;
#[cfg(test)]
pub(crate) mod tests;
mod verifier;

pub use error::HashError;
pub use hash::{HashLimits, PasswordHash};
pub use verifier::{PasswordVerifier, VerifierOptions};
