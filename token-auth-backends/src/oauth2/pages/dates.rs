//! Times as people read them, and as logs have them. All in UTC.

use std::time::SystemTime;

use time::OffsetDateTime;
use time::format_description::well_known::Rfc3339;

/// `1 January 2027`
pub(super) fn day(time: SystemTime) -> String {
    of(time).map_or_else(beyond, |time| format!("{} {} {}", time.day(), time.month(), time.year()))
}

/// `1 January 2027, 08:00 UTC`
pub(super) fn minute(time: SystemTime) -> String {
    let clock = |time: OffsetDateTime| format!("{:02}:{:02} UTC", time.hour(), time.minute());
    of(time).map_or_else(beyond, |known| format!("{}, {}", day(time), clock(known)))
}

/// `2027-01-01T08:00:00Z`
pub(super) fn rfc3339(time: SystemTime) -> String {
    of(time).and_then(|time| time.format(&Rfc3339).ok()).unwrap_or_else(beyond)
}

fn of(time: SystemTime) -> Option<OffsetDateTime> {
    let since = time.duration_since(SystemTime::UNIX_EPOCH).ok()?.as_secs();
    OffsetDateTime::from_unix_timestamp(i64::try_from(since).ok()?).ok()
}

fn beyond() -> String {
    "a time beyond all calendars".to_owned()
}

#[cfg(test)]
mod tests {
    use std::time::{Duration, UNIX_EPOCH};

    use super::*;

    #[test]
    fn times_are_told() {
        let time = UNIX_EPOCH + Duration::from_secs(1_800_000_000);
        assert_eq!(day(time), "15 January 2027");
        assert_eq!(minute(time), "15 January 2027, 08:00 UTC");
        assert_eq!(rfc3339(time), "2027-01-15T08:00:00Z");
        assert_eq!(day(UNIX_EPOCH + Duration::from_secs(1 << 50)), "a time beyond all calendars");
    }
}
