//! What a command prints: `println!` and its like do not panic where nothing can be written, and [`finish`] tells of it.

use std::fmt;
use std::io::{self, ErrorKind, Write as _};
use std::process::ExitCode;
use std::sync::OnceLock;

use anyhow::{Error, Result};

/// Why standard output takes no more.
static BROKEN: OnceLock<io::Error> = OnceLock::new();

macro_rules! print {
    ($($what:tt)*) => { $crate::out::write(format_args!($($what)*)) };
}

macro_rules! println {
    ($($what:tt)*) => { $crate::out::write(format_args!("{}\n", format_args!($($what)*))) };
}

macro_rules! eprintln {
    ($($what:tt)*) => { $crate::out::complain(format_args!("{}\n", format_args!($($what)*))) };
}

/// Writes to standard output, until that fails.
pub(crate) fn write(text: fmt::Arguments<'_>) {
    if BROKEN.get().is_some() {
        return;
    }
    let mut out = io::stdout().lock();
    if let Err(error) = out.write_fmt(text).and_then(|()| out.flush()) {
        // The first one is told.
        let _ = BROKEN.set(error);
    }
}

/// Writes to standard error. Where that fails there is nobody to tell.
pub(crate) fn complain(text: fmt::Arguments<'_>) {
    let _ = io::stderr().write_fmt(text);
}

/// Whether everything was written until now.
///
/// # Errors
///
/// When it was not.
pub(crate) fn written() -> Result<()> {
    match BROKEN.get() {
        Some(error) => Err(anyhow::anyhow!("cannot write to standard output: {error}")),
        None => Ok(()),
    }
}

/// Tells why a command failed, if it did, and how the process ends.
pub(crate) fn finish(outcome: Result<()>) -> ExitCode {
    let tell = |error: Error| {
        eprintln!("{error:#}");
        ExitCode::FAILURE
    };
    match outcome {
        // `| head` has seen enough: how programs end that the signal for it ends, 128 + SIGPIPE.
        _ if BROKEN.get().is_some_and(|error| error.kind() == ErrorKind::BrokenPipe) => ExitCode::from(141),
        Err(error) => tell(error),
        Ok(()) => written().map_or_else(tell, |()| ExitCode::SUCCESS),
    }
}
