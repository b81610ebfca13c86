//! A program that is run for each question: bounded in number, time and output, and gone with all that it has started.

use std::ffi::OsString;
use std::fmt;
use std::io;
use std::os::unix::process::ExitStatusExt as _;
use std::path::PathBuf;
use std::process::{ExitStatus, Stdio};
use std::sync::Arc;
use std::time::{Duration, Instant};

use aws_lc_rs::rand;
use token_auth_core::{ClientNetwork, Deadline};
use tokio::process::Command;
use tokio::sync::oneshot;
use tokio::time::timeout;
use zeroize::Zeroizing;

use super::running::Running;
use super::runs::Runs;
use super::{ProgramError, ProgramLimits, ProgramOptions, lookup};
use crate::turns::{Limits, Turn, Turns};

/// A program, ready to be run.
#[derive(Clone)]
pub(super) struct Program(Arc<Shared>);

struct Shared {
    path: PathBuf,
    args: Vec<OsString>,
    environment: Vec<(OsString, OsString)>,
    limits: ProgramLimits,
    turns: Turns,
    runs: Arc<Runs>,
}

/// For whom it is run.
#[derive(Clone, Copy, Debug)]
pub(super) struct Asker {
    pub(super) network: Option<ClientNetwork>,
    pub(super) deadline: Deadline,
}

/// How a program has ended.
#[derive(Debug)]
pub(super) struct Finished {
    pub(super) status: ExitStatus,
    pub(super) output: Zeroizing<Vec<u8>>,
    /// The beginning of what it complains of.
    pub(super) complaint: Vec<u8>,
}

impl Finished {
    /// The status that it ended with.
    pub(super) fn code(&self) -> Result<i32, ProgramError> {
        let signal = || ProgramError::Signal(self.status.signal().unwrap_or_default());
        self.status.code().ok_or_else(signal)
    }
}

impl Program {
    /// Looks the program up. Blocks while it does.
    pub(super) fn new(options: &ProgramOptions) -> Result<Self, ProgramError> {
        let path = lookup::executable(&options.command)?;
        let random: [u8; 16] =
            rand::generate(&rand::SystemRandom::new()).map_err(|_| ProgramError::NoRandomness)?.expose();
        let mut environment = options.environment.clone();
        environment.entry("PATH".into()).or_insert_with(|| ProgramOptions::PATH.into());
        let ProgramLimits { concurrency, queue, patience, .. } = options.limits;
        Ok(Self(Arc::new(Shared {
            path,
            args: options.args.clone(),
            environment: environment.into_iter().collect(),
            limits: options.limits,
            turns: Turns::new(Limits { concurrency, queue, patience }),
            runs: Runs::new(u128::from_be_bytes(random)),
        })))
    }

    /// Runs it once, with this on its standard input. When the future is dropped, the process is killed, with all that it has
    /// started.
    pub(super) async fn run(
        &self,
        asker: Asker,
        input: Zeroizing<Vec<u8>>,
    ) -> Result<Finished, ProgramError> {
        let limits = &self.0.limits;
        let patience = asker.deadline.bound(limits.patience, Instant::now());
        let turn = timeout(patience, self.0.turns.take(asker.network, asker.deadline)).await;
        let turn = turn.map_err(|_| ProgramError::Busy)?.map_err(|_| ProgramError::Busy)?;
        let limit = asker.deadline.bound(limits.timeout, Instant::now());
        let (tell, told) = oneshot::channel();
        // On a task of its own, which sees the process to its end whoever waits for the answer, and has the turn until then.
        tokio::spawn(Arc::clone(&self.0).supervise(turn, limit, input, tell));
        told.await.unwrap_or(Err(ProgramError::TimedOut(limit)))
    }
}

impl Shared {
    async fn supervise(
        self: Arc<Self>,
        turn: Turn,
        limit: Duration,
        input: Zeroizing<Vec<u8>>,
        mut tell: oneshot::Sender<Result<Finished, ProgramError>>,
    ) {
        let begun = Instant::now();
        let mut running = match self.start() {
            Ok(running) => running,
            Err(source) => {
                // Nobody may wait any more.
                let _ = tell.send(Err(ProgramError::Start { program: self.path.clone(), source }));
                return;
            }
        };
        let outcome = tokio::select! {
            biased;
            () = tell.closed() => Err(ProgramError::TimedOut(limit)),
            outcome = timeout(limit, running.converse(input, self.limits.output_bytes)) => {
                outcome.unwrap_or(Err(ProgramError::TimedOut(limit)))
            }
        };
        running.kill_group();
        let in_order = outcome.is_ok();
        let _ = tell.send(outcome);
        running.end().await;
        turn.took(begun.elapsed());
        if in_order {
            drop(turn);
        }
        self.runs.sweep().await;
    }

    fn start(&self) -> io::Result<Running> {
        let mut command = Command::new(&self.path);
        command
            .args(&self.args)
            .env_clear()
            .envs(self.environment.iter().map(|(name, value)| (name, value)))
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .process_group(0)
            .kill_on_drop(true);
        Running::new(command, self.runs.begin())
    }
}

impl fmt::Debug for Program {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Program")
            .field("path", &self.0.path)
            .field("limits", &self.0.limits)
            .finish_non_exhaustive()
    }
}
