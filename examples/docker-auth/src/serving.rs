//! One connection: its requests, and what ends it.

use std::convert::Infallible;
use std::net::IpAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::time::Duration;

use arc_swap::ArcSwap;
use http::header::{CONNECTION, HeaderValue};
use http::{Request, Version};
use hyper::body::Incoming;
use hyper::service::service_fn;
use hyper_util::rt::{TokioExecutor, TokioIo, TokioTimer};
use hyper_util::server::conn::auto;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::sync::watch;
use tracing::debug;

use crate::patience::Patience;
use crate::refusal::Spoken;
use crate::routes;
use crate::shutdown::Phase;
use crate::state::{Connections, State};

/// Requests of one connection at once, over HTTP/2.
const STREAMS: u32 = 64;

/// Answers the requests of a connection until it ends.
pub(crate) async fn serve(
    stream: impl AsyncRead + AsyncWrite + Unpin + Send + 'static,
    peer: Option<IpAddr>,
    state: Arc<ArcSwap<State>>,
    mut phase: watch::Receiver<Phase>,
) {
    let limits = state.load().connections;
    let (stream, arrival) = Patience::new(stream, limits.write_timeout);
    let activity = Arc::new(Activity::default());
    let (doing, leaving) = (Arc::clone(&activity), phase.clone());
    let service = service_fn(move |request: Request<Incoming>| {
        let request_activity = doing.begin(request.version());
        let (state, arrived, leaving) = (state.load_full(), arrival.take(), leaving.clone());
        async move {
            let _until_answered = request_activity;
            let last = request.version() < Version::HTTP_2;
            let mut response = routes::answer(&state, peer, arrived, request).await;
            if last && *leaving.borrow() > Phase::Serving {
                response.headers_mut().insert(CONNECTION, HeaderValue::from_static("close"));
            }
            Ok::<_, Infallible>(response)
        }
    });
    let builder = builder(&limits);
    let mut connection = std::pin::pin!(builder.serve_connection(TokioIo::new(Spoken::new(stream)), service));
    let end = async {
        tokio::select! {
            // Whoever could say otherwise is gone: that is the end, too.
            _ = phase.wait_for(|phase| *phase == Phase::Ending) => Ok(()),
            silent = activity.ends(limits.header_timeout) => silent,
        }
    };
    let end = tokio::select! {
        ended = connection.as_mut() => return told(ended),
        end = end => end,
    };
    if end.is_err() {
        return debug!("no request came in time");
    }
    connection.as_mut().graceful_shutdown();
    // What is under way has its own time, and then the time in which an answer must be taken.
    let rest = limits.request_timeout + limits.write_timeout;
    match tokio::time::timeout(rest, connection).await {
        Ok(ended) => told(ended),
        Err(_) => debug!("the connection did not end in time"),
    }
}

fn builder(limits: &Connections) -> auto::Builder<TokioExecutor> {
    let mut builder = auto::Builder::new(TokioExecutor::new());
    builder
        .http1()
        .timer(TokioTimer::new())
        // A client may say that it sends no more, and wait for its answer.
        .half_close(true)
        .header_read_timeout(limits.header_timeout)
        .max_buf_size(limits.header_bytes)
        .http2()
        .timer(TokioTimer::new())
        .max_header_list_size(u32::try_from(limits.header_bytes).unwrap_or(u32::MAX))
        .max_concurrent_streams(STREAMS)
        .keep_alive_interval(limits.header_timeout)
        .keep_alive_timeout(limits.header_timeout);
    builder
}

fn told(ended: Result<(), Box<dyn std::error::Error + Send + Sync>>) {
    if let Err(error) = ended {
        debug!(%error, "connection ended");
    }
}

/// What a connection is used for.
#[derive(Default)]
struct Activity {
    http2: AtomicBool,
    /// Requests that are not answered yet.
    under_way: AtomicUsize,
    /// Counts the beginnings of requests.
    requests: AtomicUsize,
}

impl Activity {
    /// A request begins; it ends when this is dropped.
    fn begin(self: &Arc<Self>, version: Version) -> UnderWay {
        self.http2.store(version == Version::HTTP_2, Ordering::Relaxed);
        self.under_way.fetch_add(1, Ordering::Relaxed);
        self.requests.fetch_add(1, Ordering::Relaxed);
        UnderWay(Arc::clone(self))
    }

    /// Waits until the connection is of no use: no request came within the time, which is an error; or, over HTTP/2, none
    /// came since another time of the same length. There pings keep a connection alive that nobody needs. hyper itself sees
    /// to the time between requests over HTTP/1, but it begins when the version of HTTP is known.
    async fn ends(&self, time: Duration) -> Result<(), Silent> {
        let mut seen = 0;
        loop {
            tokio::time::sleep(time).await;
            let requests = self.requests.load(Ordering::Relaxed);
            if requests == 0 {
                return Err(Silent);
            }
            if !self.http2.load(Ordering::Relaxed) {
                std::future::pending::<()>().await;
            }
            if requests == seen && self.under_way.load(Ordering::Relaxed) == 0 {
                return Ok(());
            }
            seen = requests;
        }
    }
}

/// No request came in time.
struct Silent;

struct UnderWay(Arc<Activity>);

impl Drop for UnderWay {
    fn drop(&mut self) {
        self.0.under_way.fetch_sub(1, Ordering::Relaxed);
    }
}
