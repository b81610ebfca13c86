//! How often a password may be guessed.

use std::collections::{HashMap, HashSet, VecDeque};
use std::net::{IpAddr, Ipv6Addr};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, SystemTime};

use aws_lc_rs::hmac;
use aws_lc_rs::rand::SystemRandom;

use crate::Password;

/// How many wrong passwords are looked at before an account has to wait.
///
/// What counts are *different* passwords for an account within a window of time: a client that repeats a stale password
/// (containerd tries each twice, a build machine every minute) is one attempt. A password that was right not long ago is
/// always looked at, whatever others have tried: nobody is locked out by guesses at their account. Beyond the limit the
/// answer is 429 with `Retry-After`, no identity source is asked, and an account that does not exist is answered alike.
///
/// Addresses are those of [`TokenRequest::address`](crate::TokenRequest::address); an IPv6 address counts by its /64
/// network. What is remembered are keyed digests, bounded in number.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct AttemptLimits {
    /// Wrong passwords for one account from one address; 0 for no limit. Default 10.
    pub per_address: usize,
    /// Wrong passwords for one account from all addresses together; 0 for no limit, which is the default: whoever guesses
    /// from many addresses would make others, who have not signed in since the start, wait with them.
    pub per_account: usize,
    /// Within how long. Default 5 minutes.
    pub window: Duration,
    /// How many accounts and addresses, and how many right passwords, are remembered. Default 10,000.
    pub entries: usize,
}

impl Default for AttemptLimits {
    fn default() -> Self {
        Self { per_address: 10, per_account: 0, window: Duration::from_secs(300), entries: 10_000 }
    }
}

impl AttemptLimits {
    /// No limit: something in front of the service has to be one.
    pub fn dangerous_unlimited() -> Self {
        Self { per_address: 0, per_account: 0, ..Self::default() }
    }
}

/// An account and a password, as a keyed digest.
type Tag = [u8; 32];
/// An account, as a keyed digest, and where attempts on it come from.
type Place = (Tag, Origin);

#[derive(Clone, Copy, PartialEq, Eq, Hash)]
enum Origin {
    Anywhere,
    Unknown,
    Network(IpAddr),
}

/// Counts attempts.
#[derive(Clone)]
pub(super) struct Attempts(Arc<Shared>);

struct Shared {
    key: hmac::Key,
    limits: AttemptLimits,
    state: Mutex<State>,
}

#[derive(Default)]
struct State {
    wrong: HashMap<Place, Window>,
    /// The places of `wrong`, the oldest window first.
    oldest_first: VecDeque<(Place, SystemTime)>,
    right: HashSet<Tag>,
    right_oldest_first: VecDeque<Tag>,
}

struct Window {
    begun: SystemTime,
    tags: HashSet<Tag>,
}

/// An attempt that may be made: it counts as a wrong password until it is said to be none.
pub(super) struct Attempt {
    tag: Tag,
    places: Vec<Place>,
}

impl Attempts {
    /// Nothing if the system has no randomness for the key.
    pub(super) fn new(limits: AttemptLimits) -> Option<Self> {
        let key = hmac::Key::generate(hmac::HMAC_SHA256, &SystemRandom::new()).ok()?;
        Some(Self(Arc::new(Shared { key, limits, state: Mutex::default() })))
    }

    /// Goes on where the previous ones ended, if the limits are the same.
    pub(super) fn succeeding(self, previous: &Self) -> Self {
        if self.0.limits == previous.0.limits { previous.clone() } else { self }
    }

