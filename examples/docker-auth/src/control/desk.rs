//! Which socket is open, and who is let in.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use anyhow::{Context as _, Result};
use arc_swap::ArcSwap;
use tokio::net::{UnixListener, UnixStream};
use tokio::sync::Semaphore;
use tokio::task::JoinHandle;
use tracing::{info, warn};

use super::caller::Caller;
use super::{connection, routes, socket};
use crate::socket_file::SocketFile;
use crate::state::State;

/// Connections at once; each brings one request. More of them wait.
const CONNECTIONS: usize = 32;

/// Where a running server answers commands. Takes no more of them when it is dropped.
pub(crate) struct Desk {
    store: Option<PathBuf>,
    open: Option<Open>,
}

struct Open {
    _file: SocketFile,
    task: JoinHandle<()>,
}

impl Desk {
    /// Closed.
    pub(crate) fn new() -> Self {
        Self { store: None, open: None }
    }

    /// Opens beside the store of the present state; stays as it is if that is the same as before.
    pub(crate) fn follow(&mut self, state: &Arc<ArcSwap<State>>) {
        let store = state.load().token_file.clone();
        if store == self.store {
            return;
        }
        self.open = None;
        self.store.clone_from(&store);
        let Some(store) = store else { return };
        match Open::at(&socket::beside(&store), Arc::clone(state)) {
            Ok(open) => self.open = Some(open),
            // The tokens themselves are served all the same.
            Err(error) => warn!("`docker-auth tokens` cannot reach this server: {error:#}"),
        }
    }
}

impl Open {
    fn at(path: &Path, state: Arc<ArcSwap<State>>) -> Result<Self> {
        let listener = socket::bind(path).with_context(|| format!("cannot listen on {}", path.display()))?;
        info!(socket = %path.display(), "answering `docker-auth tokens`");
        let task = tokio::spawn(serve(listener, state));
        Ok(Self { _file: SocketFile::bound(path), task })
    }
}

impl Drop for Open {
    fn drop(&mut self) {
        self.task.abort();
    }
}

async fn serve(listener: UnixListener, state: Arc<ArcSwap<State>>) {
    let places = Arc::new(Semaphore::new(CONNECTIONS));
    while let Ok(place) = Arc::clone(&places).acquire_owned().await {
        match listener.accept().await {
            Ok((stream, _)) => {
                let state = Arc::clone(&state);
                tokio::spawn(async move {
                    admit(stream, &state).await;
                    drop(place);
                });
            }
            Err(error) => {
                warn!(%error, "cannot accept a connection on the control socket");
                tokio::time::sleep(Duration::from_millis(100)).await;
            }
        }
    }
}

async fn admit(stream: UnixStream, state: &ArcSwap<State>) {
    let caller = match Caller::of(&stream) {
        Ok(caller) => caller,
        Err(error) => return warn!(%error, "it cannot be told who asks on the control socket"),
    };
    let ended = connection::serve(stream, |request| {
        let state = state.load_full();
        async move { routes::answer(&state, caller, request).await }
    });
    if let Err(error) = ended.await {
        let Caller { uid, pid } = caller;
        info!(uid, pid, %error, "a request on the control socket was not answered");
    }
}
