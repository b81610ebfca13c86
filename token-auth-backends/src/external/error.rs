//! Why a program has given no answer.

use std::io;
use std::path::PathBuf;
use std::time::Duration;

/// Why a program has given no answer. Shows neither what it was told nor what it has written.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ProgramError {
    /// There is no such file.
    #[error("there is no program {0:?}")]
    Missing(PathBuf),
    /// The file cannot be run.
    #[error("{0:?} is not a file that this user may run")]
    NotExecutable(PathBuf),
    /// The system gives no randomness for the keys of its memory.
    #[error("the system gives no random key")]
    NoRandomness,
    /// The process cannot be started.
    #[error("cannot run {program:?}")]
    Start {
        /// The program.
        program: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// Too many wait for it already.
    #[error("too many are waiting for the program")]
    Busy,
    /// It has not ended in time.
    #[error("the program has not ended within {} ms, and was killed", .0.as_millis())]
    TimedOut(Duration),
    /// It writes more than it may.
    #[error("the program writes more than {0} bytes, and was killed")]
    TooLong(usize),
    /// What it has written is not what it should have.
    #[error("the program's output cannot be read: {0}")]
    Output(String),
    /// It ended with a status that has no meaning.
    #[error("the program ended with status {0}, which means nothing here")]
    Status(i32),
    /// It was ended by a signal.
    #[error("the program was ended by signal {0}")]
    Signal(i32),
    /// The system did not let it be run to its end.
    #[error("cannot speak with the program")]
    System(#[source] io::Error),
}
