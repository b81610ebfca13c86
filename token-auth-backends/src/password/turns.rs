//! Whose hash is computed next: networks take turns, and whoever has most waiting makes room for the others.

use std::collections::{HashMap, VecDeque};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use token_auth_core::{ClientNetwork, Deadline};
use tokio::sync::oneshot;

use super::VerifierOptions;

/// Those whose turn it is, and those who wait for theirs. Clients without a known address are one network.
pub(super) struct Turns(Arc<Shared>);

/// The turn itself. It goes to the next one when it is dropped.
pub(super) struct Turn(Option<Arc<Shared>>);

/// Nobody can wait any more; or somebody who has fewer waiting has come instead, or the deadline has.
#[derive(Debug)]
pub(super) struct Busy;

struct Shared {
    concurrency: usize,
    queue: usize,
    patience: Duration,
    state: Mutex<State>,
}

struct State {
    free: usize,
    waiting: usize,
    queues: HashMap<Option<ClientNetwork>, VecDeque<Waiter>>,
    /// The networks that have somebody waiting, in the order of their turns.
    round: VecDeque<Option<ClientNetwork>>,
    /// How long a hash took of late; zero if none was computed yet.
    pace: Duration,
}

struct Waiter {
    turn: oneshot::Sender<Turn>,
    deadline: Deadline,
}

impl Turns {
    pub(super) fn new(options: &VerifierOptions) -> Self {
        let VerifierOptions { concurrency, queue, patience, .. } = *options;
        let concurrency = concurrency.max(1);
        let state = State {
            free: concurrency,
            waiting: 0,
            queues: HashMap::new(),
            round: VecDeque::new(),
            pace: Duration::ZERO,
        };
        Self(Arc::new(Shared { concurrency, queue, patience, state: Mutex::new(state) }))
    }

    /// Waits for a turn.
    pub(super) async fn take(
        &self,
        network: Option<ClientNetwork>,
        deadline: Deadline,
    ) -> Result<Turn, Busy> {
        let waiting = {
            let mut state = self.0.lock();
            if state.free > 0 {
                state.free -= 1;
                return Ok(Turn(Some(Arc::clone(&self.0))));
            }
            if state.waiting >= self.0.places(state.pace) && !state.make_room(network) {
                return Err(Busy);
            }
            let (turn, waiting) = oneshot::channel();
            state.push(network, Waiter { turn, deadline });
            waiting
        };
        waiting.await.map_err(|_| Busy)
    }
}

impl Shared {
    /// How many may wait: those whose turn comes before their patience ends.
    fn places(&self, pace: Duration) -> usize {
        let turns = self.patience.as_nanos().checked_div(pace.as_nanos()).unwrap_or(u128::MAX);
        let turns = usize::try_from(turns).unwrap_or(usize::MAX).saturating_mul(self.concurrency);
        self.queue.min(turns.max(self.concurrency))
    }

    fn pass_on(self: Arc<Self>) {
        loop {
            let next = {
                let mut state = self.lock();
                let next = state.next(Instant::now());
                state.free += usize::from(next.is_none());
                next
            };
            let Some(waiter) = next else { return };
            match waiter.turn.send(Turn(Some(Arc::clone(&self)))) {
                Ok(()) => return,
                // It hung up: the turn is still this one's to pass on.
                Err(mut turn) => turn.0 = None,
            }
        }
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl State {
    fn push(&mut self, network: Option<ClientNetwork>, waiter: Waiter) {
        let queue = self.queues.entry(network).or_default();
        if queue.is_empty() {
            self.round.push_back(network);
        }
        queue.push_back(waiter);
        self.waiting += 1;
    }

    /// The first of the network whose turn it is.
    fn next(&mut self, now: Instant) -> Option<Waiter> {
        loop {
            let network = self.round.pop_front()?;
            let Some(queue) = self.queues.get_mut(&network) else { continue };
            let first = queue.pop_front();
            self.waiting -= usize::from(first.is_some());
            match queue.is_empty() {
                true => drop(self.queues.remove(&network)),
                false => self.round.push_back(network),
            }
            let is_late = |waiter: &Waiter| waiter.deadline.remaining(now) == Some(Duration::ZERO);
            if let Some(first) = first
                && !is_late(&first)
            {
                return Some(first);
            }
        }
    }

    /// Takes the last place from the network that has the most, if that is more than this one has. Those who hung up have
    /// none.
    fn make_room(&mut self, network: Option<ClientNetwork>) -> bool {
        let before = self.waiting;
        self.queues.retain(|_, queue| {
            queue.retain(|waiter| !waiter.turn.is_closed());
            !queue.is_empty()
        });
        self.waiting = self.queues.values().map(VecDeque::len).sum();
        self.round.retain(|network| self.queues.contains_key(network));
        if self.waiting < before {
            return true;
        }
        let own = self.queues.get(&network).map_or(0, VecDeque::len);
        let Some((_, longest)) = self.queues.iter_mut().max_by_key(|(_, queue)| queue.len()) else {
            return false;
        };
        // Still one less than the other has, once this one is there.
        if longest.len() <= own + 1 {
            return false;
        }
        self.waiting -= usize::from(longest.pop_back().is_some());
        true
    }
}

impl Turn {
    /// A hash took this long.
    pub(super) fn took(&self, time: Duration) {
        if let Some(shared) = &self.0 {
            let mut state = shared.lock();
            state.pace = match state.pace.is_zero() {
                true => time,
                false => (state.pace * 7 + time) / 8,
            };
        }
    }
}

impl Drop for Turn {
    fn drop(&mut self) {
        if let Some(shared) = self.0.take() {
            shared.pass_on();
        }
    }
}
