//! What an issuer publishes, remembered.

use std::fmt;
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use arc_swap::ArcSwapOption;
use token_auth_core::{Clock, async_trait, with_causes};
use tokio::sync::{Mutex, OwnedMutexGuard};
use tokio::time::timeout;

use super::KeysError;

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

/// What an issuer publishes, as far as it is of use, and where it is asked for.
#[async_trait]
pub(crate) trait Publisher: fmt::Debug + Send + Sync + 'static {
    /// What is kept of it: its keys, as a rule.
    type Published: Send + Sync + 'static;

    /// What it publishes now.
    async fn fetch(&self) -> Result<Self::Published, KeysError>;

    /// For the log.
    fn issuer(&self) -> &str;
}

/// What a publisher has said last, good for a while, and asked for again at most so often.
pub(crate) struct Remembered<P: Publisher> {
    publisher: P,
    options: KeyOptions,
    clock: Arc<dyn Clock>,
    kept: ArcSwapOption<Kept<P::Published>>,
    /// When the issuer was asked last, and what went wrong. Held while it is asked.
    last: Arc<Mutex<Option<Attempt>>>,
}

struct Kept<T> {
    content: Arc<T>,
    since: SystemTime,
}

#[derive(Clone)]
struct Attempt {
    at: SystemTime,
    problem: Option<String>,
}

impl<P: Publisher> Remembered<P> {
    pub(crate) fn new(publisher: P, options: KeyOptions, clock: Arc<dyn Clock>) -> Self {
        Self { publisher, options, clock, kept: ArcSwapOption::empty(), last: Arc::default() }
    }

    /// What is published now, or was a while ago while the issuer does not answer.
    pub(crate) async fn now(self: &Arc<Self>) -> Result<Arc<P::Published>, KeysError> {
        let Some(kept) = self.kept.load_full() else {
            let last = Arc::clone(&self.last).lock_owned().await;
            return self.ask(last).await;
        };
        if self.since(kept.since) < self.options.refresh_after {
            return Ok(Arc::clone(&kept.content));
        }
        // One request asks; the others go on with what there is.
        let failed = match Arc::clone(&self.last).try_lock_owned() {
            Ok(last) => match timeout(PATIENCE, self.ask(last)).await {
                Ok(Ok(content)) => return Ok(content),
                Ok(Err(error)) => Some(error),
                Err(_) => None,
            },
            Err(_) => None,
        };
        match (self.since(kept.since) < self.options.keep_for, failed) {
            (true, _) => Ok(Arc::clone(&kept.content)),
            (false, Some(error)) => Err(error),
            (false, None) => {
                let last = Arc::clone(&self.last).lock_owned().await;
                self.ask(last).await
            }
        }
    }

    /// The publisher.
    #[cfg(feature = "workload")]
    pub(crate) fn publisher(&self) -> &P {
        &self.publisher
    }

    /// Goes on with what a previous one remembers of the same publisher: what it has published, and when it was asked.
    pub(crate) fn succeed(&self, previous: &Self) {
        self.kept.store(previous.kept.load_full());
        // While it is being asked nobody can tell what comes of it.
        if let (Ok(mut now), Ok(then)) = (self.last.try_lock(), previous.last.try_lock()) {
            now.clone_from(&then);
        }
    }

    /// Another content than this, if the issuer has a new one: a token is signed by a key that is not in it.
    pub(crate) async fn other_than(self: &Arc<Self>, known: &Arc<P::Published>) -> Option<Arc<P::Published>> {
        let last = Arc::clone(&self.last).lock_owned().await;
        self.ask(last).await.ok().filter(|content| !Arc::ptr_eq(content, known))
    }

    /// Asks the issuer, unless that was done a moment ago. The question goes on when nobody waits for the answer any more:
    /// clients that give up early would otherwise never get a slow issuer's keys.
    async fn ask(
        self: &Arc<Self>,
        last: OwnedMutexGuard<Option<Attempt>>,
    ) -> Result<Arc<P::Published>, KeysError> {
        if let Some(attempt) = &*last
            && self.since(attempt.at) < self.options.interval
        {
            return match (&attempt.problem, self.kept.load_full()) {
                (None, Some(kept)) => Ok(Arc::clone(&kept.content)),
                (problem, _) => Err(KeysError::Recent(problem.clone().unwrap_or_default())),
            };
        }
        let question = tokio::spawn(Arc::clone(self).fetch(last));
        question.await.unwrap_or_else(|_| Err(KeysError::Recent("the question was broken off".to_owned())))
    }

    async fn fetch(
        self: Arc<Self>,
        mut last: OwnedMutexGuard<Option<Attempt>>,
    ) -> Result<Arc<P::Published>, KeysError> {
        let fetched = self.publisher.fetch().await;
        let at = self.clock.now();
        let problem = fetched.as_ref().err().map(|error| {
            let text = with_causes(error);
            tracing::warn!(
                issuer = self.publisher.issuer(),
                problem = text,
                "cannot ask for an issuer's keys"
            );
            text
        });
        *last = Some(Attempt { at, problem });
        let content = Arc::new(fetched?);
        self.kept.store(Some(Arc::new(Kept { content: Arc::clone(&content), since: at })));
        Ok(content)
    }

    /// How long ago that was. A clock that was set back makes it long ago.
    fn since(&self, then: SystemTime) -> Duration {
        self.clock.now().duration_since(then).unwrap_or(Duration::MAX)
    }
}

impl<P: Publisher> fmt::Debug for Remembered<P> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Remembered")
            .field("publisher", &self.publisher)
            .field("options", &self.options)
            .finish_non_exhaustive()
    }
}
