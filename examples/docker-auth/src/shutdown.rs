//! How a server takes its leave.

use std::sync::Arc;
use std::time::Duration;

use tokio::sync::{Semaphore, watch};
use tracing::warn;

/// How long clients with an idle connection are given to hear, in the answer to one more request, that it ends: closing it
/// at once would lose the request that is on its way. At most half of `server.timeouts.shutdown`.
const LEAVE: Duration = Duration::from_secs(1);

/// Where a server is on its way to the end.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Phase {
    #[default]
    Serving,
    /// Every answer says that the connection ends.
    Leaving,
    /// A connection ends when no request of it is under way.
    Ending,
}

/// Ends all connections, the idle ones last, within `grace`.
pub(crate) async fn end(
    phase: &watch::Sender<Phase>,
    places: Arc<Semaphore>,
    maximum: usize,
    grace: Duration,
) {
    let all = u32::try_from(maximum).unwrap_or(u32::MAX);
    let ended = async {
        // It is never closed.
        let _ = places.acquire_many(all).await;
    };
    let mut ended = std::pin::pin!(ended);
    let leave = LEAVE.min(grace / 2);
    phase.send_replace(Phase::Leaving);
    if tokio::time::timeout(leave, &mut ended).await.is_ok() {
        return;
    }
    phase.send_replace(Phase::Ending);
    if tokio::time::timeout(grace - leave, ended).await.is_err() {
        warn!("some connections did not finish within {grace:?} and are cut");
    }
}
