//! One run of a program: its pipes, its end, and the end of all that it has started.

use std::io;
use std::time::Duration;

use rustix::process::{Pid, Signal, WaitId, WaitIdOptions, kill_process_group, waitid};
use tokio::io::{AsyncRead, AsyncReadExt as _, AsyncWriteExt as _};
use tokio::process::{Child, Command};
use tokio::signal::unix::{SignalKind, signal};
use tokio::time::timeout;
use zeroize::Zeroizing;

use super::ProgramError;
use super::program::Finished;
use super::runs::{MARK, Run};

/// How much of its complaint is kept, and how much of it is read: a program that does nothing but complain is killed.
const COMPLAINT_BYTES: usize = 2 << 10;
const MOST_COMPLAINT_BYTES: usize = 1 << 20;
/// When a program has ended, its pipes have, too: or something holds them that it has left behind.
const GRACE: Duration = Duration::from_millis(100);

/// A process and its group. When this is dropped, both are killed.
pub(super) struct Running {
    child: Child,
    /// As long as the process is not waited for: its number is nobody else's until then.
    group: Option<Pid>,
    run: Run,
}

impl Running {
    /// Starts the process.
    pub(super) fn new(mut command: Command, run: Run) -> io::Result<Self> {
        let child = command.env(MARK, run.mark()).spawn()?;
        let group = child.id().and_then(|id| Pid::from_raw(id.try_into().ok()?));
        Ok(Self { child, group, run })
    }

    /// Writes the question, reads the answer, and waits for the end of the process.
    pub(super) async fn converse(
        &mut self,
        input: Zeroizing<Vec<u8>>,
        most: usize,
    ) -> Result<Finished, ProgramError> {
        let (stdin, stdout, stderr) =
            (self.child.stdin.take(), self.child.stdout.take(), self.child.stderr.take());
        let (Some(mut stdin), Some(stdout), Some(stderr), Some(group)) = (stdin, stdout, stderr, self.group)
        else {
            return Err(ProgramError::System(io::Error::other("a pipe is missing")));
        };
        let write = async {
            // Whether it reads the question is the program's affair.
            let _ = stdin.write_all(&input).await;
            drop(stdin);
            Ok(())
        };
        let pipes = async {
            tokio::try_join!(
                read(stdout, most, most),
                read(stderr, COMPLAINT_BYTES, MOST_COMPLAINT_BYTES),
                write
            )
        };
        tokio::pin!(pipes);
        let early = tokio::select! {
            biased;
            read = &mut pipes => Some(read?),
            ended = ended(group) => ended.map(|()| None).map_err(ProgramError::System)?,
        };
        let (output, complaint, ()) = match early {
            Some(read) => {
                ended(group).await.map_err(ProgramError::System)?;
                read
            }
            None => {
                self.kill_group();
                match timeout(GRACE, &mut pipes).await {
                    Ok(read) => read?,
                    Err(_) => {
                        self.run.sweep().await;
                        pipes.await?
                    }
                }
            }
        };
        self.kill_group();
        let status = self.child.wait().await.map_err(ProgramError::System)?;
        self.group = None;
        Ok(Finished { status, output, complaint: complaint.to_vec() })
    }

    /// Kills the process and all of its group.
    pub(super) fn kill_group(&self) {
        if let Some(group) = self.group {
            // Nothing is left of a group that cannot be signalled.
            let _ = kill_process_group(group, Signal::KILL);
        }
    }

    /// Waits for the end of the process.
    pub(super) async fn end(mut self) {
        self.kill_group();
        // It is dead: the system only has to notice.
        let _ = self.child.wait().await;
        self.group = None;
        self.run.is_over();
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        self.kill_group();
    }
}

/// The beginning of what comes, of at most so many bytes in all.
async fn read(
    mut pipe: impl AsyncRead + Unpin,
    keep: usize,
    most: usize,
) -> Result<Zeroizing<Vec<u8>>, ProgramError> {
    let mut kept = Zeroizing::new(Vec::new());
    let mut buffer = Zeroizing::new([0; 4096]);
    let mut length = 0usize;
    loop {
        let read = pipe.read(&mut *buffer).await.map_err(ProgramError::System)?;
        let Some(new) = buffer.get(..read).filter(|new| !new.is_empty()) else { return Ok(kept) };
        length = length.saturating_add(read);
        if length > most {
            return Err(ProgramError::TooLong(most));
        }
        let room = keep.saturating_sub(kept.len());
        kept.extend_from_slice(new.get(..room).unwrap_or(new));
    }
}

/// Waits until the process has ended, and leaves it: as long as nobody has waited for it, its number is not given away, and its
/// group can be killed without hitting another one.
async fn ended(process: Pid) -> io::Result<()> {
    let mut changes = signal(SignalKind::child())?;
    let left = WaitIdOptions::EXITED | WaitIdOptions::NOHANG | WaitIdOptions::NOWAIT;
    loop {
        match waitid(WaitId::Pid(process), left) {
            Ok(Some(_)) => return Ok(()),
            Ok(None) => {}
            // Somebody else in this process has waited for it.
            Err(rustix::io::Errno::CHILD) => return Ok(()),
            Err(rustix::io::Errno::INTR) => continue,
            Err(error) => return Err(error.into()),
        }
        if changes.recv().await.is_none() {
            return Err(io::Error::other("the system tells of no ended processes"));
        }
    }
}
