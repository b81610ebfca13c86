//! How often a password may be guessed.

mod ledger;
mod limits;
mod name;
mod origin;
mod record;
mod right;
#[cfg(test)]
mod tests;

use std::future::poll_fn;
use std::net::IpAddr;
use std::sync::{Arc, Mutex, PoisonError};
use std::task::{Poll, Waker};
use std::time::{Duration, SystemTime};

use aws_lc_rs::hmac;
use aws_lc_rs::rand::SystemRandom;

pub use limits::AttemptLimits;

use crate::Password;
use ledger::Ledger;
use origin::Origin;
use record::{Bounds, Room};
use right::Right;

/// Counts attempts.
#[derive(Clone)]
pub(super) struct Attempts {
    limits: AttemptLimits,
    shared: Arc<Shared>,
}

struct Shared {
    key: hmac::Key,
    state: Mutex<State>,
}

#[derive(Default)]
struct State {
    ledger: Ledger,
    right: Right,
}

/// A keyed digest: of an account, or of an account and a password.
type Tag = u128;

/// A password for an account, from somewhere.
#[derive(Clone, Copy)]
struct Guess {
    account: Tag,
    pair: Tag,
    origin: Origin,
}

/// An attempt that may be made. It goes on counting as a wrong password unless it is said to be a right one.
pub(super) struct Attempt {
    attempts: Attempts,
    guess: Guess,
    begun: SystemTime,
    counted: bool,
}

impl Attempts {
    /// Nothing if the system has no randomness for the key.
    pub(super) fn new(limits: AttemptLimits) -> Option<Self> {
        let key = hmac::Key::generate(hmac::HMAC_SHA256, &SystemRandom::new()).ok()?;
        Some(Self { limits, shared: Arc::new(Shared { key, state: Mutex::default() }) })
    }

    /// Goes on counting where the previous ones are, by limits of its own.
    pub(super) fn succeeding(self, previous: &Self) -> Self {
        Self { shared: Arc::clone(&previous.shared), ..self }
    }

    /// Whether this password may be looked at; if not, how long to wait. Waits while as many from the same address are
    /// being looked at as may be wrong.
    pub(super) async fn begin(
        &self,
        account: &str,
        password: &Password,
        address: Option<IpAddr>,
        now: SystemTime,
    ) -> Result<Attempt, Duration> {
        let guess = self.guess(account, password, address);
        let counted = match self.limits.are_none() {
            true => false,
            false => poll_fn(|context| self.poll_begin(&guess, now, context.waker())).await?,
        };
        Ok(Attempt { attempts: self.clone(), guess, begun: now, counted })
    }

    /// Whether it counts, once it may be looked at.
    fn poll_begin(&self, guess: &Guess, now: SystemTime, waker: &Waker) -> Poll<Result<bool, Duration>> {
        let limits = &self.limits;
        self.with(|State { ledger, right }| {
            ledger.forget_passed(now, limits.window);
            if right.holds(guess) && ledger.refused(&guess.origin) < limits.refused {
                return Poll::Ready(Ok(false));
            }
            let places = self.places(guess);
            let mut busy = None;
            for (place, bounds) in &places {
                match ledger.room(place, guess, *bounds) {
                    Room::Counted | Room::Free => {}
                    Room::Busy => busy = Some(place),
                    Room::Full => {
                        let begun = ledger.begun(place).unwrap_or(now);
                        let refuse = |record: &mut record::Record| record.refuse(guess, limits.refused);
                        ledger.write(guess.origin, now, limits.entries, refuse);
                        let passed = now.duration_since(begun).unwrap_or_default();
                        let left = limits.window.saturating_sub(passed);
                        return Poll::Ready(Err(left.max(Duration::from_secs(1))));
                    }
                }
            }
            if let Some(place) = busy {
                ledger.wait(place, waker);
                return Poll::Pending;
            }
            for (place, _) in places {
                ledger.write(place, now, limits.entries, |record| record.count(guess));
            }
            Poll::Ready(Ok(true))
        })
    }

    /// Where a guess counts, and how many may count there.
    fn places(&self, guess: &Guess) -> Vec<(Origin, Bounds)> {
        let limits = &self.limits;
        let or = |limit: usize, none| if limit == 0 { none } else { limit };
        let total = or(limits.address_total, limits.entries.max(1));
        let per_account = match guess.origin {
            Origin::Network(_) => or(limits.per_address, usize::MAX),
            Origin::Unaddressed(_) | Origin::Anywhere(_) => usize::MAX,
        };
        let mut places = vec![(guess.origin, Bounds { per_account, total })];
        if limits.per_account > 0 {
            let bounds = Bounds { per_account: limits.per_account, total: usize::MAX };
            places.push((Origin::Anywhere(guess.account), bounds));
        }
        places
    }

    fn guess(&self, account: &str, password: &Password, address: Option<IpAddr>) -> Guess {
        let name = name::folded(account);
        let account = self.tag(&name, "");
        Guess { account, pair: self.tag(&name, password.expose()), origin: Origin::of(address, account) }
    }

    fn tag(&self, name: &str, password: &str) -> Tag {
        let mut context = hmac::Context::with_key(&self.shared.key);
        context.update(&(name.len() as u64).to_be_bytes());
        context.update(name.as_bytes());
        context.update(password.as_bytes());
        context.sign().as_ref().first_chunk().map_or(0, |bytes| Tag::from_be_bytes(*bytes))
    }

    fn with<T>(&self, change: impl FnOnce(&mut State) -> T) -> T {
        let mut state = self.shared.state.lock().unwrap_or_else(PoisonError::into_inner);
        let result = change(&mut state);
        let woken = state.ledger.take_woken();
        drop(state);
        woken.into_iter().for_each(Waker::wake);
        result
    }
}

impl Attempt {
    /// The password was right.
    pub(super) fn was_right(mut self) {
        self.counted = false;
        let limits = &self.attempts.limits;
        if limits.are_none() {
            return;
        }
        let entries = limits.entries;
        self.attempts.with(|State { ledger, right }| {
            for (place, _) in self.attempts.places(&self.guess) {
                ledger.write(place, self.begun, entries, |record| record.was_right(&self.guess));
            }
            right.insert(&self.guess, entries);
        });
    }

    /// It was not looked at, and that tells nothing.
    pub(super) fn was_nothing(mut self) {
        self.counted = false;
        let limits = &self.attempts.limits;
        self.attempts.with(|State { ledger, .. }| {
            for (place, _) in self.attempts.places(&self.guess) {
                ledger.write(place, self.begun, limits.entries, |record| record.was_right(&self.guess));
            }
        });
    }

    /// The password was wrong; it may have been right before.
    pub(super) fn was_wrong(mut self) {
        self.counted = false;
        let limits = &self.attempts.limits;
        if limits.are_none() {
            return;
        }
        let entries = limits.entries;
        self.attempts.with(|State { ledger, right }| {
            right.remove(&self.guess);
            for (place, _) in self.attempts.places(&self.guess) {
                ledger.write(place, self.begun, entries, |record| record.was_wrong(&self.guess));
            }
        });
    }
}

impl Drop for Attempt {
    /// Nobody could tell.
    fn drop(&mut self) {
        if self.counted {
            let entries = self.attempts.limits.entries;
            self.attempts.with(|State { ledger, .. }| {
                for (place, _) in self.attempts.places(&self.guess) {
                    ledger.write(place, self.begun, entries, |record| record.was_not_judged(&self.guess));
                }
            });
        }
    }
}
