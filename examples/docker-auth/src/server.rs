//! Connections: accepted within a bound, over TLS or not, finished before the process ends.

use std::io;
use std::net::IpAddr;
use std::sync::Arc;
use std::time::{Duration, Instant};

use arc_swap::ArcSwap;
use token_auth_backends::core::http::error_json;
use tokio::io::AsyncWriteExt as _;
use tokio::sync::{OwnedSemaphorePermit, Semaphore, watch};
use tokio_rustls::TlsAcceptor;
use tokio_rustls::server::TlsStream;
use tracing::{debug, info, warn};

use crate::crowd::{self, Crowd};
use crate::listener::{Listener, Stream};
use crate::refusal::Spoken;
use crate::serving::serve;
use crate::shutdown::{self, Phase};
use crate::state::State;

/// How often at most it is told that an address has too many connections.
const TELL: Duration = Duration::from_secs(60);

/// Serves until told to stop.
pub(crate) async fn run(listener: Listener, state: Arc<ArcSwap<State>>, stop: impl Future<Output = ()>) {
    let maximum = state.load().connections.maximum.min(Semaphore::MAX_PERMITS);
    let places = Arc::new(Semaphore::new(maximum));
    let phase = watch::Sender::default();
    let mut door = Door { state, crowd: Arc::default(), phase: phase.subscribe(), told: None };
    let mut stop = std::pin::pin!(stop);
    loop {
        let accepted = async {
            let place = Arc::clone(&places).acquire_owned().await;
            (place, listener.accept().await)
        };
        tokio::select! {
            () = &mut stop => break,
            (Ok(place), connection) = accepted => match connection {
                Ok((stream, peer)) => door.admit(stream, peer, place),
                Err(error) => back_off(&error).await,
            },
        }
    }
    // Whoever has connected already is served.
    while let Ok(place) = Arc::clone(&places).try_acquire_owned()
        && let Ok(Ok((stream, peer))) = tokio::time::timeout(Duration::ZERO, listener.accept()).await
    {
        door.admit(stream, peer, place);
    }
    drop(listener);
    let grace = door.state.load().connections.grace;
    shutdown::end(&phase, places, maximum, grace).await;
}

/// Out of file descriptors, as a rule: the connection stays in the kernel's queue until there are some again.
async fn back_off(error: &io::Error) {
    warn!(%error, "cannot accept a connection");
    tokio::time::sleep(Duration::from_millis(100)).await;
}

/// Who comes in.
struct Door {
    state: Arc<ArcSwap<State>>,
    crowd: Arc<Crowd>,
    phase: watch::Receiver<Phase>,
    /// When it was last told that somebody was refused.
    told: Option<Instant>,
}

impl Door {
    /// Begins the conversation, unless this address has too many already.
    fn admit(&mut self, stream: Stream, peer: Option<IpAddr>, place: OwnedSemaphorePermit) {
        let mut among = None;
        if let Some(address) = peer {
            let most = self.state.load().connections_of(address);
            among = self.crowd.enter(address, most);
            if among.is_none() {
                self.tell(address, most);
                return;
            }
        }
        let (state, phase) = (Arc::clone(&self.state), self.phase.clone());
        tokio::spawn(connection(stream, peer, state, phase, (place, among)));
    }

    fn tell(&mut self, address: IpAddr, most: usize) {
        if self.told.is_none_or(|told| told.elapsed() >= TELL) {
            self.told = Some(Instant::now());
            warn!(%address, most, "connections are closed at once: their address has as many as it may \
                (limits.connections_per_address); told once a minute");
        }
    }
}

async fn connection(
    stream: Stream,
    peer: Option<IpAddr>,
    state: Arc<ArcSwap<State>>,
    phase: watch::Receiver<Phase>,
    _places: (OwnedSemaphorePermit, Option<crowd::Seat>),
) {
    let (tls, limits) = {
        let state = state.load();
        (state.tls.clone(), state.connections)
    };
    let Some(tls) = tls else { return serve(stream, peer, state, phase).await };
    let greeting = async {
        if stream.begins_with_text().await {
            return Ok(Greeted::Plain(stream));
        }
        TlsAcceptor::from(tls).accept(stream).await.map(|stream| Greeted::Encrypted(Box::new(stream)))
    };
    match tokio::time::timeout(limits.header_timeout, greeting).await {
        Ok(Ok(Greeted::Encrypted(stream))) => serve(stream, peer, state, phase).await,
        Ok(Ok(Greeted::Plain(stream))) => {
            let address = peer.map(tracing::field::display);
            info!(address, "plain HTTP was sent to the port of TLS");
            // A client that does not listen misses only this.
            let _ = tokio::time::timeout(limits.write_timeout, refuse_plain(stream)).await;
        }
        Ok(Err(error)) => debug!(%error, "TLS handshake failed"),
        Err(_) => debug!("TLS handshake timed out"),
    }
}

/// What a client of the port of TLS turns out to speak.
enum Greeted {
    Encrypted(Box<TlsStream<Stream>>),
    Plain(Stream),
}

async fn refuse_plain(stream: Stream) -> io::Result<()> {
    let body = error_json("INVALID_REQUEST", "this port speaks HTTPS, and the request was plain HTTP");
    let head = format!(
        "HTTP/1.1 400 Bad Request\r\nconnection: close\r\ncontent-type: application/json\r\n\
         cache-control: no-store\r\ncontent-length: {}\r\n\r\n",
        body.len()
    );
    let mut stream = Spoken::new(stream);
    stream.write_all(&[head.into_bytes(), body].concat()).await?;
    stream.shutdown().await
}
