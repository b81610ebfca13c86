//! A stream that is watched in both directions.
#![cfg_attr(
    not(feature = "token-store-redis"),
    allow(dead_code, reason = "not every protocol nests, or answers in turn")
)]

use std::io;
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};

/// Follows a protocol.
pub(crate) trait Watch: Send + Unpin + 'static {
    /// Notes what was sent.
    fn sent(&mut self, bytes: &[u8]);

    /// Judges what has come, before anyone else sees it.
    fn received(&mut self, bytes: &[u8]) -> Result<(), BadAnswer>;
}

/// Why nothing more is read of a peer.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub(crate) enum BadAnswer {
    #[error("its answer is longer than {0} bytes")]
    TooLong(usize),
    #[error("its answer is nested too deeply")]
    TooDeep,
    #[error("its answer is not of its protocol")]
    Garbage,
    #[error("it answers what nobody asked")]
    Unasked,
}

impl From<BadAnswer> for io::Error {
    fn from(refusal: BadAnswer) -> Self {
        Self::new(io::ErrorKind::InvalidData, refusal)
    }
}

/// A stream to a peer. After a refusal it only fails.
pub(crate) struct Watched<S, W> {
    stream: S,
    watch: W,
    refused: Option<BadAnswer>,
}

impl<S, W> Watched<S, W> {
    pub(crate) fn new(stream: S, watch: W) -> Self {
        Self { stream, watch, refused: None }
    }
}

impl<S: AsyncRead + Unpin, W: Watch> AsyncRead for Watched<S, W> {
    fn poll_read(
        self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let Self { stream, watch, refused } = self.get_mut();
        if let Some(refusal) = *refused {
            return Poll::Ready(Err(refusal.into()));
        }
        let before = buffer.filled().len();
        ready!(Pin::new(stream).poll_read(context, buffer))?;
        let new = buffer.filled().get(before..).unwrap_or_default();
        if let Err(refusal) = watch.received(new) {
            *refused = Some(refusal);
            buffer.set_filled(before);
            return Poll::Ready(Err(refusal.into()));
        }
        Poll::Ready(Ok(()))
    }
}

impl<S: AsyncWrite + Unpin, W: Watch> AsyncWrite for Watched<S, W> {
    fn poll_write(self: Pin<&mut Self>, context: &mut Context<'_>, data: &[u8]) -> Poll<io::Result<usize>> {
        let Self { stream, watch, .. } = self.get_mut();
        let written = ready!(Pin::new(stream).poll_write(context, data))?;
        watch.sent(data.get(..written).unwrap_or_default());
        Poll::Ready(Ok(written))
    }

    fn poll_flush(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.get_mut().stream).poll_flush(context)
    }

    fn poll_shutdown(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.get_mut().stream).poll_shutdown(context)
    }
}
