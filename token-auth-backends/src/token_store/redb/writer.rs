//! One thread that writes, so that operations that come at the same time share one commit.

use std::io;
use std::sync::Arc;
use std::thread::{self, JoinHandle};

use redb::Durability;
use token_auth_core::BackendError;
use tokio::sync::{mpsc, oneshot};

use super::error::{Fault, NAME};
use super::held::Held;
use super::tables::Writing;

/// How many operations may wait. Further ones wait to be let in.
const QUEUE: usize = 1024;
/// How many operations one commit holds at most.
const BATCH: usize = 256;
/// How many commits in a row may be kept in memory only: until the next one that is not, their pages take room.
const MAX_RELAXED: u32 = 64;

/// Answers whoever asked, after the commit.
type Answer = Box<dyn FnOnce() + Send>;
type Operation = Box<dyn FnOnce(&mut Writing<'_>) -> Result<Answer, Fault> + Send>;

struct Job {
    durable: bool,
    operation: Operation,
}

pub(super) struct Writer {
    jobs: Option<mpsc::Sender<Job>>,
    thread: Option<JoinHandle<()>>,
}

impl Writer {
    pub(super) fn start(held: Arc<Held>) -> io::Result<Self> {
        let (jobs, waiting) = mpsc::channel(QUEUE);
        let thread =
            thread::Builder::new().name("token-store".to_owned()).spawn(move || run(&held, waiting))?;
        Ok(Self { jobs: Some(jobs), thread: Some(thread) })
    }

    /// Runs an operation in the next commit, and answers when that is done: on the disk, if it has to be durable. It is
    /// done also when nobody waits for the answer any more.
    pub(super) async fn write<T: Send + 'static>(
        &self,
        durable: bool,
        operation: impl FnOnce(&mut Writing<'_>) -> Result<T, Fault> + Send + 'static,
    ) -> Result<T, BackendError> {
        let failed = || BackendError::new(NAME, "the write failed; the log says why");
        let (sender, answer) = oneshot::channel();
        let operation: Operation = Box::new(move |tables| {
            let result = operation(tables);
            match result {
                Err(fault) if fault.ends_the_transaction() => Err(fault),
                result => Ok(Box::new(move || drop(sender.send(result)))),
            }
        });
        let jobs = self.jobs.as_ref().ok_or_else(failed)?;
        jobs.send(Job { durable, operation }).await.map_err(|_| failed())?;
        answer.await.map_err(|_| failed())?.map_err(|fault| BackendError::new(NAME, fault))
    }
}

/// Writes what still waits, and lets go of the file.
impl Drop for Writer {
    fn drop(&mut self) {
        self.jobs = None;
        if let Some(thread) = self.thread.take() {
            // A panic of the thread has been reported where it happened.
            let _ = thread.join();
        }
    }
}

fn run(held: &Held, mut waiting: mpsc::Receiver<Job>) {
    let mut relaxed = 0;
    let mut failing = false;
    while let Some(first) = waiting.blocking_recv() {
        let mut batch = vec![first];
        while batch.len() < BATCH
            && let Ok(job) = waiting.try_recv()
        {
            batch.push(job);
        }
        let durable = failing || relaxed >= MAX_RELAXED || batch.iter().any(|job| job.durable);
        match commit(held, batch, durable) {
            Ok(answers) => {
                if failing {
                    tracing::info!("the token store writes again");
                }
                failing = false;
                answers.into_iter().for_each(|answer| answer());
            }
            // Whoever waits learns it from the answer that does not come. Told once, however many ask while the disk is full.
            Err(fault) => {
                if !failing {
                    tracing::error!(%fault, "the token store cannot write");
                }
                failing = true;
            }
        }
        relaxed = if durable { 0 } else { relaxed + 1 };
    }
    if relaxed > 0
        && let Err(fault) = commit(held, Vec::new(), true)
    {
        tracing::error!(%fault, "the token store cannot write the last uses");
    }
}

fn commit(held: &Held, batch: Vec<Job>, durable: bool) -> Result<Vec<Answer>, Fault> {
    let mut batch = Some(batch);
    held.run(|database| {
        let mut transaction = database.begin_write()?;
        match durable {
            // After a crash the file is opened at once, however large it is.
            true => transaction.set_quick_repair(true),
            false => transaction.set_durability(Durability::None)?,
        }
        let mut tables = Writing::begin(&transaction)?;
        let jobs = batch.take().ok_or(Fault::OnlyOnce)?;
        let answers =
            jobs.into_iter().map(|job| (job.operation)(&mut tables)).collect::<Result<Vec<_>, _>>()?;
        drop(tables);
        transaction.commit()?;
        Ok(answers)
    })
}
