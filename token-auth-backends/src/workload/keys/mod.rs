//! The keys of an issuer, remembered.

pub(super) mod address;
mod error;
mod source;

use std::sync::Arc;
use std::time::{Duration, SystemTime};

use arc_swap::ArcSwapOption;
use token_auth_core::Clock;
use token_auth_core::token::TrustedKeys;
use tokio::sync::{Mutex, OwnedMutexGuard};
use tokio::time::timeout;

pub use error::{AddressError, KeysError};
pub(super) use source::Remote;

/// Whoever has keys that are good waits so long for newer ones. A slow issuer holds nobody up for longer.
const PATIENCE: Duration = Duration::from_secs(1);

/// How long keys are good for, and how often they are asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct KeyOptions {
    /// After this they are asked for again: as long a key that the issuer has withdrawn may still be believed. Default 10
    /// minutes.
    pub refresh_after: Duration,
    /// So long they are good while the issuer cannot be reached. Default 24 hours.
    pub keep_for: Duration,
    /// The issuer is asked at most once in this time, whether it answers or not: tokens with unknown key ids cost no more.
    /// Default 10 seconds.
    pub interval: Duration,
}

impl Default for KeyOptions {
    fn default() -> Self {
        Self {
            refresh_after: Duration::from_secs(600),
            keep_for: Duration::from_secs(24 * 3600),
            interval: Duration::from_secs(10),
        }
    }
}

/// Keys that do not change, or those of a source, remembered.
#[derive(Debug)]
pub(super) enum Keys {
    Fixed(Arc<TrustedKeys>),
    Remembered(Arc<Remembered>),
}

impl Keys {
    pub(super) async fn now(&self) -> Result<Arc<TrustedKeys>, KeysError> {
        match self {
            Self::Fixed(keys) => Ok(Arc::clone(keys)),
            Self::Remembered(keys) => keys.now().await,
        }
    }

    /// Takes over what an earlier one remembers of the same source.
    pub(super) fn succeed(&self, earlier: &Self) {
        if let (Self::Remembered(now), Self::Remembered(then)) = (self, earlier)
            && now.remote.is_same(&then.remote)
        {
            now.kept.store(then.kept.load_full());
        }
    }

    /// Others than these, if the issuer has new ones: a token is signed by a key that is not among them.
    pub(super) async fn other_than(&self, known: &Arc<TrustedKeys>) -> Option<Arc<TrustedKeys>> {
        match self {
            Self::Fixed(_) => None,
            Self::Remembered(keys) => keys.other_than(known).await,
        }
    }
}

pub(super) struct Remembered {
    remote: Remote,
    options: KeyOptions,
    clock: Arc<dyn Clock>,
    kept: ArcSwapOption<Kept>,
    /// When the issuer was asked last, and what went wrong. Held while it is asked.
    last: Arc<Mutex<Option<Attempt>>>,
}

struct Kept {
    keys: Arc<TrustedKeys>,
    since: SystemTime,
}

struct Attempt {
    at: SystemTime,
    problem: Option<String>,
}

impl Remembered {
    pub(super) fn new(remote: Remote, options: KeyOptions, clock: Arc<dyn Clock>) -> Self {
        Self { remote, options, clock, kept: ArcSwapOption::empty(), last: Arc::default() }
    }

    async fn now(self: &Arc<Self>) -> Result<Arc<TrustedKeys>, KeysError> {
        let Some(kept) = self.kept.load_full() else {
            let last = Arc::clone(&self.last).lock_owned().await;
            return self.ask(last).await;
        };
        if self.since(kept.since) < self.options.refresh_after {
            return Ok(Arc::clone(&kept.keys));
        }
        // One request asks; the others go on with what there is.
        let failed = match Arc::clone(&self.last).try_lock_owned() {
            Ok(last) => match timeout(PATIENCE, self.ask(last)).await {
                Ok(Ok(keys)) => return Ok(keys),
                Ok(Err(error)) => Some(error),
                Err(_) => None,
            },
            Err(_) => None,
        };
        match (self.since(kept.since) < self.options.keep_for, failed) {
            (true, _) => Ok(Arc::clone(&kept.keys)),
            (false, Some(error)) => Err(error),
            (false, None) => {
                let last = Arc::clone(&self.last).lock_owned().await;
                self.ask(last).await
            }
        }
    }

    async fn other_than(self: &Arc<Self>, known: &Arc<TrustedKeys>) -> Option<Arc<TrustedKeys>> {
        let last = Arc::clone(&self.last).lock_owned().await;
        self.ask(last).await.ok().filter(|keys| !Arc::ptr_eq(keys, known))
    }

    /// Asks the issuer, unless that was done a moment ago. The question goes on when nobody waits for the answer any more:
    /// clients that give up early would otherwise never get a slow issuer's keys.
    async fn ask(
        self: &Arc<Self>,
        last: OwnedMutexGuard<Option<Attempt>>,
    ) -> Result<Arc<TrustedKeys>, KeysError> {
        if let Some(attempt) = &*last
            && self.since(attempt.at) < self.options.interval
        {
            return match (&attempt.problem, self.kept.load_full()) {
                (None, Some(kept)) => Ok(Arc::clone(&kept.keys)),
                (problem, _) => Err(KeysError::Recent(problem.clone().unwrap_or_default())),
            };
        }
        let question = tokio::spawn(Arc::clone(self).fetch(last));
        question.await.unwrap_or_else(|_| Err(KeysError::Recent("the question was broken off".to_owned())))
    }

    async fn fetch(
        self: Arc<Self>,
        mut last: OwnedMutexGuard<Option<Attempt>>,
    ) -> Result<Arc<TrustedKeys>, KeysError> {
        let fetched = self.remote.fetch().await;
        let at = self.clock.now();
        let problem = fetched.as_ref().err().map(|error| {
            let text = chain(error);
            tracing::warn!(issuer = self.remote.issuer(), problem = text, "cannot ask for an issuer's keys");
            text
        });
        *last = Some(Attempt { at, problem });
        let keys = Arc::new(fetched?);
        self.kept.store(Some(Arc::new(Kept { keys: Arc::clone(&keys), since: at })));
        Ok(keys)
    }

    /// How long ago that was. A clock that was set back makes it long ago.
    fn since(&self, then: SystemTime) -> Duration {
        self.clock.now().duration_since(then).unwrap_or(Duration::MAX)
    }
}

/// An error with its causes.
fn chain(error: &KeysError) -> String {
    let mut text = error.to_string();
    let mut cause = std::error::Error::source(error);
    while let Some(error) = cause {
        text.push_str(": ");
        text.push_str(&error.to_string());
        cause = error.source();
    }
    text
}

impl std::fmt::Debug for Remembered {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Remembered")
            .field("remote", &self.remote)
            .field("options", &self.options)
            .finish_non_exhaustive()
    }
}
