use std::sync::{Arc, Condvar, Mutex};

use crate::password::PasswordHash;

/// A hash that counts its computations and can hold them up.
#[derive(Default)]
pub(crate) struct Probe {
    state: Mutex<State>,
    changed: Condvar,
}

#[derive(Default)]
struct State {
    closed: bool,
    calls: usize,
    running: usize,
    most_running: usize,
}

impl Probe {
    /// A probe, and a hash of this text whose password is "right".
    pub(crate) fn with_hash(text: &str) -> (Arc<Self>, PasswordHash) {
        let probe = Arc::<Self>::default();
        let hash = PasswordHash::probe(text, Arc::clone(&probe));
        (probe, hash)
    }

    /// Holds up computations until it is opened again.
    pub(crate) fn set_closed(&self, closed: bool) {
        self.state.lock().unwrap().closed = closed;
        self.changed.notify_all();
    }

    pub(crate) fn calls(&self) -> usize {
        self.state.lock().unwrap().calls
    }

    pub(crate) fn most_running(&self) -> usize {
        self.state.lock().unwrap().most_running
    }

    pub(crate) async fn wait_for_calls(&self, calls: usize) {
        while self.calls() < calls {
            tokio::task::yield_now().await;
        }
    }

    pub(crate) fn verify(&self, password: &[u8]) -> bool {
        let mut state = self.state.lock().unwrap();
        state.calls += 1;
        state.running += 1;
        state.most_running = state.most_running.max(state.running);
        state = self.changed.wait_while(state, |state| state.closed).unwrap();
        state.running -= 1;
        password == b"right"
    }
}
