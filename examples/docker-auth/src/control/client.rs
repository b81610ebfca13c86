//! Asks a running server.

use std::io;
use std::path::Path;
use std::time::Duration;

use anyhow::{Context as _, Result, bail};
use bytes::Bytes;
use http::{Request, StatusCode};
use http_body_util::{BodyExt as _, Full, Limited};
use hyper::client::conn::http1::{self, SendRequest};
use hyper_util::rt::TokioIo;
use tokio::net::UnixStream;

use super::routes::COMMAND;
use super::socket;
use crate::tokens::{Ask, Reply};

/// How long an answer may take: longer than the server takes at most.
const TIMEOUT: Duration = COMMAND.saturating_add(Duration::from_secs(10));
/// Bytes of an answer: a page of records.
const ANSWER: usize = 16 << 20;

/// Asks the server that has this store open; nothing if there is none.
///
/// # Errors
///
/// When there is a server, and it does not answer, or refuses.
pub(crate) async fn ask(store: &Path, question: &Ask) -> Result<Option<Reply>> {
    let socket = socket::beside(store);
    let stream = match UnixStream::connect(&socket).await {
        Ok(stream) => stream,
        Err(error) if nobody_listens(&error) => return Ok(None),
        Err(error) => {
            return Err(error).with_context(|| format!("cannot reach the server at {}", socket.display()));
        }
    };
    match tokio::time::timeout(TIMEOUT, exchange(stream, question)).await {
        Ok(reply) => reply.map(Some),
        Err(_) => bail!("the server does not answer"),
    }
}

async fn exchange(stream: UnixStream, question: &Ask) -> Result<Reply> {
    let (sender, connection) = http1::handshake(TokioIo::new(stream)).await?;
    // What goes wrong with the connection, the answer lacks.
    let (answer, _) = tokio::join!(sent(sender, question.request()?), connection);
    let reply = answer.and_then(|(status, body)| question.reply(status, &body));
    Ok(reply.context("the server's answer cannot be read: is it of another version?")??)
}

async fn sent(
    mut sender: SendRequest<Full<Bytes>>,
    request: Request<Full<Bytes>>,
) -> Result<(StatusCode, Bytes)> {
    let response = sender.send_request(request).await?;
    let status = response.status();
    let body = Limited::new(response.into_body(), ANSWER).collect().await;
    Ok((status, body.map_err(anyhow::Error::from_boxed)?.to_bytes()))
}

/// Also where the path is too long for a socket: no server can have opened one there.
fn nobody_listens(error: &io::Error) -> bool {
    use io::ErrorKind::{ConnectionRefused, InvalidInput, NotFound};
    matches!(error.kind(), NotFound | ConnectionRefused | InvalidInput)
}
