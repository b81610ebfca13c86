//! Files that change under a running server.

use std::fs;
use std::os::unix::fs::MetadataExt as _;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use arc_swap::ArcSwap;
use tokio::sync::mpsc;
use tracing::{error, info};

use crate::control::Desk;
use crate::state::{Source, State};

/// How often the files are looked at. Asking the file system, where a notification would be lost: a Kubernetes volume
/// changes by a renamed link, a bind mount not at all for those who watch its folder.
const INTERVAL: Duration = Duration::from_secs(1);

/// Loads the configuration again when that is asked for, and when one of its files has changed. Requests under way keep the
/// configuration that they began with; a configuration that cannot be loaded changes nothing.
pub(crate) async fn watch(
    mut asked: mpsc::Receiver<()>,
    source: Source,
    mut files: Vec<PathBuf>,
    state: Arc<ArcSwap<State>>,
    mut desk: Desk,
) {
    let mut seen = stamps(&files);
    let mut ticks = tokio::time::interval(INTERVAL);
    ticks.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
    loop {
        let now_please = tokio::select! {
            Some(()) = asked.recv() => true,
            _ = ticks.tick() => false,
        };
        // From before the files are read: what is written meanwhile is a change.
        let mut now = stamps(&files);
        if !now_please && now == seen {
            continue;
        }
        let (reading, present) = (source.clone(), state.load_full());
        match tokio::task::spawn_blocking(move || reading.load(Some(&present))).await {
            Ok(Ok((new, new_files))) => {
                state.load().report_what_needs_a_restart(&new);
                state.load().report_new_key(&new);
                state.store(Arc::new(new));
                desk.follow(&state);
                if files != new_files {
                    files = new_files;
                    now = stamps(&files);
                }
                info!(config = %source.config.display(), "configuration loaded again");
            }
            Ok(Err(problem)) => {
                error!("the configuration stays as it was: {problem:#}");
            }
            Err(panic) => error!(%panic, "the configuration stays as it was"),
        }
        seen = now;
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