    /// Whether this password may be looked at; if not, how long to wait. Counted before it is looked at, so that many at
    /// once are not more than one after the other.
    pub(super) fn begin(
        &self,
        account: &str,
        password: &Password,
        address: Option<IpAddr>,
        now: SystemTime,
    ) -> Result<Attempt, Duration> {
        let limits = &self.0.limits;
        let tag = self.tag(account, password.expose());
        let account = self.tag(account, "");
        let mut state = self.lock();
        let mut attempt = Attempt { tag, places: Vec::new() };
        if state.right.contains(&tag) {
            return Ok(attempt);
        }
        let origin = address.map_or(Origin::Unknown, |address| Origin::Network(network(address)));
        let limited = [(origin, limits.per_address), (Origin::Anywhere, limits.per_account)];
        let limited: Vec<_> = limited
            .into_iter()
            .filter(|(_, limit)| *limit > 0)
            .map(|(origin, limit)| ((account, origin), limit))
            .collect();
        for (place, limit) in &limited {
            state.begin_anew(place, now, limits.window);
            if let Some(window) = state.wrong.get(place)
                && !window.tags.contains(&tag)
                && window.tags.len() >= *limit
            {
                let passed = now.duration_since(window.begun).unwrap_or_default();
                return Err(limits.window.saturating_sub(passed).max(Duration::from_secs(1)));
            }
        }
        for (place, _) in limited {
            state.count(&place, tag, now, limits.entries);
            attempt.places.push(place);
        }
        Ok(attempt)
    }

    /// The password was right.
    pub(super) fn was_right(&self, attempt: &Attempt) {
        let mut state = self.lock();
        state.uncount(attempt);
        if state.right.insert(attempt.tag) {
            state.right_oldest_first.push_back(attempt.tag);
            while state.right.len() > self.0.limits.entries
                && let Some(oldest) = state.right_oldest_first.pop_front()
            {
                state.right.remove(&oldest);
            }
        }
    }

    /// The password was wrong; it may have been right before.
    pub(super) fn was_wrong(&self, attempt: &Attempt) {
        let mut state = self.lock();
        if state.right.remove(&attempt.tag) {
            state.right_oldest_first.retain(|tag| *tag != attempt.tag);
        }
    }

    /// Nobody could tell.
    pub(super) fn was_not_judged(&self, attempt: &Attempt) {
        self.lock().uncount(attempt);
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.0.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn tag(&self, account: &str, password: &str) -> Tag {
        let mut context = hmac::Context::with_key(&self.0.key);
        context.update(&(account.len() as u64).to_be_bytes());
        context.update(account.as_bytes());
        context.update(password.as_bytes());
        let mut tag = Tag::default();
        for (to, from) in tag.iter_mut().zip(context.sign().as_ref()) {
            *to = *from;
        }
        tag
    }
}

impl State {
    /// Forgets a window that has passed.
    fn begin_anew(&mut self, place: &Place, now: SystemTime, length: Duration) {
        let passed = |window: &Window| match now.duration_since(window.begun) {
            Ok(passed) => passed >= length,
            // The clock was set back: better to count from anew than to wait for it.
            Err(_) => true,
        };
        if self.wrong.get(place).is_some_and(passed) {
            self.wrong.remove(place);
        }
    }

    fn count(&mut self, place: &Place, tag: Tag, now: SystemTime, entries: usize) {
        if let Some(window) = self.wrong.get_mut(place) {
            window.tags.insert(tag);
            return;
        }
        while self.oldest_first.len() >= entries.max(1)
            && let Some((oldest, begun)) = self.oldest_first.pop_front()
        {
            // Its place in the queue may be that of a window which has passed, and was begun anew since.
            if self.wrong.get(&oldest).is_some_and(|window| window.begun == begun) {
                self.wrong.remove(&oldest);
            }
        }
        self.oldest_first.push_back((*place, now));
        self.wrong.insert(*place, Window { begun: now, tags: HashSet::from([tag]) });
    }

    fn uncount(&mut self, attempt: &Attempt) {
        for place in &attempt.places {
            if let Some(window) = self.wrong.get_mut(place) {
                window.tags.remove(&attempt.tag);
            }
        }
    }
}

/// Whoever has one IPv6 address has, as a rule, its whole /64.
fn network(address: IpAddr) -> IpAddr {
    match address.to_canonical() {
        IpAddr::V6(address) => Ipv6Addr::from_bits(address.to_bits() & (u128::MAX << 64)).into(),
        v4 @ IpAddr::V4(_) => v4,
    }
}

#[cfg(test)]
mod tests {
    use std::time::UNIX_EPOCH;

    use super::*;

    fn at(seconds: u64) -> SystemTime {
        UNIX_EPOCH + Duration::from_secs(seconds)
    }

    fn attempts(per_address: usize, per_account: usize, entries: usize) -> Attempts {
        Attempts::new(AttemptLimits { per_address, per_account, entries, ..AttemptLimits::default() })
            .unwrap()
    }

