//! Question and answer over one connection, one at a time.

use std::io;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, Waker};

use rustls::ClientConfig;
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWriteExt, ReadBuf};

use super::ber::Malformed;
use super::frame;
use super::message::{self, Outcome, Request, Response};
use super::stream::Stream;
use crate::ldap::LdapLimits;
use crate::ldap::entry::DirectoryEntry;
use crate::ldap::filter::Filter;

/// How much is read from the connection at once, in bytes.
const READ_AT_ONCE: usize = 4 * 1024;

/// A connection to a server. Whoever gives up an operation before its end gives up the connection:
/// [`is_at_rest`](Self::is_at_rest) says so.
pub(in crate::ldap) struct Dialogue {
    stream: Stream,
    limits: LdapLimits,
    /// What was received and not read yet.
    received: Vec<u8>,
    /// The number of the last request.
    last: u16,
    /// An operation was begun, and has not ended.
    underway: bool,
}

/// What is searched for.
pub(in crate::ldap) struct Wanted<'a> {
    pub(in crate::ldap) base: &'a str,
    pub(in crate::ldap) filter: &'a Filter,
    pub(in crate::ldap) attributes: &'a [String],
    /// How many entries are of interest.
    pub(in crate::ldap) most: usize,
    /// How long the server may take.
    pub(in crate::ldap) seconds: i32,
}

/// What was found.
pub(in crate::ldap) struct Found {
    pub(in crate::ldap) entries: Vec<DirectoryEntry>,
    /// There are more than were wanted; these were not read to the end.
    pub(in crate::ldap) cut: bool,
    /// How the search ended, if it was not cut.
    pub(in crate::ldap) outcome: Outcome,
}

