//! Leaves a service alone that does not answer, so that not everybody waits for it in vain.

use std::sync::{Mutex, MutexGuard, PoisonError};

use tokio::time::Instant;

use super::{BreakerOptions, WebhookError};

/// What is remembered of failures.
pub(super) struct Breaker {
    options: BreakerOptions,
    state: Mutex<State>,
}

#[derive(Default)]
struct State {
    /// In a row.
    failures: u32,
    /// It is left alone until then; and after that, as long as somebody tries it.
    retry_at: Option<Instant>,
    on_trial: bool,
}

/// The right to ask. Without a verdict it tells nothing: whoever asked went away.
pub(super) struct Pass<'a> {
    breaker: &'a Breaker,
    is_trial: bool,
}

impl Breaker {
    pub(super) fn new(options: BreakerOptions) -> Self {
        Self { options, state: Mutex::default() }
    }

    /// Whether to ask now. Of those who come after a pause, one tries it.
    pub(super) fn enter(&self) -> Result<Pass<'_>, WebhookError> {
        let mut state = self.lock();
        let Some(retry_at) = state.retry_at else { return Ok(Pass { breaker: self, is_trial: false }) };
        let pause = retry_at.saturating_duration_since(Instant::now());
        if !pause.is_zero() || state.on_trial {
            return Err(WebhookError::LeftAlone { failures: state.failures, pause });
        }
        state.on_trial = true;
        Ok(Pass { breaker: self, is_trial: true })
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Pass<'_> {
    /// It answered, whatever it said.
    pub(super) fn answered(self) {
        *self.breaker.lock() = State::default();
    }

    /// It did not.
    pub(super) fn failed(self) {
        let BreakerOptions { failures, pause, longest_pause } = self.breaker.options;
        let mut state = self.breaker.lock();
        // Many may find out at once that it is away: that is one failure more.
        if state.retry_at.is_some() && !self.is_trial {
            return;
        }
        state.failures = state.failures.saturating_add(1);
        if let Some(more) = state.failures.checked_sub(failures.max(1)) {
            let pause = pause.saturating_mul(1 << more.min(16)).min(longest_pause);
            state.retry_at = Some(Instant::now() + pause);
        }
    }
}

impl Drop for Pass<'_> {
    fn drop(&mut self) {
        if self.is_trial {
            self.breaker.lock().on_trial = false;
        }
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    fn pause(breaker: &Breaker) -> Option<u64> {
        match breaker.enter() {
            Err(WebhookError::LeftAlone { pause, .. }) => Some(pause.as_secs()),
            _ => None,
        }
    }

    #[tokio::test(start_paused = true)]
    async fn is_left_alone_for_longer_each_time() {
        let breaker = Breaker::new(BreakerOptions { failures: 3, ..BreakerOptions::default() });
        for _ in 0..2 {
            breaker.enter().unwrap().failed();
        }
        breaker.enter().unwrap().answered();
        for _ in 0..3 {
            assert_eq!(pause(&breaker), None);
            breaker.enter().unwrap().failed();
        }
        for seconds in [1, 2, 4, 8, 16, 30, 30] {
            assert_eq!(pause(&breaker), Some(seconds));
            tokio::time::advance(Duration::from_secs(seconds)).await;
            let trial = breaker.enter().unwrap();
            assert_eq!(pause(&breaker), Some(0), "somebody tries it already");
            trial.failed();
        }
        tokio::time::advance(Duration::from_secs(30)).await;
        drop(breaker.enter().unwrap());
        breaker.enter().unwrap().answered();
        assert_eq!(pause(&breaker), None);
    }

    #[tokio::test(start_paused = true)]
    async fn many_failures_at_once_are_one() {
        let breaker = Breaker::new(BreakerOptions { failures: 1, ..BreakerOptions::default() });
        let passes: Vec<_> = (0..10).map(|_| breaker.enter().unwrap()).collect();
        passes.into_iter().for_each(Pass::failed);
        assert_eq!(pause(&breaker), Some(1));
    }
}
