//! Policies in the language of [casbin](https://casbin.org): docker_auth's `casbin_authz`.
//!
//! The model is asked once for each action with (account, type, name, service, ip, action, labels). What its policy allows is
//! granted, and everything else denied: it never abstains, and may be the only authorizer.
//!
//! ```
//! use token_auth_backends::casbin::{Casbin, CasbinOptions};
//! use token_auth_core::{AccessRequest, ActionSet, Authorizer, Authz};
//!
//! # #[tokio::main(flavor = "current_thread")]
//! # async fn main() -> Result<(), Box<dyn std::error::Error>> {
//! # let folder = tempfile::tempdir()?;
//! # let (model, policy) = (folder.path().join("model.conf"), folder.path().join("policy.csv"));
//! # std::fs::write(&model, "[request_definition]\nr = account, type, name, service, ip, action, labels\n\
//! #     [policy_definition]\np = account, name, action\n[policy_effect]\ne = some(where (p.eft == allow))\n\
//! #     [matchers]\nm = r.account == p.account && keyMatch(r.name, p.name) && r.action == p.action\n")?;
//! std::fs::write(&policy, "p, alice, team/*, pull\n")?;
//! let rules = Casbin::open(CasbinOptions::new(model, policy))?;
//! let asked = ["pull", "push"].into_iter().collect();
//! let answer = rules.authorize(&AccessRequest::new("alice", "repository", "team/app", &asked)).await?;
//! assert!(matches!(answer, Authz::Grant(grant) if grant.actions.to_string() == "pull"));
//! # Ok(())
//! # }
//! ```
//!
//! # What is read of a model
//!
//! The part of the language that policies for registries are written in, with the meaning that the casbin of Go gives it, which
//! docker_auth asks; anything else is an error when it is loaded, with its line.
//!
//! * One definition each of `r` (seven parts, as above, under any names), `p`, `e`, `m` and, if there are roles, `g`, with or
//!   without a domain. Roles within roles count ten levels deep.
//! * In the matcher: `&&`, `||`, `!` before a bracket or a function, brackets, `==` and `!=` between texts, `in ("a", "b")`, and
//!   the functions `g`, `keyMatch`, `keyMatch2`, `keyMatch3`, `keyMatch5`, `regexMatch`, `globMatch`, `ipMatch` and
//!   `labelMatch`. Patterns are in Go's dialect, stand in the policy or in the matcher, and are compiled when they are loaded.
//! * `labelMatch(r.labels, p.labels)`: the account has every value of every label that the policy names.
//! * The effects `some(where (p.eft == allow))`, `!some(where (p.eft == deny))`, both joined by `&&`, and
//!   `priority(p.eft) || deny`; without a column `priority`.
//!
//! # Differences from docker_auth
//!
//! * A policy's labels that are no JSON are an error. There they match everyone.
//! * So are a policy without a line, an effect that is neither `allow` nor `deny`, and an address or a pattern that cannot be
//!   read. There they never match, or end the request.
//! * Without an address of the client, a model that asks for it denies.

mod answer;
mod asked;
mod error;
mod files;
mod matcher;
mod model;
mod pattern;
mod policy;
mod reader;
mod roles;
#[cfg(test)]
mod tests;

use std::borrow::Cow;
use std::fmt;
use std::path::PathBuf;
use std::sync::Arc;
use std::thread::available_parallelism;
use std::time::Duration;

use arc_swap::ArcSwap;
use token_auth_core::{AccessRequest, ActionSet, Authorizer, Authz, BackendError, Grant, async_trait};
use tokio::sync::{Mutex, Semaphore};
use tokio::task::spawn_blocking;

use answer::{Request, Rules, TimedOut};
pub use error::CasbinError;
use files::{Files, Seen};

/// What the log calls it.
const NAME: &str = "casbin_authz";
/// What is answered at once: some hundred microseconds. More is computed off the reactor.
const AT_ONCE: usize = 1_000;

