//! Refusals that the HTTP library writes itself, in the form that registry clients read.
//!
//! What cannot be parsed as HTTP/1 never becomes a request: hyper answers it with a status, an empty body, and the end of
//! the connection. This stands between it and the connection, and gives such an answer its body.

use std::io;
use std::pin::Pin;
use std::task::{Context, Poll, ready};
use std::time::Duration;

use bytes::{Buf as _, Bytes};
use token_auth_backends::core::http::error_json;
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::time::Sleep;

/// How much of what a refused client is still sending is read, and how long. Whoever hangs up with bytes unread resets
/// the connection, and the client may never see why.
const LINGER: (usize, Duration) = (1 << 20, Duration::from_secs(1));

/// A connection on which every refusal has a body.
pub(crate) struct Spoken<S> {
    stream: S,
    /// What is written in place of an empty refusal.
    instead: Bytes,
    /// Whether the last answer was a refusal.
    refused: bool,
    lingering: Option<(usize, Pin<Box<Sleep>>)>,
}

impl<S> Spoken<S> {
    pub(crate) fn new(stream: S) -> Self {
        Self { stream, instead: Bytes::new(), refused: false, lingering: None }
    }
}

impl<S: AsyncRead + Unpin> AsyncRead for Spoken<S> {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_read(cx, buffer)
    }
}

impl<S: AsyncRead + AsyncWrite + Unpin> AsyncWrite for Spoken<S> {
    fn poll_write(self: Pin<&mut Self>, cx: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        let this = self.get_mut();
        if this.instead.is_empty() {
            if bytes.starts_with(b"HTTP/1.1 ") {
                this.refused = bytes.starts_with(b"HTTP/1.1 4");
            }
            match this.refused.then(|| with_body(bytes)).flatten() {
                None => return Pin::new(&mut this.stream).poll_write(cx, bytes),
                Some(refusal) => this.instead = refusal,
            }
        }
        while !this.instead.is_empty() {
            match ready!(Pin::new(&mut this.stream).poll_write(cx, &this.instead))? {
                0 => return Poll::Ready(Err(io::ErrorKind::WriteZero.into())),
                written => this.instead.advance(written),
            }
        }
        Poll::Ready(Ok(bytes.len()))
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_flush(cx)
    }

    fn poll_shutdown(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        let this = self.get_mut();
        if this.lingering.is_none() {
            ready!(Pin::new(&mut this.stream).poll_shutdown(cx))?;
            if !this.refused {
                return Poll::Ready(Ok(()));
            }
        }
        let (bytes, time) = LINGER;
        let (left, end) = this.lingering.get_or_insert_with(|| (bytes, Box::pin(tokio::time::sleep(time))));
        let mut waste = [0; 8 * 1024];
        while *left > 0 && end.as_mut().poll(cx).is_pending() {
            let mut buffer = ReadBuf::new(&mut waste);
            match ready!(Pin::new(&mut this.stream).poll_read(cx, &mut buffer)) {
                Ok(()) if !buffer.filled().is_empty() => *left = left.saturating_sub(buffer.filled().len()),
                _ => break,
            }
        }
        Poll::Ready(Ok(()))
    }
}

/// The same refusal with a body, if this is one without.
fn with_body(bytes: &[u8]) -> Option<Bytes> {
    let head = std::str::from_utf8(bytes).ok()?.strip_suffix("\r\n\r\n")?;
    let (status, fields) = head.split_once("\r\n")?;
    if !fields.split("\r\n").any(|field| field.eq_ignore_ascii_case("content-length: 0")) {
        return None;
    }
    let message = match status.get(9..12)? {
        "414" => "the request target is too long",
        "431" => "the request header is too long",
        _ => "this is not an HTTP request",
    };
    let body = String::from_utf8(error_json("INVALID_REQUEST", message)).ok()?;
    let fields: String = fields
        .split("\r\n")
        .filter(|field| !field.to_ascii_lowercase().starts_with("content-length:"))
        .map(|field| format!("{field}\r\n"))
        .collect();
    let length = body.len();
    let text = format!(
        "{status}\r\n{fields}content-type: application/json\r\ncache-control: no-store\r\ncontent-length: {length}\r\n\r\n{body}"
    );
    Some(text.into())
}

#[cfg(test)]
mod tests {
    use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};

    use super::*;

    #[tokio::test]
    async fn an_empty_refusal_gets_a_body_and_nothing_else_changes() {
        let empty = "HTTP/1.1 431 Request Header Fields Too Large\r\nconnection: close\r\ncontent-length: 0\r\ndate: x\r\n\r\n";
        let full = "HTTP/1.1 401 Unauthorized\r\ncontent-length: 2\r\n\r\n{}";
        let (ours, mut theirs) = tokio::io::duplex(16);
        let server = tokio::spawn(async move {
            let mut spoken = Spoken::new(ours);
            spoken.write_all(full.as_bytes()).await.unwrap();
            spoken.write_all(empty.as_bytes()).await.unwrap();
            spoken.shutdown().await.unwrap();
        });
        let mut said = String::new();
        theirs.read_to_string(&mut said).await.unwrap();
        drop(theirs);
        server.await.unwrap();
        let refusal = said.strip_prefix(full).unwrap();
        let (head, body) = refusal.split_once("\r\n\r\n").unwrap();
        assert!(head.starts_with("HTTP/1.1 431 ") && head.contains("connection: close"), "{head}");
        assert!(head.contains(&format!("content-length: {}", body.len())), "{head}");
        assert_eq!(
            body,
            r#"{"errors":[{"code":"INVALID_REQUEST","message":"the request header is too long"}]}"#
        );
    }
}
