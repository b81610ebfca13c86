//! How a server is started, and what its owner can do with it.

use std::net::{SocketAddr, TcpListener};
use std::path::PathBuf;
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use anyhow::Result;
use arc_swap::ArcSwap;
use token_auth_backends::config::ConfigOptions;
use tokio::sync::{mpsc, oneshot};
use tokio::task::{JoinHandle, JoinSet, spawn_blocking};
use tracing::Level;

use crate::control::Desk;
use crate::listener::Listener;
use crate::state::{Source, State};
use crate::{reload, server, tokens};

/// What to serve, and where.
#[derive(Debug)]
#[non_exhaustive]
pub struct Setup {
    /// docker_auth's configuration file.
    pub config: PathBuf,
    /// Whether unknown keys in it are warnings. By default they are errors.
    pub lenient: bool,
    /// For how long nobody must have written to the files of a configuration before it is read. By default 2 seconds.
    pub settle_time: Duration,
    /// Whether a configuration is refused that there is something to warn of: its rules among it, and policy tests that fail.
    /// By default it is said in the log.
    pub deny_warnings: bool,
    /// Where to listen instead of at the configuration's `server.addr`; port 0 takes a free one.
    pub listen: Option<SocketAddr>,
    /// A listener that is open already, instead of either.
    pub listener: Option<TcpListener>,
    /// The level of the log lines of requests that were denied: answered with 401, 403 or 429. By default info.
    pub log_denials: Level,
}

impl Setup {
    /// This configuration file, and nothing else.
    pub fn new(config: impl Into<PathBuf>) -> Self {
        Self {
            config: config.into(),
            lenient: false,
            settle_time: ConfigOptions::default().settle_time,
            deny_warnings: false,
            listen: None,
            listener: None,
            log_denials: Level::INFO,
        }
    }
}

/// A server that runs. Where it is dropped it stops as with [`stop`](Self::stop), and nobody waits for it.
pub struct Server {
    url: String,
    reload: mpsc::Sender<()>,
    stop: oneshot::Sender<()>,
    serving: JoinHandle<()>,
    background: JoinSet<()>,
}

impl Server {
    /// Starts it; when this is done, it listens. Only within a multi-threaded runtime of tokio, with its clock and its
    /// sockets.
    ///
    /// # Errors
    ///
    /// When the configuration cannot be loaded, or the address is taken.
    pub async fn start(setup: Setup) -> Result<Self> {
        let Setup { config, lenient, settle_time, deny_warnings, listen, listener, log_denials } = setup;
        let source = Source { config, lenient, settle_time, deny_warnings, log_denials };
        let first = source.clone();
        let state = spawn_blocking(move || first.load(None)).await??;
        let listener = match listener {
            Some(listener) => Listener::try_from(listener)?,
            None => state.listen(listen).await?,
        };
        let url = match &listener {
            Listener::Tcp(_) if state.tls.is_some() => format!("https://{listener}"),
            Listener::Tcp(_) => format!("http://{listener}"),
            Listener::Unix(..) => format!("unix:{listener}"),
        };
        let state = Arc::new(ArcSwap::from_pointee(state));
        let mut desk = Desk::new();
        desk.follow(&state);
        let (reload, asked) = mpsc::channel(1);
        let (stop, stopped) = oneshot::channel();
        let mut background = JoinSet::new();
        background.spawn(purge(Arc::clone(&state)));
        background.spawn(tell_of_expiry(Arc::clone(&state)));
        background.spawn(reload::watch(asked, source, Arc::clone(&state), desk));
        let serving = tokio::spawn(server::run(listener, state, async {
            // An owner who is gone wants what one wants who says so.
            let _ = stopped.await;
        }));
        Ok(Self { url, reload, stop, serving, background })
    }

    /// Where it listens: `http://127.0.0.1:5001`, `https://…`, or `unix:PATH`.
    pub fn url(&self) -> &str {
        &self.url
    }

    /// Reads the configuration again, also if no file has changed. What comes of it is logged; a configuration that cannot
    /// be loaded changes nothing.
    pub fn reload(&self) {
        // One that waits already will see what this one would.
        let _ = self.reload.try_send(());
    }

    /// Takes no more connections, finishes the requests under way, and ends; at the latest when
    /// `server.timeouts.shutdown` has passed.
    pub async fn stop(self) {
        let Self { stop, serving, mut background, reload: _reload, .. } = self;
        // Nobody listens where it has ended by itself.
        let _ = stop.send(());
        if let Err(error) = serving.await {
            tracing::error!(%error, "the server ended before it was told to");
        }
        background.shutdown().await;
    }
}

/// Says in time that the certificate of the tokens ends.
async fn tell_of_expiry(state: Arc<ArcSwap<State>>) {
    let mut ticks = tokio::time::interval(Duration::from_secs(60));
    loop {
        ticks.tick().await;
        let state = state.load();
        if let Some(due) = state.loaded.expiry.as_ref().and_then(|expiry| expiry.due(SystemTime::now())) {
            tracing::warn!("{due}");
        }
    }
}

/// Removes tokens that have ended, now and every ten minutes.
async fn purge(state: Arc<ArcSwap<State>>) {
    let mut ticks = tokio::time::interval(Duration::from_secs(600));
    loop {
        ticks.tick().await;
        tokens::purge(state.load_full().endpoint.service()).await;
    }
}