/// Which files, and what asking may cost. [`CasbinOptions::new`] has the defaults.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct CasbinOptions {
    /// The model.
    pub model: PathBuf,
    /// The policy, in CSV.
    pub policy: PathBuf,
    /// How often the files are looked at, at most. Default 5 seconds.
    pub check_interval: Duration,
    /// How many lines the policy may have. Each is held against each action that is asked for. Default 10,000.
    pub lines: usize,
    /// How long an answer may take; then it is an error. Default 2 seconds.
    pub timeout: Duration,
}

impl CasbinOptions {
    /// These files, and the defaults.
    pub fn new(model: impl Into<PathBuf>, policy: impl Into<PathBuf>) -> Self {
        Self {
            model: model.into(),
            policy: policy.into(),
            check_interval: Duration::from_secs(5),
            lines: 10_000,
            timeout: Duration::from_secs(2),
        }
    }
}

/// A model and a policy of casbin. Needs a tokio runtime when it is asked.
///
/// The files are looked at again every few seconds; when one has changed, and has settled, both are read anew. Files that cannot
/// be used leave the old rules in place and an error in the log. Long answers are computed off the reactor, as many at once as
/// there are processors.
pub struct Casbin {
    rules: ArcSwap<Rules>,
    files: Arc<Files>,
    seen: Mutex<Seen>,
    turns: Arc<Semaphore>,
    timeout: Duration,
}

impl Casbin {
    /// Reads the files. Blocks while it does: call it when starting.
    ///
    /// # Errors
    ///
    /// When a file cannot be read, or holds what is not understood: with its line.
    pub fn open(options: CasbinOptions) -> Result<Self, CasbinError> {
        let timeout = options.timeout;
        let files = Files::from(options);
        let seen = Mutex::new(files.look());
        let rules = ArcSwap::from_pointee(files.read()?);
        let turns = available_parallelism().map_or(1, usize::from);
        Ok(Self { rules, files: Arc::new(files), seen, turns: Arc::new(Semaphore::new(turns)), timeout })
    }

    /// Answers off the reactor, in its turn.
    async fn elsewhere(
        &self,
        request: Request,
        rules: Arc<Rules>,
    ) -> Result<Result<ActionSet, TimedOut>, BackendError> {
        let (timeout, failed) = (self.timeout, |why: &'static str| BackendError::new(NAME, why));
        let turn = tokio::time::timeout(timeout, Arc::clone(&self.turns).acquire_owned()).await;
        let turn = turn.map_err(|_| failed("too many questions are waiting"))?;
        let turn = turn.map_err(|_| failed("it is being shut down"))?;
        let answer = spawn_blocking(move || {
            let answer = rules.answer(&request, timeout);
            // Held here, not by the future: a client that hangs up does not make room while its answer is still computed.
            drop(turn);
            answer
        });
        answer.await.map_err(|error| BackendError::new(NAME, error))
    }

    /// Looks at the files if it is time to. One request looks; the others go on with what is known.
    async fn refresh(&self) {
        let Ok(mut seen) = self.seen.try_lock() else { return };
        if !seen.is_time() {
            return;
        }
        let (files, before) = (Arc::clone(&self.files), seen.clone());
        let Ok((now, read)) = spawn_blocking(move || files.look_again(before)).await else { return };
        *seen = now;
        match read {
            None => {}
            Some(Ok(rules)) => {
                tracing::info!(lines = rules.len(), "read the changed policy of casbin");
                self.rules.store(Arc::new(rules));
            }
            Some(Err(error)) => tracing::error!(%error, "keeping the old policy of casbin"),
        }
    }
}

#[async_trait]
impl Authorizer for Casbin {
    async fn authorize(&self, request: &AccessRequest<'_>) -> Result<Authz, BackendError> {
        self.refresh().await;
        let (request, rules, timeout) = (Request::of(request), self.rules.load_full(), self.timeout);
        let granted = match rules.steps(&request) <= AT_ONCE {
            true => rules.answer(&request, timeout),
            false => self.elsewhere(request, rules).await?,
        };
        let granted = granted.map_err(|error| BackendError::new(NAME, error))?;
        Ok(Authz::Grant(Grant::new(granted).decided_by(NAME)))
    }

    fn name(&self) -> Cow<'static, str> {
        NAME.into()
    }
}

impl fmt::Debug for Casbin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Casbin").field("files", &self.files).finish_non_exhaustive()
    }
}
