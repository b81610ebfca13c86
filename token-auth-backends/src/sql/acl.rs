//! docker_auth's `acl_xorm`: rules that are rows of a table.

use std::borrow::Cow;
use std::fmt;
use std::sync::{Arc, OnceLock, Weak};
use std::time::Duration;

use arc_swap::ArcSwap;
use token_auth_core::acl::{Acl, AclLimits};
use token_auth_core::{AccessRequest, Authorizer, Authz, BackendError, Memory, Succeed, async_trait};
use tokio::sync::Mutex;
use tokio::task::{JoinHandle, spawn_blocking};
use tokio::time::{Instant, sleep};

use super::SqlDatabase;
use super::fault::Fault;
use super::link::Link;
use super::rules::Rows;
use super::standing::{Failure, FailureKind, Good, Lifetimes, Standing};
use super::table::Table;
use crate::database::Bounds;

/// What the log calls it.
const NAME: &str = "acl_xorm";
/// After a failure the database is not asked again by requests for this long.
const PAUSE: Duration = Duration::from_secs(1);
/// After a failure it is asked again by itself at least this often.
const AGAIN: Duration = Duration::from_secs(5);

/// Which table of rules, and how it is asked. [`SqlAclOptions::new`] has the defaults.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct SqlAclOptions {
    /// Where it is.
    pub database: SqlDatabase,
    /// After how long a change of the table counts at the latest, beside the time that a reading takes: it is read twice in this
    /// time. Default 1 minute.
    pub cache_ttl: Duration,
    /// For how much longer the last rules count while the database is away; then requests are errors. Default zero.
    pub keep_while_away: Duration,
    /// For how much longer the last good rules count while there is a row that is no rule; then requests are errors. Default
    /// 1 hour.
    pub keep_while_wrong: Duration,
    /// How long a reading may take, with the time until there is a connection. Default 5 s.
    pub timeout: Duration,
    /// How many bytes are read at once, at most. Default 64 MiB.
    pub answer_bytes: usize,
    /// How many rules there may be. Default 200,000.
    pub rules: usize,
    /// What the rules may cost.
    pub limits: AclLimits,
}

impl SqlAclOptions {
    pub(crate) const CACHE_TTL: Duration = Duration::from_secs(60);
    pub(crate) const KEEP_WHILE_WRONG: Duration = Duration::from_secs(60 * 60);
    pub(crate) const TIMEOUT: Duration = Duration::from_secs(5);
    pub(crate) const ANSWER_BYTES: usize = 64 << 20;
    pub(crate) const RULES: usize = 200_000;

    /// The table in this database, and the defaults.
    pub fn new(database: SqlDatabase) -> Self {
        Self {
            database,
            cache_ttl: Self::CACHE_TTL,
            keep_while_away: Duration::ZERO,
            keep_while_wrong: Self::KEEP_WHILE_WRONG,
            timeout: Self::TIMEOUT,
            answer_bytes: Self::ANSWER_BYTES,
            rules: Self::RULES,
            limits: AclLimits::default(),
        }
    }

    fn lifetimes(&self) -> Lifetimes {
        let Self { cache_ttl: fresh, keep_while_away: while_away, keep_while_wrong: while_wrong, .. } = *self;
        Lifetimes { fresh, while_away, while_wrong }
    }
}

/// The rules of the table `xorm_acl_entry`, in the order of `seq`. Needs a tokio runtime, and reads when it is first asked.
///
/// * Requests are held against rules that are compiled once, when the table has changed: a decision costs what it costs with
///   the rules of a file. The table is read in the background.
/// * A row that is no rule makes the whole table wrong, and is named in the log: a rule that is left out may be one that
///   denies. Until it is mended the last good rules count, for a bounded time. So does `seq` that is missing, or there twice.
/// * A database that is away is an error as soon as what was read is older than [`cache_ttl`](SqlAclOptions::cache_ttl),
///   unless [`keep_while_away`](SqlAclOptions::keep_while_away) is set.
///
/// ```no_run
/// use std::time::Duration;
/// use token_auth_backends::sql::{SqlAcl, SqlAclOptions, SqlDatabase, SqlKind};
///
/// let database = SqlDatabase::new(SqlKind::MySql, "registry:secret@tcp(db.example.com)/registry?tls=true")?;
/// let mut options = SqlAclOptions::new(database);
/// options.cache_ttl = Duration::from_secs(30);
/// options.keep_while_away = Duration::from_secs(600);
/// let rules = SqlAcl::new(options);
/// # Ok::<(), token_auth_backends::sql::AddressError>(())
/// ```
pub struct SqlAcl {
    inner: Arc<Inner>,
    /// Reads again and again, once there was a first request.
    reader: OnceLock<JoinHandle<()>>,
}

impl Drop for SqlAcl {
    fn drop(&mut self) {
        if let Some(reader) = self.reader.get() {
            reader.abort();
        }
    }
}

struct Inner {
    link: Link,
    options: SqlAclOptions,
    standing: ArcSwap<Standing>,
    reading: Mutex<()>,
}

impl SqlAcl {
    /// The rules of this table, which is not asked for anything yet.
    pub fn new(options: SqlAclOptions) -> Self {
        let bounds = Bounds { connections: 2, timeout: options.timeout, answer_bytes: options.answer_bytes };
        let link = Link::new(options.database.clone(), Table::Rules, bounds);
        let inner = Inner { link, options, standing: ArcSwap::default(), reading: Mutex::default() };
        Self { inner: Arc::new(inner), reader: OnceLock::new() }
    }

