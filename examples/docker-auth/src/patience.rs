//! How long an answer may take to be taken, and when a request began to come.

use std::io;
use std::pin::Pin;
use std::sync::{Arc, Mutex, PoisonError};
use std::task::{Context, Poll};
use std::time::{Duration, Instant};

use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::time::Sleep;

/// A connection that ends when its client does not take what it is sent: `limit` after the first byte that had to wait,
/// everything must have gone.
pub(crate) struct Patience<S> {
    stream: S,
    limit: Duration,
    waiting: Option<Pin<Box<Sleep>>>,
    arrival: Arrival,
}

/// When the first byte came of what the client sends now.
#[derive(Clone, Default)]
pub(crate) struct Arrival(Arc<Mutex<Option<Instant>>>);

impl Arrival {
    /// Takes it: the next byte begins something new. Now, if nothing has come since it was last taken.
    pub(crate) fn take(&self) -> Instant {
        self.lock().take().unwrap_or_else(Instant::now)
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, Option<Instant>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl<S> Patience<S> {
    /// With it comes what tells when its requests began.
    pub(crate) fn new(stream: S, limit: Duration) -> (Self, Arrival) {
        let arrival = Arrival::default();
        (Self { stream, limit, waiting: None, arrival: arrival.clone() }, arrival)
    }

    /// Counts the time as long as something waits.
    fn counted<T>(&mut self, cx: &mut Context<'_>, outcome: Poll<io::Result<T>>) -> Poll<io::Result<T>> {
        if outcome.is_ready() {
            return outcome;
        }
        let limit = self.limit;
        let waiting = self.waiting.get_or_insert_with(|| Box::pin(tokio::time::sleep(limit)));
        waiting.as_mut().poll(cx).map(|()| Err(io::ErrorKind::TimedOut.into()))
    }
}

impl<S: AsyncRead + Unpin> AsyncRead for Patience<S> {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let before = buffer.filled().len();
        let outcome = Pin::new(&mut self.stream).poll_read(cx, buffer);
        if buffer.filled().len() > before {
            self.arrival.lock().get_or_insert_with(Instant::now);
        }
        outcome
    }
}

impl<S: AsyncWrite + Unpin> AsyncWrite for Patience<S> {
    fn poll_write(mut self: Pin<&mut Self>, cx: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        let outcome = Pin::new(&mut self.stream).poll_write(cx, bytes);
        self.counted(cx, outcome)
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        let outcome = Pin::new(&mut self.stream).poll_flush(cx);
        if outcome.is_ready() {
            self.waiting = None;
        }
        self.counted(cx, outcome)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        let outcome = Pin::new(&mut self.stream).poll_shutdown(cx);
        self.counted(cx, outcome)
    }
}

#[cfg(test)]
mod tests {
    use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};

    use super::*;

    const LIMIT: Duration = Duration::from_secs(10);

    #[tokio::test(start_paused = true)]
    async fn an_answer_that_nobody_takes_ends_the_connection() {
        let (ours, mut theirs) = tokio::io::duplex(4);
        let (mut ours, _) = Patience::new(ours, LIMIT);
        let writing = tokio::spawn(async move {
            ours.write_all(b"answer").await?;
            ours.flush().await
        });
        // A byte from time to time does not prolong it.
        tokio::time::sleep(LIMIT / 2).await;
        theirs.read_u8().await.unwrap();
        let error = writing.await.unwrap().unwrap_err();
        assert_eq!(error.kind(), io::ErrorKind::TimedOut);
    }

    #[tokio::test(start_paused = true)]
    async fn each_answer_has_its_own_time() {
        let (ours, mut theirs) = tokio::io::duplex(4);
        let (mut ours, _) = Patience::new(ours, LIMIT);
        let writing = tokio::spawn(async move {
            for _ in 0..4 {
                ours.write_all(b"answer").await?;
                ours.flush().await?;
            }
            Ok::<_, io::Error>(())
        });
        for _ in 0..4 {
            tokio::time::sleep(LIMIT / 2).await;
            theirs.read_exact(&mut [0; 6]).await.unwrap();
        }
        writing.await.unwrap().unwrap();
    }
}
