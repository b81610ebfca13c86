//! What is asked on the control socket, how long it may take, and what the log says of it. The paths of commands begin with
//! the version of their form.

use std::time::Duration;

use bytes::Bytes;
use http::{Request, Response, StatusCode};
use http_body_util::{BodyExt as _, Full, LengthLimitError, Limited};
use hyper::body::Incoming;
use token_auth_backends::core::http::error;
use tracing::info;

use super::caller::Caller;
use super::connection::PATIENCE;
use crate::routes;
use crate::state::State;
use crate::tokens::{self, Ask, Failure, Reply};

/// How long a command may take. The disk of the store may be slow.
pub(super) const COMMAND: Duration = Duration::from_secs(60);
/// Bytes of what comes with a command.
const BODY: usize = 64 * 1024;

/// Answers one request.
pub(super) async fn answer(
    state: &State,
    caller: Caller,
    request: Request<Incoming>,
) -> Response<Full<Bytes>> {
    match request.uri().path() {
        "/openapi.json" => routes::read_only(&request, || routes::document(include_bytes!("openapi.json"))),
        path if tokens::owns(path) => command(state, caller, request).await,
        _ => error(
            StatusCode::NOT_FOUND,
            "NOT_FOUND",
            "no such command: this server has those of /openapi.json",
        ),
    }
}

async fn command(state: &State, caller: Caller, request: Request<Incoming>) -> Response<Full<Bytes>> {
    let Caller { uid, pid } = caller;
    let ask = match read(request).await {
        Ok(ask) => ask,
        Err(failure) => {
            info!(uid, pid, outcome = %failure, "a command on the control socket cannot be read");
            return tokens::response(Err(failure));
        }
    };
    let (command, account) = (ask.describe(), ask.account().map(ToOwned::to_owned));
    let token = ask.token().cloned();
    let answer = tokens::answer(state.endpoint.service(), ask);
    let reply = match tokio::time::timeout(COMMAND, answer).await {
        Ok(reply) => reply,
        Err(_) => Err(Failure::new(StatusCode::SERVICE_UNAVAILABLE, "the store of tokens does not answer")),
    };
    let made = reply.as_ref().ok().and_then(Reply::token);
    let token_id = made.or(token.as_ref()).map(tracing::field::display);
    let outcome = match &reply {
        Ok(reply) => reply.describe(),
        Err(failure) => format!("failed: {failure}"),
    };
    info!(command, uid, pid, account, token_id, outcome, "a command for the tokens");
    tokens::response(reply)
}

async fn read(request: Request<Incoming>) -> Result<Ask, Failure> {
    let (head, body) = request.into_parts();
    let body = tokio::time::timeout(PATIENCE, Limited::new(body, BODY).collect()).await;
    let body =
        body.map_err(|_| Failure::new(StatusCode::REQUEST_TIMEOUT, "the body did not come in time"))?;
    let body = body.map_err(|error| match error.is::<LengthLimitError>() {
        true => Failure::new(StatusCode::PAYLOAD_TOO_LARGE, "the body is too long"),
        false => Failure::new(StatusCode::BAD_REQUEST, "the body cannot be read"),
    })?;
    Ask::read(&head, &body.to_bytes())
}
