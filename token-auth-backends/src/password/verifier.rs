//! Passwords against their hashes: not on the reactor, not too many at once, and not twice in a while.

use std::fmt;
use std::sync::Arc;
use std::thread::available_parallelism;
use std::time::Duration;

use arc_swap::ArcSwap;
use token_auth_core::{AuthnRequest, BackendError, ClientNetwork, Credentials, Deadline, Password, Succeed};
use tokio::task::spawn_blocking;
use tokio::time::Instant;

use super::PasswordHash;
use super::cache::VerifiedCache;
use super::flight::Flights;
use crate::tag::{Tag, TagKey};
use crate::turns::{Limits, Turns};

/// The bounds of a [`PasswordVerifier`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct VerifierOptions {
    /// How many hashes are computed at once; at least one. Default: the number of processors.
    pub concurrency: usize,
    /// How many more may wait for their turn, at most. Beyond that a check fails at once, and the client gets 503; the
    /// network that has most of them waiting is the first that goes without. Default 1024.
    pub queue: usize,
    /// How long one may have to wait: no more wait than can be computed in this time, at the pace of the hashes before.
    /// Default 4 seconds, which leaves one of those that a request may take.
    pub patience: Duration,
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
            patience: Duration::from_secs(4),
            cache_entries: 10_000,
            cache_time: Duration::from_secs(5 * 60),
        }
    }
}

impl VerifierOptions {
    fn turns(&self) -> Limits {
        let Self { concurrency, queue, patience, .. } = *self;
        Limits { concurrency, queue, patience }
    }
}

/// Checks passwords without blocking the reactor. Share one among all backends of a configuration; needs a tokio runtime.
///
/// A credential that was verified is remembered under an HMAC of its stored hash and its password, with a key that is
/// random and never leaves the verifier: the password is not kept, and a hash that changes is never found again. Only
/// successes are remembered. Simultaneous checks of one credential are computed once.
///
/// One that [succeeds](Succeed) another goes on with what that one has verified, and waits for its turn among those who wait
/// there: that a password belongs to a hash is true under every configuration. Whose hash has changed is verified anew.
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
pub struct PasswordVerifier(ArcSwap<Work>);

/// What is known and done.
struct Work {
    key: TagKey,
    verified: Arc<VerifiedCache>,
    flights: Arc<Flights>,
    turns: Turns,
}

/// Who asks, as far as it matters to the order.
#[derive(Clone, Copy)]
struct Asker {
    network: Option<ClientNetwork>,
    deadline: Deadline,
}

impl Asker {
    const NOBODY: Self = Self { network: None, deadline: Deadline::NONE };

    fn of(request: &AuthnRequest<'_>) -> Self {
        Self { network: request.address.map(ClientNetwork::of), deadline: request.deadline }
    }
}

/// Keeps what is asked in earnest apart from what is only spent.
#[derive(Clone, Copy)]
enum Purpose<'a> {
    Verify,
    /// For this name, which has no hash of its own: as with names that have one, two are two computations.
    Spend(&'a str),
}

impl PasswordVerifier {
    /// A verifier with an empty memory.
    ///
    /// # Errors
    ///
    /// When the system gives no randomness for the key.
    pub fn new(options: VerifierOptions) -> Result<Self, BackendError> {
        let verified = Arc::new(VerifiedCache::new(options.cache_entries, options.cache_time));
        let (key, flights) = (TagKey::random("password")?, Arc::default());
        let work = Work { key, verified, flights, turns: Turns::new(options.turns()) };
        Ok(Self(ArcSwap::from_pointee(work)))
    }

    /// Whether this is the hash of the password. An empty password, or one that contains a NUL, never is: no account is
    /// meant to be open to it.
    ///
    /// # Errors
    ///
    /// When too many checks are waiting.
    pub async fn verify(&self, hash: &PasswordHash, password: &Password) -> Result<bool, BackendError> {
        self.0.load_full().verify_for(Asker::NOBODY, hash, password).await
    }

