//! One connection to the control socket: one request, within bounds.

use std::convert::Infallible;
use std::time::Duration;

use bytes::Bytes;
use http::{Request, Response};
use http_body_util::Full;
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::{TokioIo, TokioTimer};
use tokio::io::{AsyncRead, AsyncWrite};

use crate::patience::Patience;
use crate::refusal::Spoken;

/// For the head of the request; for what the client sends after it; and for the answer to be taken.
pub(super) const PATIENCE: Duration = Duration::from_secs(10);
/// Bytes of the head of a request.
const HEAD: usize = 16 * 1024;

/// Answers the request that comes.
///
/// # Errors
///
/// When none comes that can be read, or the answer is not taken.
pub(super) async fn serve<A: Future<Output = Response<Full<Bytes>>>>(
    stream: impl AsyncRead + AsyncWrite + Unpin,
    answer: impl Fn(Request<Incoming>) -> A,
) -> Result<(), hyper::Error> {
    let (stream, _) = Patience::new(stream, PATIENCE);
    let service = service_fn(|request| {
        let answer = answer(request);
        async { Ok::<_, Infallible>(answer.await) }
    });
    http1::Builder::new()
        .timer(TokioTimer::new())
        // Nobody is between two requests when the server stops.
        .keep_alive(false)
        .half_close(true)
        .header_read_timeout(PATIENCE)
        .max_buf_size(HEAD)
        .serve_connection(TokioIo::new(Spoken::new(stream)), service)
        .await
}

#[cfg(test)]
mod tests {
    use http_body_util::BodyExt as _;
    use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _, DuplexStream};
    use tokio::time::Instant;

    use super::*;

    /// Sends this, and takes what comes until the end. With it comes how long that took.
    async fn told(request: &str) -> (String, Duration) {
        let (ours, mut theirs) = tokio::io::duplex(1024);
        let begun = Instant::now();
        let client = async {
            theirs.write_all(request.as_bytes()).await.unwrap();
            let mut said = String::new();
            theirs.read_to_string(&mut said).await.unwrap();
            said
        };
        let ((), said) = tokio::join!(echo(ours), client);
        (said, begun.elapsed())
    }

    async fn echo(stream: DuplexStream) {
        // What it says is for the log.
        let _ = serve(stream, |request| async {
            let body = tokio::time::timeout(PATIENCE, request.into_body().collect()).await;
            Response::new(Full::new(body.map_or_else(|_| "slow".into(), |body| body.unwrap().to_bytes())))
        })
        .await;
    }

    #[tokio::test(start_paused = true)]
    async fn whoever_says_nothing_or_half_of_it_is_let_go() {
        let post = "POST / HTTP/1.1\r\nhost: x\r\ncontent-length: 4\r\n";
        for (said, answered, within) in [
            (String::new(), "", PATIENCE),
            (post.to_owned(), "", PATIENCE),
            (format!("{post}\r\nhal"), "slow", PATIENCE),
            (format!("{post}\r\nhalf"), "half", Duration::ZERO),
        ] {
            let (answer, took) = told(&said).await;
            assert!(answer.ends_with(answered) && answer.is_empty() == answered.is_empty(), "{answer}");
            // After it the rest is waited for that a refused client may still be sending.
            assert!(took >= within && took < within + Duration::from_secs(2), "{said:?}: {took:?}");
        }
    }

    #[tokio::test(start_paused = true)]
    async fn a_connection_brings_one_request() {
        let (answer, _) = told(&"GET / HTTP/1.1\r\nhost: x\r\n\r\n".repeat(2)).await;
        assert_eq!(answer.matches("HTTP/1.1 200").count(), 1, "{answer}");
        assert!(answer.contains("connection: close"), "{answer}");
    }

    #[tokio::test(start_paused = true)]
    async fn an_answer_that_is_not_taken_ends_the_connection() {
        let (ours, mut theirs) = tokio::io::duplex(16);
        let serving = tokio::spawn(echo(ours));
        theirs.write_all(b"GET / HTTP/1.1\r\nhost: x\r\n\r\n").await.unwrap();
        serving.await.unwrap();
    }
}