    /// The rules that count now. Reads them if it has to.
    async fn rules(&self) -> Result<Arc<Acl>, BackendError> {
        let inner = &self.inner;
        if let Some(acl) = inner.known() {
            self.read_on();
            return Ok(acl);
        }
        inner.read(false).await;
        self.read_on();
        inner.known().ok_or_else(|| {
            let standing = inner.standing.load();
            let said =
                standing.failure.as_ref().map_or("the rules were not read yet", |failure| &failure.said);
            BackendError::new(NAME, said)
        })
    }

    /// Sees to it that the table is read in the background from now on.
    fn read_on(&self) {
        self.reader.get_or_init(|| tokio::spawn(read_again(Arc::downgrade(&self.inner))));
    }
}

async fn read_again(inner: Weak<Inner>) {
    loop {
        let Some(pause) = inner.upgrade().map(|inner| inner.pause()) else { return };
        sleep(pause).await;
        let Some(inner) = inner.upgrade() else { return };
        inner.read(true).await;
    }
}

impl Inner {
    fn known(&self) -> Option<Arc<Acl>> {
        self.standing.load().rules(&self.options.lifetimes(), Instant::now()).cloned()
    }

    fn pause(&self) -> Duration {
        // Twice in the time, so that it is kept while one reading fails.
        let pause = (self.options.cache_ttl / 2).max(Duration::from_millis(50));
        match &self.standing.load().failure {
            Some(_) => pause.min(AGAIN),
            None => pause,
        }
    }

    /// Reads the table. One does; who comes meanwhile waits for what it finds.
    async fn read(&self, anyway: bool) {
        let _reading = self.reading.lock().await;
        let failed_now = |failure: &Failure| {
            failure.at.elapsed() < PAUSE && !matches!(failure.kind, FailureKind::Wrong(_))
        };
        let is_known =
            self.known().is_some() || self.standing.load().failure.as_ref().is_some_and(failed_now);
        if is_known && !anyway {
            return;
        }
        let (most_rows, most_bytes) = (self.options.rules, self.link.answer_bytes());
        let rows = self.link.ask(self.options.timeout, |opened| async move {
            Rows::read(&opened.database, most_rows, most_bytes).await
        });
        match rows.await {
            Ok(rows) => self.judge(rows).await,
            Err(fault) => self.fail(FailureKind::Away, &fault),
        }
    }

    async fn judge(&self, rows: Rows) {
        let digest = rows.digest();
        let standing = self.standing.load_full();
        if let Some(good) = standing.good.as_ref().filter(|good| good.digest.as_ref() == digest.as_ref()) {
            if standing.failure.is_some() {
                tracing::info!(rules = rows.len(), "the rules of the table can be read again");
            }
            return self.accept(Good { seen: Instant::now(), ..good.clone() });
        }
        if let Some(Failure { kind: FailureKind::Wrong(wrong), said, .. }) = &standing.failure
            && wrong.as_ref() == digest.as_ref()
        {
            // Nothing was mended.
            let failure =
                Failure { kind: FailureKind::Wrong(digest), said: Arc::clone(said), at: Instant::now() };
            return self.standing.store(Arc::new(Standing { failure: Some(failure), ..(*standing).clone() }));
        }
        let (limits, count) = (self.options.limits, rows.len());
        match spawn_blocking(move || rows.compile(NAME, limits)).await {
            Ok(Ok(acl)) => {
                tracing::info!(rules = count, "read the rules of the table");
                self.accept(Good { acl: Arc::new(acl), digest, seen: Instant::now() });
            }
            Ok(Err(said)) => self.fail(FailureKind::Wrong(digest), &Fault::Row(said)),
            Err(error) => self.fail(FailureKind::Away, &Fault::Row(error.to_string())),
        }
    }

    fn accept(&self, good: Good) {
        self.standing.store(Arc::new(Standing { good: Some(good), failure: None }));
    }

    fn fail(&self, kind: FailureKind, fault: &Fault) {
        let standing = self.standing.load();
        let said: Arc<str> = fault.to_string().into();
        if standing.failure.as_ref().is_none_or(|failure| failure.said != said) {
            match kind {
                FailureKind::Away => tracing::error!(error = %said, "cannot read the rules of the table"),
                FailureKind::Wrong(_) => {
                    let keep = self.options.keep_while_wrong;
                    tracing::error!(error = %said, ?keep, "keeping the rules that the table held before");
                }
            }
        }
        let failure = Failure { kind, said, at: Instant::now() };
        self.standing.store(Arc::new(Standing { good: standing.good.clone(), failure: Some(failure) }));
    }
}

#[async_trait]
impl Authorizer for SqlAcl {
    async fn authorize(&self, request: &AccessRequest<'_>) -> Result<Authz, BackendError> {
        self.rules().await?.authorize(request).await
    }

    fn name(&self) -> Cow<'static, str> {
        NAME.into()
    }

    fn memory(&self) -> Option<&dyn Memory> {
        Some(self)
    }
}

/// Goes on with the rules of the same table, so that a configuration that is read again does not wait for the database, nor ends
/// with it.
impl Succeed for SqlAcl {
    fn succeed(&self, previous: &Self) {
        let (own, previous) = (&self.inner, &previous.inner);
        let (now, before) = (&own.options, &previous.options);
        if own.link.succeed(&previous.link) && (now.limits, now.rules) == (before.limits, before.rules) {
            own.standing.store(previous.standing.load_full());
        }
    }
}

impl fmt::Debug for SqlAcl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SqlAcl").field("database", &self.inner.options.database).finish_non_exhaustive()
    }
}
