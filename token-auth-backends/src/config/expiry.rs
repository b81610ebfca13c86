//! When the certificate that tokens carry ends: what a running server says of it, in time and once each time.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, SystemTime};

use super::Finding;
use super::finding::Spot;

const DAY: Duration = Duration::from_secs(24 * 60 * 60);
/// How long before the end something is said; the last time is the end itself.
const BEFORE: [Duration; 4] =
    [Duration::from_secs(30 * DAY.as_secs()), Duration::from_secs(7 * DAY.as_secs()), DAY, Duration::ZERO];

/// The end of the certificate that tokens carry. Loading a configuration says how it stands then; this says what has changed
/// since, 30, 7 and 1 days before the end and when it is there.
///
/// ```
/// use std::time::SystemTime;
/// use token_auth_backends::config::Loaded;
///
/// /// To be called now and then, once a minute for example.
/// fn look(loaded: &Loaded) {
///     if let Some(finding) = loaded.expiry.as_ref().and_then(|expiry| expiry.due(SystemTime::now())) {
///         eprintln!("warning: {finding}");
///     }
/// }
/// ```
#[derive(Clone, Debug)]
pub struct CertificateExpiry(Arc<Inner>);

#[derive(Debug)]
struct Inner {
    spot: Spot,
    file: String,
    end: SystemTime,
    /// How many times of [`BEFORE`] have been said.
    said: AtomicUsize,
}

impl CertificateExpiry {
    /// What there was to say until `now` has been said.
    pub(super) fn new(spot: Spot, file: String, end: SystemTime, now: SystemTime) -> Self {
        let this = Self(Arc::new(Inner { spot, file, end, said: AtomicUsize::new(0) }));
        this.0.said.store(this.reached(now), Ordering::Relaxed);
        this
    }

    /// The last moment at which all certificates that tokens carry are valid.
    pub fn end(&self) -> SystemTime {
        self.0.end
    }

    /// What is to be said now, unless it was said before.
    pub fn due(&self, now: SystemTime) -> Option<Finding> {
        let reached = self.reached(now);
        let said = self.0.said.fetch_max(reached, Ordering::Relaxed);
        (reached > said).then(|| self.0.spot.finding(format!("{}: {}", self.0.file, self.message(now))))
    }

    /// How many times of [`BEFORE`] have come.
    fn reached(&self, now: SystemTime) -> usize {
        let come = |before: &&Duration| self.0.end.checked_sub(**before).is_none_or(|time| time < now);
        BEFORE.iter().filter(come).count()
    }

    fn message(&self, now: SystemTime) -> String {
        const RENEW: &str = "make a new one for the same key and give it to the registries";
        match self.0.end.duration_since(now) {
            Ok(left) if left >= DAY => {
                let days = left.as_secs().div_ceil(DAY.as_secs());
                format!("the certificate that tokens carry expires within {days} days: {RENEW}")
            }
            Ok(left) => {
                let hours = left.as_secs().div_ceil(60 * 60);
                format!("the certificate that tokens carry expires within {hours} hours: {RENEW}")
            }
            Err(_) => format!(
                "the certificate that tokens carried has expired: from now on they carry the key id alone, and registries that \
                 do not know it refuse them: {RENEW}"
            ),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::yaml::Position;
    use super::*;

    const HOUR: u64 = 60 * 60;

    #[test]
    fn each_time_is_said_once() {
        let end = SystemTime::UNIX_EPOCH + Duration::from_secs(2_000_000_000);
        let before = |hours: u64| end - Duration::from_secs(hours * HOUR);
        let spot = Spot::new(&"auth.yml".into(), Position { line: 7, column: 1 }, "token.certificate");
        let expiry = |now| CertificateExpiry::new(spot.clone(), "auth.pem".to_owned(), end, now);
        let long = expiry(before(31 * 24));
        for (now, said) in [
            (before(30 * 24 + 1), None),
            (before(30 * 24), None),
            (before(30 * 24 - 1), Some("within 30 days")),
            (before(8 * 24), None),
            (before(7 * 24 - 1), Some("within 7 days")),
            (before(7 * 24 - 2), None),
            // The clock was set back.
            (before(40 * 24), None),
            (before(23), Some("within 23 hours")),
            (before(0), None),
            (end + Duration::from_secs(1), Some("has expired")),
            (end + Duration::from_secs(HOUR), None),
        ] {
            let found = long.due(now).map(|finding| finding.to_string());
            assert_eq!(found.is_some(), said.is_some(), "{found:?}");
            if let (Some(found), Some(said)) = (found, said) {
                assert!(
                    found.starts_with("auth.yml:7: token.certificate: auth.pem: the certificate"),
                    "{found}"
                );
                assert!(found.contains(said), "{found}");
            }
        }
        // What was reached when it was loaded has been said then; what is passed over is said at once, and once.
        assert_eq!(expiry(before(20 * 24)).due(before(19 * 24)), None);
        let late = expiry(before(20 * 24));
        assert!(late.due(before(5)).unwrap().message().contains("within 5 hours"));
        assert_eq!(late.due(before(4)), None);
        assert_eq!(expiry(end + Duration::from_secs(1)).due(end + Duration::from_secs(9)), None);
        assert_eq!(long.end(), end);
    }
}
