use std::fmt;
use std::sync::Arc;
use std::thread::available_parallelism;
use std::time::Duration;

use aws_lc_rs::hmac;
use aws_lc_rs::rand::SystemRandom;
use token_auth_core::{BackendError, Password};
use tokio::sync::Semaphore;
use tokio::task::spawn_blocking;
use tokio::time::Instant;

use super::PasswordHash;
use super::cache::{Tag, VerifiedCache};
use super::flight::Flights;

/// The bounds of a [`PasswordVerifier`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct VerifierOptions {
    /// How many hashes are computed at once; at least one. Default: the number of processors.
    pub concurrency: usize,
    /// How many more may wait for their turn. Beyond that a check fails at once, and the client gets 503. Default 1024.
    pub queue: usize,
    /// How many verified credentials are remembered; 0 for none. Default 10,000.
    pub cache_entries: usize,
    /// How long a verified credential is remembered; zero for not at all. Default 5 minutes.
    pub cache_time: Duration,
}

impl Default for VerifierOptions {
    fn default() -> Self {
        Self {
            concurrency: available_parallelism().map_or(1, usize::from),
            queue: 1024,
            cache_entries: 10_000,
            cache_time: Duration::from_secs(5 * 60),
        }
    }
}

/// Checks passwords without blocking the reactor. Share one among all backends of a configuration; needs a tokio runtime.
///
/// A credential that was verified is remembered under an HMAC of its stored hash and its password, with a key that is
/// random and never leaves the verifier: the password is not kept, and a hash that changes is never found again. Only
/// successes are remembered. Simultaneous checks of one credential are computed once.
///
/// ```
/// use token_auth_backends::core::Password;
/// use token_auth_backends::password::{PasswordVerifier, VerifierOptions};
///
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// let verifier = PasswordVerifier::new(VerifierOptions::default())?;
/// let hash = "$2y$05$LO.vzwpWC5LZGqThvEfznu8qhb5SGqvBSWY1J3yZ4AxtMRZ3kN5jC".parse()?;
/// assert!(verifier.verify(&hash, &Password::new("badmin")).await?);
/// assert!(!verifier.verify(&hash, &Password::new("goodmin")).await?);
/// # Ok(())
/// # }
/// ```
pub struct PasswordVerifier {
    key: hmac::Key,
    verified: VerifiedCache,
    flights: Flights,
    /// One permit for each check that runs or waits.
    places: Arc<Semaphore>,
    /// One permit for each check that runs.
    turns: Arc<Semaphore>,
}

/// Keeps what is asked in earnest apart from what is only spent.
#[derive(Clone, Copy)]
enum Purpose {
    Verify = 0,
    Spend = 1,
}

impl PasswordVerifier {
    /// A verifier with an empty memory.
    ///
    /// # Errors
    ///
    /// When the system gives no randomness for the key.
    pub fn new(options: VerifierOptions) -> Result<Self, BackendError> {
        let key = hmac::Key::generate(hmac::HMAC_SHA256, &SystemRandom::new())
            .map_err(|_| BackendError::new("password", "the system gives no random key"))?;
        let VerifierOptions { concurrency, queue, cache_entries, cache_time } = options;
        let concurrency = concurrency.clamp(1, Semaphore::MAX_PERMITS);
        let places = concurrency.saturating_add(queue).min(Semaphore::MAX_PERMITS);
        Ok(Self {
            key,
            verified: VerifiedCache::new(cache_entries, cache_time),
            flights: Flights::default(),
            places: Arc::new(Semaphore::new(places)),
            turns: Arc::new(Semaphore::new(concurrency)),
        })
    }

    /// Whether this is the hash of the password. An empty password, or one that contains a NUL, never is: no account is
    /// meant to be open to it.
    ///
    /// # Errors
    ///
    /// When too many checks are waiting.
    pub async fn verify(&self, hash: &PasswordHash, password: &Password) -> Result<bool, BackendError> {
        if !is_plausible(password) {
            return Ok(false);
        }
        let tag = self.tag(Purpose::Verify, hash, password);
        if self.verified.contains(&tag, Instant::now()) {
            return Ok(true);
        }
        let verdict = self.compute(tag, hash, password).await?;
        if verdict {
            self.verified.insert(tag, Instant::now());
        }
        Ok(verdict)
    }

    /// Takes as long as [`verify`](Self::verify) takes for a wrong password, and tells nothing: for users that do not
    /// exist, so that the time of an answer does not tell who does.
    ///
    /// # Errors
    ///
    /// When too many checks are waiting.
    pub async fn spend(&self, hash: &PasswordHash, password: &Password) -> Result<(), BackendError> {
        if !is_plausible(password) {
            return Ok(());
        }
        self.compute(self.tag(Purpose::Spend, hash, password), hash, password).await?;
        Ok(())
    }

    /// Forgets what was verified.
    pub fn clear(&self) {
        self.verified.clear();
    }

    async fn compute(
        &self,
        tag: Tag,
        hash: &PasswordHash,
        password: &Password,
    ) -> Result<bool, BackendError> {
        let flight = self.flights.board(tag);
        flight.verdict().get_or_try_init(|| self.compute_alone(hash, password)).await.copied()
    }

    async fn compute_alone(&self, hash: &PasswordHash, password: &Password) -> Result<bool, BackendError> {
        let failed = |problem: &'static str| BackendError::new("password", problem);
        let place = Arc::clone(&self.places)
            .try_acquire_owned()
            .map_err(|_| failed("too many password checks are waiting"))?;
        let turn = Arc::clone(&self.turns).acquire_owned().await.map_err(|_| failed("shut down"))?;
        let (hash, password) = (hash.clone(), password.clone());
        let check = spawn_blocking(move || {
            let verdict = hash.verify(password.expose());
            // Held here, not by the future: a client that hangs up does not make room while its hash is still computed.
            drop((turn, place));
            verdict
        });
        check.await.map_err(|error| BackendError::new("password", error))
    }

    fn tag(&self, purpose: Purpose, hash: &PasswordHash, password: &Password) -> Tag {
        let text = hash.text().as_bytes();
        let mut context = hmac::Context::with_key(&self.key);
        context.update(&[purpose as u8]);
        context.update(&(text.len() as u64).to_be_bytes());
        context.update(text);
        context.update(password.expose().as_bytes());
        let mut tag = Tag::default();
        for (to, from) in tag.iter_mut().zip(context.sign().as_ref()) {
            *to = *from;
        }
        tag
    }
}

impl fmt::Debug for PasswordVerifier {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("PasswordVerifier").finish_non_exhaustive()
    }
}

/// Whether a password can be anyone's. NUL ends a C string, and bcrypt repeats its key, so that `ab` and `ab\0ab` are the
/// same to it.
fn is_plausible(password: &Password) -> bool {
    let password = password.expose();
    !password.is_empty() && !password.contains('\0')
}
