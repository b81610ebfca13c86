//! Times as records, tokens and the wire have them.

use std::time::{SystemTime, UNIX_EPOCH};

/// Whole seconds since the Unix epoch; 0 for all time before.
///
/// ```
/// use std::time::{Duration, UNIX_EPOCH};
///
/// assert_eq!(token_auth_core::unix_seconds(UNIX_EPOCH + Duration::from_millis(1_700)), 1);
/// assert_eq!(token_auth_core::unix_seconds(UNIX_EPOCH - Duration::from_secs(1)), 0);
/// ```
pub fn unix_seconds(time: SystemTime) -> u64 {
    time.duration_since(UNIX_EPOCH).map_or(0, |since| since.as_secs())
}
