//! The service that is asked: how a question gets there, and an answer back.

use std::fmt;
use std::path::PathBuf;
use std::time::{Duration, Instant};

use bytes::Bytes;
use http::header::{ACCEPT, AUTHORIZATION, CONTENT_TYPE, HeaderValue};
use http::{Request, Response, Uri};
use token_auth_core::{ClientNetwork, Deadline};
use tokio::time::timeout;
use zeroize::Zeroizing;

use super::breaker::{Breaker, Pass};
use super::freshness::freshness;
use super::{WebhookError, WebhookLimits, WebhookOptions};
use crate::http_client::{HttpClient, HttpError, HttpOptions, check};
use crate::named_file;
use crate::turns::{Limits, Turns};

/// Between two tries.
const PAUSE: Duration = Duration::from_millis(100);

/// A service, ready to be asked.
pub(super) struct Peer {
    client: HttpClient,
    url: Uri,
    bearer_file: Option<PathBuf>,
    limits: WebhookLimits,
    turns: Turns,
    breaker: Breaker,
}

/// For whom it is asked, and whether the question may be asked twice.
#[derive(Clone, Copy, Debug)]
pub(super) struct Asker {
    pub(super) network: Option<ClientNetwork>,
    pub(super) deadline: Deadline,
    /// A login is not: the service may count it as a guess.
    pub(super) repeatable: bool,
}

/// The content of an answer, and how long it is good.
pub(super) struct Answered {
    pub(super) content: Zeroizing<Vec<u8>>,
    pub(super) fresh: Duration,
}

impl Peer {
    pub(super) fn new(options: &WebhookOptions) -> Result<Self, WebhookError> {
        let limits = options.limits;
        let mut http =
            HttpOptions::default().with_timeout(limits.timeout).with_content_bytes(limits.answer_bytes);
        http.certificates.clone_from(&options.certificates);
        http.identity.clone_from(&options.identity);
        let WebhookLimits { concurrency, queue, patience, .. } = limits;
        Ok(Self {
            client: HttpClient::new(&http)?,
            url: check(&options.url, options.allow_loopback_http)?,
            bearer_file: options.bearer_file.clone(),
            limits,
            turns: Turns::new(Limits { concurrency, queue, patience }),
            breaker: Breaker::new(options.breaker),
        })
    }

    /// Asks, in the asker's turn.
    pub(super) async fn ask(
        &self,
        asker: Asker,
        question: Zeroizing<Vec<u8>>,
    ) -> Result<Answered, WebhookError> {
        let patience = asker.deadline.bound(self.limits.patience, Instant::now());
        let turn = timeout(patience, self.turns.take(asker.network, asker.deadline)).await;
        let turn = turn.map_err(|_| WebhookError::Busy)?.map_err(|_| WebhookError::Busy)?;
        let pass = self.breaker.enter()?;
        let begun = Instant::now();
        let limit = asker.deadline.bound(self.limits.timeout, begun);
        let outcome = timeout(limit, self.try_to_ask(asker, Bytes::from_owner(question))).await;
        turn.took(begun.elapsed());
        let outcome = match outcome {
            Err(_) | Ok(Err(WebhookError::Http(HttpError::TimedOut { .. }))) => {
                Err(WebhookError::TimedOut(limit))
            }
            Ok(outcome) => outcome,
        };
        // What came too late for one who had little time left says nothing of the service.
        let was_hurried = matches!(outcome, Err(WebhookError::TimedOut(_))) && limit < self.limits.timeout;
        match was_hurried {
            true => drop(pass),
            false => judge(pass, &outcome),
        }
        let response = outcome?;
        match response.status().as_u16() {
            200 if is_json(&response) => Ok(Answered {
                fresh: freshness(response.headers()).min(self.limits.longest_cache),
                content: Zeroizing::new(response.into_body()),
            }),
            200 => Err(WebhookError::ContentType),
            status => Err(WebhookError::Status(status)),
        }
    }

    /// Asks, and asks again where that is safe.
    async fn try_to_ask(&self, asker: Asker, question: Bytes) -> Result<Response<Vec<u8>>, WebhookError> {
        let mut left = self.limits.retries;
        loop {
            let outcome = self.ask_once(question.clone()).await;
            if left == 0 || !is_worth_another_try(&outcome, asker.repeatable) {
                return outcome;
            }
            left -= 1;
            tokio::time::sleep(PAUSE).await;
        }
    }

    async fn ask_once(&self, question: Bytes) -> Result<Response<Vec<u8>>, WebhookError> {
        let mut request = Request::new(question);
        *request.method_mut() = http::Method::POST;
        request.uri_mut().clone_from(&self.url);
        let json = HeaderValue::from_static("application/json");
        request.headers_mut().insert(CONTENT_TYPE, json.clone());
        request.headers_mut().insert(ACCEPT, json);
        if let Some(file) = &self.bearer_file {
            let bearer = bearer(file.clone()).await.map_err(WebhookError::BearerFile)?;
            request.headers_mut().insert(AUTHORIZATION, bearer);
        }
        Ok(self.client.send(request).await?)
    }
}

/// `Bearer` and what the file holds now.
async fn bearer(file: PathBuf) -> std::io::Result<HeaderValue> {
    let read = move || named_file::read_text(&file, named_file::SECRET_BYTES).map(Zeroizing::new);
    let text = tokio::task::spawn_blocking(read).await.map_err(std::io::Error::other)??;
    let value = Zeroizing::new(format!("Bearer {}", text.trim()));
    let wrong = |_| std::io::Error::new(std::io::ErrorKind::InvalidData, "it holds no token");
    let mut value = HeaderValue::from_str(&value).map_err(wrong)?;
    value.set_sensitive(true);
    Ok(value)
}

/// Tells the breaker whether the service is there.
fn judge(pass: Pass<'_>, outcome: &Result<Response<Vec<u8>>, WebhookError>) {
    match outcome {
        Err(WebhookError::TimedOut(_) | WebhookError::Http(HttpError::Exchange { .. })) => pass.failed(),
        Ok(response) if is_away(response) => pass.failed(),
        Ok(_) | Err(WebhookError::Http(_)) => pass.answered(),
        // It was not asked.
        Err(_) => drop(pass),
    }
}

fn is_worth_another_try(outcome: &Result<Response<Vec<u8>>, WebhookError>, repeatable: bool) -> bool {
    match outcome {
        Err(WebhookError::Http(error @ HttpError::Exchange { .. })) => repeatable || error.is_unsent(),
        Ok(response) => repeatable && is_away(response),
        Err(_) => false,
    }
}

/// Whether a proxy, or the service itself, says that it is not there.
fn is_away(response: &Response<Vec<u8>>) -> bool {
    matches!(response.status().as_u16(), 502..=504)
}

/// `application/json` or `application/…+json`, with whatever parameters.
fn is_json(response: &Response<Vec<u8>>) -> bool {
    let value =
        response.headers().get(CONTENT_TYPE).and_then(|value| value.to_str().ok()).unwrap_or_default();
    let essence = value.split(';').next().unwrap_or_default().trim().to_ascii_lowercase();
    essence == "application/json" || (essence.starts_with("application/") && essence.ends_with("+json"))
}

impl fmt::Debug for Peer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Peer").field("url", &self.url).field("limits", &self.limits).finish_non_exhaustive()
    }
}
