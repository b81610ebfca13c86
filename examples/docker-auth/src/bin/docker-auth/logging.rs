//! The log of the process: to standard error, through a queue.

use std::fs::File;
use std::io;
use std::os::fd::AsFd as _;
use std::panic;
use std::sync::Arc;

use docker_auth::log::Lines;
use tracing::{Level, error};

use crate::cli::LogFormat;

/// Sends log lines of this level and above to standard error, and panics of whatever thread with them.
///
/// # Errors
///
/// When standard error cannot be had.
pub(crate) fn init(format: LogFormat, level: Level) -> io::Result<Arc<Lines>> {
    // Not the standard library's handle: whoever waits to write there keeps its lock.
    let lines = Lines::to(File::from(io::stderr().as_fd().try_clone_to_owned()?))?;
    let subscriber = tracing_subscriber::fmt()
        .with_max_level(level)
        .with_writer(Arc::clone(&lines))
        .with_ansi(false)
        .log_internal_errors(false);
    match format {
        LogFormat::Text => subscriber.init(),
        LogFormat::Json => {
            subscriber.json().flatten_event(true).with_current_span(false).with_span_list(false).init();
        }
    }
    panic::set_hook(Box::new(|panic| error!("{panic}")));
    Ok(lines)
}
