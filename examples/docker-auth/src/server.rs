//! Connections: accepted within a bound, over TLS or not, each with its time-outs, finished before the process ends.

use std::io;
use std::net::IpAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use arc_swap::ArcSwap;
use http::Request;
use hyper::body::Incoming;
use hyper::service::service_fn;
use hyper_util::rt::{TokioExecutor, TokioIo, TokioTimer};
use hyper_util::server::conn::auto;
use hyper_util::server::graceful::GracefulShutdown;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio_rustls::TlsAcceptor;
use tracing::{debug, warn};

use crate::listener::Listener;
use crate::refusal::Spoken;
use crate::routes;
use crate::state::State;

/// Serves until told to stop.
pub(crate) async fn run(listener: Listener, state: Arc<ArcSwap<State>>, stop: impl Future<Output = ()>) {
    let limits = state.load().connections;
    let places = Arc::new(Semaphore::new(limits.maximum));
    let connections = GracefulShutdown::new();
    let mut stop = std::pin::pin!(stop);
    loop {
        let accepted = async {
            let place = Arc::clone(&places).acquire_owned().await;
            (place, listener.accept().await)
        };
        tokio::select! {
            () = &mut stop => break,
            (Ok(place), connection) = accepted => match connection {
                Ok((stream, peer)) => {
                    let watcher = connections.watcher();
                    tokio::spawn(connection_task(stream, peer, Arc::clone(&state), watcher, place));
                }
                Err(error) => back_off(&error).await,
            },
        }
    }
    drop(listener);
    let grace = state.load().connections.grace;
    if tokio::time::timeout(grace, connections.shutdown()).await.is_err() {
        warn!("some connections did not finish within {grace:?} and are cut");
    }
}

/// Out of file descriptors, as a rule: the connection stays in the kernel's queue until there are some again.
async fn back_off(error: &io::Error) {
    warn!(%error, "cannot accept a connection");
    tokio::time::sleep(Duration::from_millis(100)).await;
}

async fn connection_task(
    stream: crate::listener::Stream,
    peer: Option<IpAddr>,
    state: Arc<ArcSwap<State>>,
    watcher: hyper_util::server::graceful::Watcher,
    _place: OwnedSemaphorePermit,
) {
    let tls = state.load().tls.clone();
    match tls {
        None => serve(stream, peer, state, watcher).await,
        Some(config) => {
            let handshake = TlsAcceptor::from(config).accept(stream);
            let limit = state.load().connections.header_timeout;
            match tokio::time::timeout(limit, handshake).await {
                Ok(Ok(stream)) => serve(stream, peer, state, watcher).await,
                Ok(Err(error)) => debug!(%error, "TLS handshake failed"),
                Err(_) => debug!("TLS handshake timed out"),
            }
        }
    }
}

async fn serve(
    stream: impl AsyncRead + AsyncWrite + Unpin + Send + 'static,
    peer: Option<IpAddr>,
    state: Arc<ArcSwap<State>>,
    watcher: hyper_util::server::graceful::Watcher,
) {
    let limits = state.load().connections;
    let mut builder = auto::Builder::new(TokioExecutor::new());
    builder
        .http1()
        .timer(TokioTimer::new())
        .header_read_timeout(limits.header_timeout)
        .max_buf_size(limits.header_bytes)
        .http2()
        .timer(TokioTimer::new())
        .max_header_list_size(u32::try_from(limits.header_bytes).unwrap_or(u32::MAX))
        .max_concurrent_streams(64)
        .keep_alive_interval(limits.header_timeout)
        .keep_alive_timeout(limits.header_timeout);
    let begun = Arc::new(AtomicBool::new(false));
    let beginning = Arc::clone(&begun);
    let service = service_fn(move |request: Request<Incoming>| {
        beginning.store(true, Ordering::Relaxed);
        let state = state.load_full();
        async move { Ok::<_, std::convert::Infallible>(routes::answer(&state, peer, request).await) }
    });
    let connection = builder.serve_connection(TokioIo::new(Spoken::new(stream)), service).into_owned();
    // hyper's own time-outs begin when it knows the version of HTTP, which a client that says nothing never tells.
    let silent = async {
        tokio::time::sleep(limits.header_timeout).await;
        if begun.load(Ordering::Relaxed) {
            std::future::pending::<()>().await;
        }
    };
    tokio::select! {
        ended = watcher.watch(connection) => if let Err(error) = ended {
            debug!(error = %error, "connection ended");
        },
        () = silent => debug!("no request came in time"),
    }
}
