//! Who is served next where few can be at once: networks take turns, and whoever has most waiting makes room for the others.

use std::collections::{HashMap, VecDeque};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use token_auth_core::{ClientNetwork, Deadline};
use tokio::sync::oneshot;

/// Those whose turn it is, and those who wait for theirs. Clients without a known address are one network.
pub(crate) struct Turns {
    limits: Limits,
    shared: Arc<Shared>,
}

/// The turn itself. It goes to the next one when it is dropped.
pub(crate) struct Turn {
    limits: Limits,
    shared: Option<Arc<Shared>>,
}

/// Nobody can wait any more; or somebody who has fewer waiting has come instead, or the deadline has.
#[derive(Debug)]
pub(crate) struct Busy;

/// How many turns there are at once, and how many may wait.
#[derive(Clone, Copy)]
pub(crate) struct Limits {
    /// At least one.
    pub(crate) concurrency: usize,
    pub(crate) queue: usize,
    /// How long one may have to wait: nobody waits whose turn would come later, at the pace of those before.
    pub(crate) patience: Duration,
}

#[derive(Default)]
struct Shared(Mutex<State>);

#[derive(Default)]
struct State {
    running: usize,
    waiting: usize,
    queues: HashMap<Option<ClientNetwork>, VecDeque<Waiter>>,
    /// The networks that have somebody waiting, in the order of their turns.
    round: VecDeque<Option<ClientNetwork>>,
    /// How long a turn took of late; zero if none has ended yet.
    pace: Duration,
}

struct Waiter {
    turn: oneshot::Sender<Turn>,
    deadline: Deadline,
    limits: Limits,
}

impl Turns {
    pub(crate) fn new(limits: Limits) -> Self {
        let limits = Limits { concurrency: limits.concurrency.max(1), ..limits };
        Self { limits, shared: Arc::default() }
    }

    /// The same limits for those who have and wait for the turns of another one, so that the two together give no more.
    #[cfg(feature = "password")]
    pub(crate) fn succeeding(&self, previous: &Self) -> Self {
        Self { limits: self.limits, shared: Arc::clone(&previous.shared) }
    }

    /// Waits for a turn.
    pub(crate) async fn take(
        &self,
        network: Option<ClientNetwork>,
        deadline: Deadline,
    ) -> Result<Turn, Busy> {
        let Self { limits, shared } = self;
        let waiting = {
            let mut state = shared.lock();
            if state.running < limits.concurrency {
                state.running += 1;
                return Ok(Turn { limits: *limits, shared: Some(Arc::clone(shared)) });
            }
            if state.waiting >= limits.places(state.pace) && !state.make_room(network) {
                return Err(Busy);
            }
            let (turn, waiting) = oneshot::channel();
            state.push(network, Waiter { turn, deadline, limits: *limits });
            waiting
        };
        waiting.await.map_err(|_| Busy)
    }
}

impl Limits {
    /// How many may wait: those whose turn comes before their patience ends.
    fn places(&self, pace: Duration) -> usize {
        let turns = self.patience.as_nanos().checked_div(pace.as_nanos()).unwrap_or(u128::MAX);
        let turns = usize::try_from(turns).unwrap_or(usize::MAX).saturating_mul(self.concurrency);
        self.queue.min(turns.max(self.concurrency))
    }
}

impl Shared {
    /// A turn ends. Those follow for whom there is room by the limits that it was given by.
    fn pass_on(self: Arc<Self>, limits: Limits) {
        self.lock().running -= 1;
        loop {
            let next = self.lock().begin_next(limits.concurrency);
            let Some(Waiter { turn, limits, .. }) = next else { return };
            // Whoever hung up does not need it.
            if let Err(mut turn) = turn.send(Turn { limits, shared: Some(Arc::clone(&self)) }) {
                turn.shared = None;
                self.lock().running -= 1;
            }
        }
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
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

    /// Gives a turn to whoever is next, if there are not so many already.
    fn begin_next(&mut self, concurrency: usize) -> Option<Waiter> {
        if self.running >= concurrency {
            return None;
        }
        let next = self.next(Instant::now());
        self.running += usize::from(next.is_some());
        next
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
    /// What the turn was for took this long.
    pub(crate) fn took(&self, time: Duration) {
        if let Some(shared) = &self.shared {
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
        if let Some(shared) = self.shared.take() {
            shared.pass_on(self.limits);
        }
    }
}
