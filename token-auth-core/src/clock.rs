//! Time and randomness as things that are handed in, so that whoever tests the outcome controls them.

use std::time::SystemTime;

use aws_lc_rs::rand;
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;

use crate::BackendError;

/// What time it is.
///
/// ```
/// use std::time::{Duration, SystemTime};
/// use token_auth_core::Clock;
///
/// let stopped = || SystemTime::UNIX_EPOCH + Duration::from_secs(1_700_000_000);
/// assert_eq!(Clock::now(&stopped), stopped());
/// ```
pub trait Clock: Send + Sync {
    /// The present time.
    fn now(&self) -> SystemTime;
}

impl<F: Fn() -> SystemTime + Send + Sync> Clock for F {
    fn now(&self) -> SystemTime {
        self()
    }
}

/// The clock of the operating system.
#[derive(Clone, Copy, Debug, Default)]
pub struct SystemClock;

impl Clock for SystemClock {
    fn now(&self) -> SystemTime {
        SystemTime::now()
    }
}

/// Where the `jti` of each token comes from.
pub trait TokenIds: Send + Sync {
    /// An id that no other token has, and that nobody can guess.
    ///
    /// # Errors
    ///
    /// When there is no randomness to be had.
    fn next_id(&self) -> Result<String, BackendError>;
}

impl<F: Fn() -> String + Send + Sync> TokenIds for F {
    fn next_id(&self) -> Result<String, BackendError> {
        Ok(self())
    }
}

/// 128 random bits, base64url.
#[derive(Clone, Copy, Debug, Default)]
pub struct RandomIds;

impl TokenIds for RandomIds {
    fn next_id(&self) -> Result<String, BackendError> {
        let mut bits = [0; 16];
        rand::fill(&mut bits).map_err(|_| BackendError::new("token ids", "the system has no randomness"))?;
        Ok(URL_SAFE_NO_PAD.encode(bits))
    }
}
