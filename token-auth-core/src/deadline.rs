//! When an answer comes too late.

use std::time::{Duration, Instant};

/// When an answer comes too late to be of use, if there is such a moment.
///
/// Made where a request comes in, and handed to everyone who is asked on its behalf. It is a value: whoever waits reads their
/// own clock, and gives up with an `Err`, since "too late" is no outcome.
///
/// ```
/// use std::time::{Duration, Instant};
/// use token_auth_core::Deadline;
///
/// let now = Instant::now();
/// let deadline = Deadline::at(now + Duration::from_secs(5));
/// assert_eq!(deadline.remaining(now), Some(Duration::from_secs(5)));
/// assert_eq!(deadline.bound(Duration::from_secs(10), now), Duration::from_secs(5));
/// assert_eq!(Deadline::NONE.bound(Duration::from_secs(10), now), Duration::from_secs(10));
/// ```
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Deadline(Option<Instant>);

impl Deadline {
    /// Nobody waits.
    pub const NONE: Self = Self(None);

    /// This moment.
    pub const fn at(moment: Instant) -> Self {
        Self(Some(moment))
    }

    /// The moment, if there is one.
    pub const fn moment(self) -> Option<Instant> {
        self.0
    }

    /// How much time is left at `now`: nothing more than zero once it has passed, `None` where there is no deadline.
    pub fn remaining(self, now: Instant) -> Option<Duration> {
        self.0.map(|moment| moment.saturating_duration_since(now))
    }

    /// As long as `limit`, or what is left at `now` if that is less: for whoever has a time-out of their own.
    pub fn bound(self, limit: Duration, now: Instant) -> Duration {
        self.remaining(now).map_or(limit, |left| left.min(limit))
    }
}
