//! The runs of a program: which are over, and the end of what they have left behind.

use std::collections::HashSet;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use super::stragglers;

/// The variable that tells of a process which run has started it, though it has left the process group.
pub(super) const MARK: &str = "TOKEN_AUTH_PROGRAM";

/// All runs of one program.
pub(super) struct Runs {
    /// What the marks of its runs begin with: nobody else's do.
    mark: String,
    state: Mutex<State>,
    /// A run is over since it was last looked for what is left.
    ended: AtomicBool,
    sweeping: tokio::sync::Mutex<()>,
}

#[derive(Clone, Default)]
struct State {
    next: u64,
    going_on: HashSet<u64>,
}

/// One of them. It is over when this is dropped.
pub(super) struct Run {
    runs: Arc<Runs>,
    number: u64,
}

impl Runs {
    pub(super) fn new(random: u128) -> Arc<Self> {
        Arc::new(Self {
            mark: format!("{random:032x}-"),
            state: Mutex::default(),
            ended: AtomicBool::new(false),
            sweeping: tokio::sync::Mutex::new(()),
        })
    }

    pub(super) fn begin(self: &Arc<Self>) -> Run {
        let mut state = self.lock();
        let number = state.next;
        state.next += 1;
        state.going_on.insert(number);
        Run { runs: Arc::clone(self), number }
    }

    /// Kills all that runs have left behind which are over. Many who ask for it at once are served by one search.
    pub(super) async fn sweep(&self) {
        let _alone = self.sweeping.lock().await;
        if self.ended.swap(false, Ordering::SeqCst) {
            let State { next, going_on } = self.lock().clone();
            let mark = format!("{MARK}={}", self.mark);
            let is_over = move |variable: &str| {
                let number = variable.strip_prefix(&mark).and_then(|number| number.parse().ok());
                number.is_some_and(|number: u64| number < next && !going_on.contains(&number))
            };
            stragglers::kill(is_over).await;
        }
    }

    /// A panic elsewhere leaves the numbers as they are.
    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Run {
    /// The value of the variable for its process.
    pub(super) fn mark(&self) -> String {
        format!("{}{}", self.runs.mark, self.number)
    }

    /// Its process has ended: what else there is of it is left behind.
    pub(super) fn is_over(&self) {
        if self.runs.lock().going_on.remove(&self.number) {
            self.runs.ended.store(true, Ordering::SeqCst);
        }
    }

    /// Kills what it has left behind.
    pub(super) async fn sweep(&self) {
        self.is_over();
        self.runs.sweep().await;
    }
}

impl Drop for Run {
    fn drop(&mut self) {
        self.is_over();
    }
}
