//! Which rules count: those that the table was last seen to hold, as long as that is recent enough.

use std::sync::Arc;
use std::time::Duration;

use aws_lc_rs::digest::Digest;
use token_auth_core::acl::Acl;
use tokio::time::Instant;

/// What is known of the table.
#[derive(Clone, Default)]
pub(super) struct Standing {
    pub(super) good: Option<Good>,
    /// Why the last reading brought no rules, if it did not.
    pub(super) failure: Option<Failure>,
}

/// Rules that were in the table.
#[derive(Clone)]
pub(super) struct Good {
    pub(super) acl: Arc<Acl>,
    pub(super) digest: Digest,
    /// When they were last seen there.
    pub(super) seen: Instant,
}

#[derive(Clone)]
pub(super) struct Failure {
    pub(super) kind: FailureKind,
    pub(super) said: Arc<str>,
    pub(super) at: Instant,
}

#[derive(Clone, Copy)]
pub(super) enum FailureKind {
    /// The database could not be asked.
    Away,
    /// There are rows that are no rules; altogether they have this digest.
    Wrong(Digest),
}

/// How long rules count after they were last seen in the table.
#[derive(Clone, Copy, Debug)]
pub(super) struct Lifetimes {
    pub(super) fresh: Duration,
    /// And how much longer, while the database is away.
    pub(super) while_away: Duration,
    /// And how much longer, while there are wrong rows.
    pub(super) while_wrong: Duration,
}

impl Standing {
    /// The rules that count now, if there are any.
    pub(super) fn rules(&self, lifetimes: &Lifetimes, now: Instant) -> Option<&Arc<Acl>> {
        let good = self.good.as_ref()?;
        let further = match self.failure.as_ref().map(|failure| failure.kind) {
            None => Duration::ZERO,
            Some(FailureKind::Away) => lifetimes.while_away,
            Some(FailureKind::Wrong(_)) => lifetimes.while_wrong,
        };
        let age = now.saturating_duration_since(good.seen);
        (age < lifetimes.fresh.saturating_add(further)).then_some(&good.acl)
    }
}

#[cfg(test)]
mod tests {
    use aws_lc_rs::digest::{SHA256, digest};

    use super::*;

    #[test]
    fn rules_count_as_long_as_it_is_said() {
        let lifetimes = Lifetimes {
            fresh: Duration::from_secs(60),
            while_away: Duration::from_secs(10),
            while_wrong: Duration::from_secs(600),
        };
        let seen = Instant::now();
        let acl = Arc::new(Acl::new([]).unwrap());
        let good = Good { acl, digest: digest(&SHA256, b""), seen };
        let wrong = FailureKind::Wrong(digest(&SHA256, b"x"));
        for (kind, last) in [(None, 59), (Some(FailureKind::Away), 69), (Some(wrong), 659)] {
            let failure = kind.map(|kind| Failure { kind, said: "".into(), at: seen });
            let standing = Standing { good: Some(good.clone()), failure };
            let at = |seconds| standing.rules(&lifetimes, seen + Duration::from_secs(seconds)).is_some();
            assert!(at(0) && at(last) && !at(last + 1), "{last}");
        }
        assert!(Standing::default().rules(&lifetimes, seen).is_none());
    }
}
