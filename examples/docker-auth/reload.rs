//! Signals, and files that change under a running server.

use std::fs;
use std::os::unix::fs::MetadataExt as _;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use arc_swap::ArcSwap;
use tokio::signal::unix::{Signal, SignalKind, signal};
use tracing::{error, info};

use crate::state::{self, State};

/// How often the files are looked at. Asking the file system, where a notification would be lost: a Kubernetes volume
/// changes by a renamed link, a bind mount not at all for those who watch its folder.
const INTERVAL: Duration = Duration::from_secs(1);

/// Loads the configuration again on SIGHUP, and when one of its files has changed. Requests under way keep the
/// configuration that they began with; a configuration that cannot be loaded changes nothing.
pub(crate) async fn watch(config: PathBuf, lenient: bool, files: Vec<PathBuf>, state: Arc<ArcSwap<State>>) {
    let Ok(mut hangup) = signal(SignalKind::hangup()) else {
        error!("cannot listen for SIGHUP: the configuration is not read again");
        return;
    };
    let mut files = files;
    let mut seen = stamps(&files);
    let mut ticks = tokio::time::interval(INTERVAL);
    ticks.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
    loop {
        let asked = tokio::select! {
            _ = hangup.recv() => true,
            _ = ticks.tick() => false,
        };
        let now = stamps(&files);
        if !asked && now == seen {
            continue;
        }
        let path = config.clone();
        match tokio::task::spawn_blocking(move || state::load(&path, lenient)).await {
            Ok(Ok((new, new_files))) => {
                state.load().report_what_needs_a_restart(&new);
                state.store(Arc::new(new));
                files = new_files;
                info!(config = %config.display(), "configuration loaded again");
            }
            Ok(Err(problem)) => {
                error!("the configuration stays as it was: {problem:#}");
            }
            Err(panic) => error!(%panic, "the configuration stays as it was"),
        }
        seen = stamps(&files);
    }
}

/// What tells one state of a file from another; a missing file is a state too.
type Stamp = Option<(u64, u64, i64, i64)>;

fn stamps(files: &[PathBuf]) -> Vec<Stamp> {
    files.iter().map(|file| stamp(file)).collect()
}

fn stamp(file: &Path) -> Stamp {
    let data = fs::metadata(file).ok()?;
    Some((data.ino(), data.size(), data.mtime(), data.mtime_nsec()))
}

/// Waits for SIGTERM or SIGINT.
pub(crate) async fn stop() {
    async fn next(signal: std::io::Result<Signal>) {
        match signal {
            Ok(mut signal) => {
                signal.recv().await;
            }
            Err(error) => {
                error!(%error, "cannot listen for a signal to stop");
                std::future::pending::<()>().await;
            }
        }
    }
    tokio::select! {
        () = next(signal(SignalKind::terminate())) => {}
        () = next(signal(SignalKind::interrupt())) => {}
    }
}