    /// Whether this is the hash of the password that the request presents, as [`verify`](Self::verify) tells it. It waits its
    /// turn among those of its network, and not beyond its deadline.
    ///
    /// # Errors
    ///
    /// When too many checks are waiting.
    pub async fn check(&self, request: &AuthnRequest<'_>, hash: &PasswordHash) -> Result<bool, BackendError> {
        match request.credentials {
            Credentials::Password { password, .. } => {
                self.0.load_full().verify_for(Asker::of(request), hash, password).await
            }
            _ => Ok(false),
        }
    }

    /// Takes as long as [`check`](Self::check) takes for a wrong password, and tells nothing: for users that do not exist, so
    /// that the time of an answer does not tell who does.
    ///
    /// # Errors
    ///
    /// When too many checks are waiting.
    pub async fn spend(&self, request: &AuthnRequest<'_>, hash: &PasswordHash) -> Result<(), BackendError> {
        if let Credentials::Password { username, password } = request.credentials
            && is_plausible(password)
        {
            let work = self.0.load_full();
            let tag = work.tag(Purpose::Spend(username), hash, password);
            work.compute(Asker::of(request), tag, hash, password).await?;
        }
        Ok(())
    }

    /// Forgets what was verified.
    pub fn clear(&self) {
        self.0.load().verified.clear();
    }
}

impl Succeed for PasswordVerifier {
    fn succeed(&self, previous: &Self) {
        let (own, known) = (self.0.load(), previous.0.load());
        let verified = match own.verified.is_bounded_as(&known.verified) {
            true => Arc::clone(&known.verified),
            false => {
                own.verified.learn_from(&known.verified, Instant::now());
                Arc::clone(&own.verified)
            }
        };
        let (key, flights) = (known.key.clone(), Arc::clone(&known.flights));
        self.0.store(Arc::new(Work { key, verified, flights, turns: own.turns.succeeding(&known.turns) }));
    }
}

impl Work {
    async fn verify_for(
        &self,
        asker: Asker,
        hash: &PasswordHash,
        password: &Password,
    ) -> Result<bool, BackendError> {
        if !is_plausible(password) {
            return Ok(false);
        }
        let tag = self.tag(Purpose::Verify, hash, password);
        if self.verified.contains(&tag, Instant::now()) {
            return Ok(true);
        }
        let verdict = self.compute(asker, tag, hash, password).await?;
        if verdict {
            self.verified.insert(tag, Instant::now());
        }
        Ok(verdict)
    }

    async fn compute(
        &self,
        asker: Asker,
        tag: Tag,
        hash: &PasswordHash,
        password: &Password,
    ) -> Result<bool, BackendError> {
        let flight = self.flights.board(tag);
        flight.verdict().get_or_try_init(|| self.compute_alone(asker, hash, password)).await.copied()
    }

    async fn compute_alone(
        &self,
        asker: Asker,
        hash: &PasswordHash,
        password: &Password,
    ) -> Result<bool, BackendError> {
        let turn = self.turns.take(asker.network, asker.deadline).await;
        let turn = turn.map_err(|_| BackendError::new("password", "too many password checks are waiting"))?;
        let (hash, password) = (hash.clone(), password.clone());
        let check = spawn_blocking(move || {
            let begun = Instant::now();
            let verdict = hash.verify(password.expose());
            turn.took(begun.elapsed());
            // Held here, not by the future: a client that hangs up does not make room while its hash is still computed.
            drop(turn);
            verdict
        });
        check.await.map_err(|error| BackendError::new("password", error))
    }

    fn tag(&self, purpose: Purpose<'_>, hash: &PasswordHash, password: &Password) -> Tag {
        let (hash, password) = (hash.text().as_bytes(), password.expose().as_bytes());
        match purpose {
            Purpose::Verify => self.key.tag(&[hash, password]),
            Purpose::Spend(name) => self.key.tag(&[hash, password, name.as_bytes()]),
        }
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
