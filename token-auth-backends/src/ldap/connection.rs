//! A connection to one server, with the time that its operations may take.

use std::sync::Arc;
use std::time::Duration;

use rustls::ClientConfig;
use tokio::time::{Instant, timeout};

use super::entry::DirectoryEntry;
use super::failure::{Failure, Kind};
use super::wire::{Dialogue, Outcome, Trouble, Wanted};
use super::{Filter, LdapLimits, LdapServer, LdapTimeouts, Security};

/// A connection that is used by one at a time. One whose last operation failed is not used again.
pub(super) struct Connection {
    dialogue: Dialogue,
    timeouts: LdapTimeouts,
    opened: Instant,
    used: Instant,
    /// It has lain idle since it was opened.
    pooled: bool,
}

/// What is searched for.
pub(super) struct Search<'a> {
    /// What failures call it.
    pub(super) what: &'a str,
    pub(super) base: &'a str,
    pub(super) filter: &'a Filter,
    pub(super) attributes: &'a [String],
    /// How many entries are of interest.
    pub(super) most: usize,
}

/// What a search has found.
#[derive(Default)]
pub(super) struct Entries {
    pub(super) entries: Vec<DirectoryEntry>,
    /// There are more than were of interest, or than the server gives: what to say of it.
    pub(super) more: Option<Failure>,
}

impl Connection {
    pub(super) async fn open(
        server: &LdapServer,
        tls: Option<Arc<ClientConfig>>,
        timeouts: LdapTimeouts,
        limits: LdapLimits,
    ) -> Result<Self, Failure> {
        let opening = async {
            let (host, port) = (server.host(), server.port());
            let dialogue = Dialogue::connect(host, port, limits).await?;
            match (server.security(), tls) {
                (Security::Tls, Some(tls)) => dialogue.secured(host, tls).await,
                (Security::StartTls, Some(tls)) => dialogue.start_tls(host, tls).await,
                (Security::None, _) => Ok(dialogue),
                // Never in the clear what was to be protected.
                (_, None) => Err(Trouble::Connection(std::io::Error::other("there are no settings of TLS"))),
            }
        };
        let dialogue = timeout(timeouts.connect, opening)
            .await
            .map_err(|_| Failure::late("connecting", timeouts.connect).with_kind(Kind::Away))?
            .map_err(|trouble| Failure::of_trouble("connecting", &trouble).with_kind(Kind::Away))?;
        let now = Instant::now();
        Ok(Self { dialogue, timeouts, opened: now, used: now, pooled: false })
    }

    /// Whether it may be used again.
    pub(super) fn is_fresh(&mut self, idle: Duration, lifetime: Duration) -> bool {
        self.used.elapsed() < idle && self.opened.elapsed() < lifetime && self.dialogue.is_at_rest()
    }

    /// The same after it has lain idle, where it may have been closed.
    pub(super) fn having_lain_idle(self) -> Self {
        Self { pooled: true, ..self }
    }

    /// What the server says to a name and a password.
    pub(super) async fn bind(&mut self, name: &str, password: &str) -> Result<Outcome, Failure> {
        let limit = self.timeouts.bind;
        let outcome = timeout(limit, self.dialogue.bind(name, password)).await;
        self.used = Instant::now();
        outcome
            .map_err(|_| Failure::late("bind", limit))?
            .map_err(|trouble| Failure::of_trouble("bind", &trouble))
    }

    /// Who the server takes this connection for; `None` if it does not say.
    pub(super) async fn who_am_i(&mut self) -> Result<Option<String>, Failure> {
        let limit = self.timeouts.bind;
        let (outcome, told) = timeout(limit, self.dialogue.who_am_i())
            .await
            .map_err(|_| Failure::late("who am I", limit))?
            .map_err(|trouble| Failure::of_trouble("who am I", &trouble))?;
        Ok(told.filter(|_| outcome.code == 0))
    }

    /// The entries that are found, in the whole tree below the base. References to other servers are passed over.
    pub(super) async fn search(&mut self, search: &Search<'_>) -> Result<Entries, Failure> {
        let Search { what, base, filter, attributes, most } = *search;
        let limit = self.timeouts.search;
        let seconds = i32::try_from(limit.as_secs()).unwrap_or(i32::MAX).max(1);
        let wanted = Wanted { base, filter, attributes, most, seconds };
        let found = timeout(limit, self.dialogue.search(&wanted))
            .await
            .map_err(|_| Failure::late(what, limit))?
            .map_err(|trouble| Failure::of_trouble(what, &trouble))?;
        self.used = Instant::now();
        let more = match found.outcome.code {
            _ if found.cut => Some(Failure::answered(format!("{what}: more than {most} entries"))),
            0 => None,
            4 | 11 if !found.entries.is_empty() => Some(Failure::of_result(what, &found.outcome)),
            _ => return Err(Failure::of_result(what, &found.outcome)),
        };
        Ok(Entries { entries: found.entries, more })
    }

    /// What a failure of this connection tells of the server.
    pub(super) fn judge(&self, failure: Failure) -> Failure {
        match failure.kind {
            Kind::Closed if !self.pooled => failure.with_kind(Kind::Away),
            _ => failure,
        }
    }
}
