//! Files that change under a running server.

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
    state: Arc<ArcSwap<State>>,
    mut desk: Desk,
) {
    let mut seen = state.load().loaded.stamps.clone();
    let mut ticks = tokio::time::interval(INTERVAL);
    ticks.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
    loop {
        let asked = tokio::select! {
            Some(()) = asked.recv() => true,
            _ = ticks.tick() => false,
        };
        let (reading, present, known) = (source.clone(), state.load_full(), seen.clone());
        let look = tokio::task::spawn_blocking(move || {
            let stamps = known.now();
            if !asked && stamps == known {
                return None;
            }
            // From before the files are read: what is written meanwhile is a change.
            let stamps = reading.settled(&stamps);
            Some((stamps, reading.load(Some(&present))))
        });
        match look.await {
            Ok(None) => {}
            Ok(Some((_, Ok(new)))) => {
                state.load().report_what_needs_a_restart(&new);
                state.load().report_new_key(&new);
                seen = new.loaded.stamps.clone();
                state.store(Arc::new(new));
                desk.follow(&state);
                info!(config = %source.config.display(), "configuration loaded again");
            }
            Ok(Some((stamps, Err(problem)))) => {
                error!("the configuration stays as it was: {problem:#}");
                seen = stamps;
            }
            Err(panic) => {
                error!(%panic, "the configuration stays as it was");
                seen = seen.now();
            }
        }
    }
}