    fn guess(attempts: &Attempts, password: &str, address: &str, now: u64) -> Result<Attempt, Duration> {
        attempts.begin("alice", &Password::new(password), address.parse().ok(), at(now))
    }

    #[test]
    fn different_wrong_passwords_count_and_the_window_passes() {
        let attempts = attempts(3, 0, 100);
        for round in 0..5 {
            for password in ["a", "b", "c"] {
                assert!(guess(&attempts, password, "192.0.2.1", 1000).is_ok(), "{password} {round}");
            }
        }
        let wait = guess(&attempts, "d", "192.0.2.1", 1100).err();
        assert_eq!(wait, Some(Duration::from_secs(200)));
        assert!(guess(&attempts, "d", "192.0.2.2", 1100).is_ok(), "another address waits with it");
        let other = attempts.begin("bob", &Password::new("d"), "192.0.2.1".parse().ok(), at(1100));
        assert!(other.is_ok(), "another account waits with it");
        assert!(guess(&attempts, "d", "192.0.2.1", 1299).is_err());
        assert!(guess(&attempts, "d", "192.0.2.1", 1300).is_ok());
        assert!(guess(&attempts, "e", "192.0.2.1", 900).is_ok(), "a clock that was set back locks out");
    }

    #[test]
    fn the_right_password_is_always_looked_at() {
        let attempts = attempts(2, 3, 100);
        attempts.was_right(&guess(&attempts, "right", "192.0.2.1", 0).ok().unwrap());
        for (password, address) in [("a", "192.0.2.1"), ("b", "192.0.2.1"), ("c", "192.0.2.2")] {
            attempts.was_wrong(&guess(&attempts, password, address, 1).ok().unwrap());
        }
        assert!(guess(&attempts, "d", "192.0.2.3", 2).is_err(), "all addresses together have no limit");
        let right = guess(&attempts, "right", "192.0.2.9", 2).ok().unwrap();
        attempts.was_wrong(&right);
        assert!(guess(&attempts, "right", "192.0.2.9", 3).is_err(), "it is right no longer");
    }

    #[test]
    fn what_is_right_or_not_judged_does_not_count() {
        let attempts = attempts(1, 0, 100);
        for password in ["a", "b", "c"] {
            attempts.was_not_judged(&guess(&attempts, password, "::1", 0).ok().unwrap());
            attempts.was_right(&guess(&attempts, &format!("{password}1"), "::1", 0).ok().unwrap());
        }
        // Until it is judged, an attempt counts.
        assert!(guess(&attempts, "x", "2001:db8::1", 0).is_ok());
        assert!(guess(&attempts, "y", "2001:db8::ffff", 0).is_err(), "a /64 network has more than one place");
    }

    #[test]
    fn memory_is_bounded() {
        let attempts = attempts(1, 0, 10);
        for number in 0..1000_u64 {
            let account = number.to_string();
            let attempt = attempts.begin(&account, &Password::new("x"), None, at(number)).ok().unwrap();
            if number % 2 == 0 {
                attempts.was_right(&attempt);
            }
        }
        let state = attempts.lock();
        assert!(state.wrong.len() <= 10 && state.oldest_first.len() <= 10);
        assert!(state.right.len() <= 10 && state.right_oldest_first.len() <= 10);
    }

    #[test]
    fn a_configuration_that_is_read_again_gives_no_more_guesses() {
        let before = attempts(1, 0, 100);
        assert!(guess(&before, "a", "192.0.2.1", 0).is_ok());
        let after = attempts(1, 0, 100).succeeding(&before);
        assert!(guess(&after, "b", "192.0.2.1", 0).is_err());
        assert!(guess(&attempts(2, 0, 100).succeeding(&before), "b", "192.0.2.1", 0).is_ok());
    }

    #[test]
    fn without_limits_nothing_is_counted() {
        let attempts = Attempts::new(AttemptLimits::dangerous_unlimited()).unwrap();
        for number in 0..100 {
            assert!(guess(&attempts, &number.to_string(), "192.0.2.1", 0).is_ok());
        }
        assert!(attempts.lock().wrong.is_empty());
    }
}
