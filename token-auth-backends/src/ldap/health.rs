//! What is remembered of a server that failed.

use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use token_auth_core::Password;
use tokio::time::Instant;

use super::LdapTimeouts;

/// What is remembered of a server that failed, so that not everyone waits for it in vain.
#[derive(Default)]
pub(super) struct Health(Mutex<State>);

#[derive(Default)]
struct State {
    /// In a row.
    failures: u32,
    retry_at: Option<Instant>,
    answered_at: Option<Instant>,
    /// Someone is trying whether it is there again.
    on_trial: bool,
    /// It failed since it does not answer, and not since it, or a file of ours, did not let us.
    away: bool,
    /// The password that the server refused. It is not tried early: the directory may lock the account.
    refused: Option<Password>,
}

/// Why a server failed.
pub(super) enum Cause {
    /// It does not answer.
    Away,
    /// It refused this password; or a file of ours cannot be used.
    Refused(Option<Password>),
}

/// How a server stands, for one who would ask it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Standing {
    Well,
    /// It failed; the one who is told this tries it, and nobody else meanwhile.
    OnTrial,
    /// It failed, or someone else is trying it.
    Away,
}

impl Health {
    /// Whether to ask the server now. In need, when there is no other, it is tried before its time.
    pub(super) fn standing(&self, in_need: bool) -> Standing {
        let mut state = self.lock();
        let Some(retry_at) = state.retry_at else { return Standing::Well };
        let its_time = Instant::now() >= retry_at || (in_need && state.refused.is_none());
        match its_time && !state.on_trial {
            true => {
                state.on_trial = true;
                Standing::OnTrial
            }
            false => Standing::Away,
        }
    }

    /// The password that was refused, if the server waits for another one.
    pub(super) fn refused(&self) -> Option<Password> {
        self.lock().refused.clone()
    }

    /// Another password is at hand: no reason to wait any longer.
    pub(super) fn forgive(&self) {
        self.lock().refused = None;
    }

    /// Whether it did not answer, and has not since. One that refuses a password has answered.
    pub(super) fn is_away(&self) -> bool {
        let state = self.lock();
        state.retry_at.is_some() && state.away
    }

    /// It answered; the answer is whether it had failed before.
    pub(super) fn answered(&self) -> bool {
        let mut state = self.lock();
        let recovered = state.retry_at.is_some();
        if recovered {
            *state = State::default();
        }
        state.answered_at = Some(Instant::now());
        recovered
    }

    /// Whether it has answered anyone since.
    pub(super) fn has_answered_since(&self, moment: Instant) -> bool {
        self.lock().answered_at.is_some_and(|answered_at| answered_at > moment)
    }

    /// It failed. The answer is how long it is not asked.
    pub(super) fn failed(&self, timeouts: &LdapTimeouts, cause: Cause) -> Duration {
        let mut state = self.lock();
        let pause = timeouts.retry.saturating_mul(1 << state.failures.min(16)).min(timeouts.max_retry);
        // Many may find out at once that a server is gone: that is one failure.
        let known = state.retry_at.is_some_and(|retry_at| Instant::now() < retry_at) && !state.on_trial;
        if !known {
            state.failures = state.failures.saturating_add(1);
            state.retry_at = Some(Instant::now() + pause);
        }
        state.on_trial = false;
        (state.away, state.refused) = match cause {
            Cause::Away => (true, None),
            Cause::Refused(password) => (false, password),
        };
        pause
    }

    /// The trial ended without a result.
    pub(super) fn acquit(&self) {
        self.lock().on_trial = false;
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test(start_paused = true)]
    async fn a_server_that_failed_is_tried_by_one_at_a_time() {
        let (health, timeouts) = (Health::default(), LdapTimeouts::default());
        assert_eq!(health.standing(false), Standing::Well);
        assert_eq!(health.failed(&timeouts, Cause::Away), Duration::from_secs(1));
        assert_eq!(health.standing(false), Standing::Away);
        assert_eq!(health.standing(true), Standing::OnTrial);
        assert_eq!(health.standing(true), Standing::Away, "someone tries it already");
        health.acquit();
        tokio::time::advance(Duration::from_secs(1)).await;
        assert_eq!(health.standing(false), Standing::OnTrial);
        assert!(health.answered() && !health.answered());
        assert_eq!(health.standing(false), Standing::Well);
    }

    #[tokio::test(start_paused = true)]
    async fn waits_longer_each_time() {
        let (health, timeouts) = (Health::default(), LdapTimeouts::default());
        for seconds in [1, 2, 4, 8, 16, 30, 30] {
            assert_eq!(health.failed(&timeouts, Cause::Away), Duration::from_secs(seconds));
            health.failed(&timeouts, Cause::Away);
            assert_eq!(health.standing(false), Standing::Away);
            tokio::time::advance(Duration::from_secs(seconds)).await;
            assert_eq!(health.standing(false), Standing::OnTrial);
        }
    }

    #[tokio::test(start_paused = true)]
    async fn a_refused_password_is_not_tried_early() {
        let (health, timeouts) = (Health::default(), LdapTimeouts::default());
        health.failed(&timeouts, Cause::Refused(Some(Password::new("old"))));
        assert_eq!((health.standing(true), health.is_away()), (Standing::Away, false));
        assert_eq!(health.refused(), Some(Password::new("old")));
        health.forgive();
        assert_eq!(health.standing(true), Standing::OnTrial);
    }
}