/// Why there is no answer.
#[derive(Debug, thiserror::Error)]
pub(in crate::ldap) enum Trouble {
    /// The connection failed, or has ended.
    #[error("{}", shown(.0))]
    Connection(#[from] io::Error),
    /// The server speaks another protocol, or talks nonsense.
    #[error("what the server sent is no message of LDAP")]
    Malformed,
    /// More than what was allowed.
    #[error("the server's answer is larger than {0} bytes: see `limits.{1}`")]
    TooLarge(usize, &'static str),
    /// The server refuses to begin TLS.
    #[error("StartTLS is refused: {0}")]
    NoTls(Outcome),
}

impl From<Malformed> for Trouble {
    fn from(_: Malformed) -> Self {
        Self::Malformed
    }
}

fn shown(error: &io::Error) -> String {
    match error.kind() {
        io::ErrorKind::UnexpectedEof | io::ErrorKind::ConnectionReset | io::ErrorKind::BrokenPipe => {
            "the connection was closed".to_owned()
        }
        _ => error.to_string(),
    }
}

impl Dialogue {
    pub(in crate::ldap) async fn connect(host: &str, port: u16, limits: LdapLimits) -> Result<Self, Trouble> {
        let stream = Stream::connect(host, port).await?;
        Ok(Self { stream, limits, received: Vec::new(), last: 0, underway: false })
    }

    /// Goes on under TLS.
    pub(in crate::ldap) async fn secured(
        self,
        host: &str,
        config: Arc<ClientConfig>,
    ) -> Result<Self, Trouble> {
        // What came before TLS is nobody's word.
        if !self.received.is_empty() {
            return Err(Trouble::Malformed);
        }
        Ok(Self { stream: self.stream.secured(host, config).await?, ..self })
    }

    /// Asks for TLS, and goes on under it.
    pub(in crate::ldap) async fn start_tls(
        mut self,
        host: &str,
        config: Arc<ClientConfig>,
    ) -> Result<Self, Trouble> {
        match self.extended(message::START_TLS).await? {
            (Outcome { code: 0, .. }, _) => self.secured(host, config).await,
            (outcome, _) => Err(Trouble::NoTls(outcome)),
        }
    }

    /// What the server says to a name and a password.
    pub(in crate::ldap) async fn bind(&mut self, name: &str, password: &str) -> Result<Outcome, Trouble> {
        let mut answer = self.ask(&Request::Bind { name, password }).await?;
        match self.next(&mut answer).await? {
            Response::Bound(outcome) => {
                self.underway = false;
                Ok(outcome)
            }
            _ => Err(Trouble::Malformed),
        }
    }

    /// Who the server takes this connection for.
    pub(in crate::ldap) async fn who_am_i(&mut self) -> Result<(Outcome, Option<String>), Trouble> {
        self.extended(message::WHO_AM_I).await
    }

    pub(in crate::ldap) async fn search(&mut self, wanted: &Wanted<'_>) -> Result<Found, Trouble> {
        let Wanted { base, filter, attributes, most, seconds } = *wanted;
        let size = i32::try_from(most.saturating_add(1)).unwrap_or(i32::MAX);
        let mut answer = self.ask(&Request::Search { base, filter, attributes, size, seconds }).await?;
        let mut entries = Vec::new();
        loop {
            match self.next(&mut answer).await? {
                Response::DirectoryEntry(_) if entries.len() >= most => {
                    let outcome = Outcome { code: 4, text: String::new() };
                    return Ok(Found { entries, cut: true, outcome });
                }
                Response::DirectoryEntry(entry) => entries.push(entry),
                Response::Aside => {}
                Response::Found(outcome) => {
                    self.underway = false;
                    return Ok(Found { entries, cut: false, outcome });
                }
                Response::Bound(_) | Response::Extended(..) => return Err(Trouble::Malformed),
            }
        }
    }

    /// Whether nothing is under way, and the server has neither closed the connection nor said anything unasked.
    pub(in crate::ldap) fn is_at_rest(&mut self) -> bool {
        let mut byte = [0];
        let mut to = ReadBuf::new(&mut byte);
        let reading = Pin::new(&mut self.stream).poll_read(&mut Context::from_waker(Waker::noop()), &mut to);
        !self.underway && self.received.is_empty() && matches!(reading, Poll::Pending)
    }

    async fn extended(&mut self, name: &'static str) -> Result<(Outcome, Option<String>), Trouble> {
        let mut answer = self.ask(&Request::Extended(name)).await?;
        match self.next(&mut answer).await? {
            Response::Extended(outcome, value) => {
                self.underway = false;
                Ok((outcome, value))
            }
            _ => Err(Trouble::Malformed),
        }
    }

    async fn ask(&mut self, request: &Request<'_>) -> Result<Answer, Trouble> {
        self.underway = true;
        self.last = self.last.checked_add(1).unwrap_or(1);
        self.stream.write_all(&request.encode(self.last.into())).await?;
        self.stream.flush().await?;
        Ok(Answer { id: self.last, bytes: 0 })
    }

    /// The next message of an answer.
    async fn next(&mut self, answer: &mut Answer) -> Result<Response, Trouble> {
        let length = self.receive(answer).await?;
        let message = self.received.get(..length).ok_or(Malformed)?;
        let (id, response) = message::parse(message)?;
        self.received.drain(..length);
        if self.received.is_empty() {
            // One long answer is no reason to hold so much for each connection.
            self.received.shrink_to(2 * READ_AT_ONCE);
        }
        match id {
            _ if id == u32::from(answer.id) => Ok(response),
            // A notice of disconnection, if anything (section 4.4).
            0 => Err(io::Error::from(io::ErrorKind::UnexpectedEof).into()),
            _ => Err(Trouble::Malformed),
        }
    }

    /// Reads until a whole message is there. Nothing is reserved for what has only been announced.
    async fn receive(&mut self, answer: &mut Answer) -> Result<usize, Trouble> {
        loop {
            if let Some(length) = frame::length(&self.received)? {
                if length > self.limits.message_bytes {
                    return Err(Trouble::TooLarge(self.limits.message_bytes, "message_bytes"));
                }
                if length > self.limits.answer_bytes.saturating_sub(answer.bytes) {
                    return Err(Trouble::TooLarge(self.limits.answer_bytes, "answer_bytes"));
                }
                if length <= self.received.len() {
                    answer.bytes += length;
                    return Ok(length);
                }
            }
            self.received.reserve(READ_AT_ONCE);
            if self.stream.read_buf(&mut self.received).await? == 0 {
                return Err(io::Error::from(io::ErrorKind::UnexpectedEof).into());
            }
        }
    }
}

/// What is being answered, and how much has been said.
struct Answer {
    id: u16,
    bytes: usize,
}
