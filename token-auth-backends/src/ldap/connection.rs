use std::sync::Arc;
use std::time::Duration;

use ldap3::{Ldap, LdapConnAsync, LdapConnSettings, LdapResult, Scope, SearchOptions};
use rustls::ClientConfig;
use tokio::time::{Instant, timeout};

use super::entry::Entry;
use super::failure::{Failure, Kind};
use super::{LdapServer, LdapTimeouts, Security};

/// A connection that is used by one at a time. One whose last operation failed is not used again.
pub(super) struct Connection {
    ldap: Ldap,
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
    pub(super) filter: &'a str,
    pub(super) attributes: &'a [String],
    /// How many entries are of interest; one more ends the search.
    pub(super) most: usize,
}

impl Connection {
    pub(super) async fn open(
        server: &LdapServer,
        tls: Option<Arc<ClientConfig>>,
        timeouts: LdapTimeouts,
    ) -> Result<Self, Failure> {
        let mut settings = LdapConnSettings::new().set_starttls(server.security() == Security::StartTls);
        if let Some(tls) = tls {
            settings = settings.set_config(tls);
        }
        let url = server.url();
        let opening = LdapConnAsync::with_settings(settings, &url);
        let (driver, ldap) = timeout(timeouts.connect, opening)
            .await
            .map_err(|_| Failure::late("connecting", timeouts.connect))?
            .map_err(|error| Failure::of_connection("connecting", &error).with_kind(Kind::Away))?;
        // It ends with the connection; what went wrong is told by the operation that it went wrong for.
        tokio::spawn(driver.drive());
        let now = Instant::now();
        Ok(Self { ldap, timeouts, opened: now, used: now, pooled: false })
    }

    /// Whether it may be used again.
    pub(super) fn is_fresh(&mut self, idle: Duration, lifetime: Duration) -> bool {
        !self.ldap.is_closed() && self.used.elapsed() < idle && self.opened.elapsed() < lifetime
    }

    /// The same after it has lain idle, where it may have been closed.
    pub(super) fn having_lain_idle(self) -> Self {
        Self { pooled: true, ..self }
    }

    /// What the server says to a name and a password.
    pub(super) async fn bind(&mut self, name: &str, password: &str) -> Result<LdapResult, Failure> {
        let limit = self.timeouts.bind;
        let result = timeout(limit, self.ldap.simple_bind(name, password))
            .await
            .map_err(|_| Failure::late("bind", limit))?
            .map_err(|error| Failure::of_connection("bind", &error))?;
        self.used = Instant::now();
        Ok(result)
    }

    /// The entries that are found, in the whole tree below the base. References to other servers are passed over.
    pub(super) async fn search(&mut self, search: &Search<'_>) -> Result<Vec<Entry>, Failure> {
        let limit = self.timeouts.search;
        let found = timeout(limit, self.search_without_end(search))
            .await
            .map_err(|_| Failure::late(search.what, limit))??;
        self.used = Instant::now();
        Ok(found)
    }

    async fn search_without_end(&mut self, search: &Search<'_>) -> Result<Vec<Entry>, Failure> {
        let Search { what, base, filter, attributes, most } = search;
        let failed = |error| Failure::of_connection(what, &error);
        let too_many = || match most {
            1 => Failure::answered(format!("{what}: several entries")),
            _ => Failure::answered(format!("{what}: more than {most} entries")),
        };
        let one_more = i32::try_from(most.saturating_add(1)).unwrap_or(i32::MAX);
        let seconds = i32::try_from(self.timeouts.search.as_secs()).unwrap_or(i32::MAX).max(1);
        self.ldap.with_search_options(SearchOptions::new().sizelimit(one_more).timelimit(seconds));
        let mut answers =
            self.ldap.streaming_search(base, Scope::Subtree, filter, attributes).await.map_err(failed)?;
        let mut entries = Vec::new();
        while let Some(answer) = answers.next().await.map_err(failed)? {
            if answer.is_ref() || answer.is_intermediate() {
                continue;
            }
            if entries.len() == *most {
                return Err(too_many());
            }
            let entry = Entry::read(answer);
            entries.push(entry.ok_or_else(|| Failure::answered(format!("{what}: an entry is malformed")))?);
        }
        match answers.finish().await {
            result if result.rc == 0 => Ok(entries),
            result if result.rc == 4 && entries.len() >= *most => Err(too_many()),
            result => Err(Failure::of_result(what, &result)),
        }
    }

    /// What a failure of this connection tells of the server.
    pub(super) fn judge(&self, failure: Failure) -> Failure {
        match failure.kind {
            Kind::Closed if !self.pooled => failure.with_kind(Kind::Away),
            _ => failure,
        }
    }
}
