//! The connections to all servers, and who of them is asked.

use std::path::Path;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use token_auth_core::Password;
use tokio::sync::{Semaphore, SemaphorePermit};
use tokio::time::Instant;

use super::connection::Connection;
use super::failure::{Failure, Kind};
use super::health::{Cause, Health, Standing};
use super::secret;
use super::service::Service;
use super::tls::TlsSource;
use super::{LdapLimits, LdapOptions, LdapPool, LdapServer, LdapTimeouts, Security};

/// What a connection is for. The two are never mixed: whoever searches is who was bound for it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Role {
    /// Bound as the service account, or as nobody; it searches.
    Service,
    /// Bound as whoever logged in last. Nothing is asked on it before it is bound anew.
    User,
}

/// The servers and the connections to them.
pub(super) struct Pool {
    servers: Vec<Server>,
    service: Option<Service>,
    /// What the searching account's password was when this was made.
    secret: Option<Password>,
    tls: Arc<TlsSource>,
    timeouts: LdapTimeouts,
    limits: LdapLimits,
    options: LdapPool,
    /// One permit for each connection of a role.
    places: [Semaphore; 2],
}

struct Server {
    address: LdapServer,
    service: Side,
    user: Side,
}

/// What belongs to one role.
#[derive(Default)]
struct Side {
    health: Health,
    idle: Mutex<Vec<Connection>>,
}

impl Pool {
    pub(super) fn new(options: &LdapOptions, tls: TlsSource, secret: Option<Password>) -> Self {
        let server = |address: &LdapServer| Server {
            address: address.clone(),
            service: Side::default(),
            user: Side::default(),
        };
        let places = options.pool.connections.clamp(1, Semaphore::MAX_PERMITS);
        Self {
            servers: options.servers.iter().map(server).collect(),
            service: options.service.clone().map(Service::new),
            secret,
            tls: Arc::new(tls),
            timeouts: options.timeouts,
            limits: options.limits,
            options: options.pool,
            places: [Semaphore::new(places), Semaphore::new(places)],
        }
    }

    /// Whether it shows and trusts what another one does. What their options say is not compared.
    pub(super) fn is_of_the_same(&self, other: &Self) -> bool {
        self.secret == other.secret && self.tls.is_same(&other.tls)
    }

    /// The account that searches.
    pub(super) fn service(&self) -> Option<&Service> {
        self.service.as_ref()
    }

    /// Learns who the searching account is, as far as a server says so, where that is not known yet.
    pub(super) async fn learn_service(&self) {
        if self.service.as_ref().is_some_and(|service| !service.is_known())
            && let Ok(mut attempts) = self.begin(Role::Service).await
            && let Ok(lease) = attempts.connection().await
        {
            lease.keep();
        }
    }

    /// Whether no server answers: each has failed, and has not been heard of since.
    pub(super) fn is_away(&self, role: Role) -> bool {
        self.servers.iter().all(|server| server.side(role).health.is_away())
    }

    /// Begins something that needs a connection. Where one server fails, another is tried.
    pub(super) async fn begin(&self, role: Role) -> Result<Attempts<'_>, Failure> {
        let [service, user] = &self.places;
        let places = if role == Role::Service { service } else { user };
        let place = places.acquire().await.map_err(|_| Failure::answered("the pool is closed"))?;
        Ok(Attempts { pool: self, role, tried: vec![false; self.servers.len()], last: None, _place: place })
    }

    /// The certificates that are trusted now.
    async fn present_tls(&self, server: &LdapServer) -> Result<Option<Arc<rustls::ClientConfig>>, Failure> {
        if server.security() == Security::None {
            return Ok(None);
        }
        let tls = Arc::clone(&self.tls);
        let present = tokio::task::spawn_blocking(move || tls.present()).await;
        let present = present.map_err(|error| error.to_string()).and_then(|present| present);
        present.map(Some).map_err(|message| Failure::new(Kind::Refused, message))
    }
}

impl Server {
    fn side(&self, role: Role) -> &Side {
        if role == Role::Service { &self.service } else { &self.user }
    }

    fn idle(&self, role: Role) -> MutexGuard<'_, Vec<Connection>> {
        self.side(role).idle.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn has_answered_since(&self, moment: Instant) -> bool {
        [&self.service, &self.user].iter().any(|side| side.health.has_answered_since(moment))
    }

    /// The connection that was used last. What is too old is closed by the way.
    fn take(&self, role: Role, options: &LdapPool) -> Option<Connection> {
        let mut idle = self.idle(role);
        idle.retain_mut(|connection| connection.is_fresh(options.idle, options.lifetime));
        idle.pop().map(Connection::having_lain_idle)
    }
}

/// Something that needs a connection, tried on one server after the other.
pub(super) struct Attempts<'a> {
    pool: &'a Pool,
    role: Role,
    tried: Vec<bool>,
    last: Option<Failure>,
    _place: SemaphorePermit<'a>,
}

/// A connection for one operation. Unless it is [kept](Self::keep), it is closed.
pub(super) struct Lease<'a> {
    pool: &'a Pool,
    server: &'a Server,
    index: usize,
    role: Role,
    connection: Connection,
    trial: Trial<'a>,
    begun: Instant,
}

/// Ends a trial, however that comes about.
struct Trial<'a>(Option<&'a Health>);

impl Drop for Trial<'_> {
    fn drop(&mut self) {
        if let Some(health) = self.0 {
            health.acquit();
        }
    }
}

impl<'a> Attempts<'a> {
    /// A connection to the best server that was not tried yet.
    pub(super) async fn connection(&mut self) -> Result<Lease<'a>, Failure> {
        while let Some((index, server, trial)) = self.next_server().await {
            if let Some(connection) = server.take(self.role, &self.pool.options) {
                return Ok(self.lease(index, server, connection, trial));
            }
            match self.open(server).await {
                Ok(connection) => return Ok(self.lease(index, server, connection, trial)),
                Err(failure) => self.last = Some(failure),
            }
            if let Some(tried) = self.tried.get_mut(index) {
                *tried = true;
            }
        }
        let nobody = || match self.pool.is_away(self.role) {
            true => Failure::new(Kind::Away, "every server is away, and was asked a moment ago"),
            false => Failure::new(
                Kind::Refused,
                "every server refused the searching account a moment ago, or is away",
            ),
        };
        Err(match self.last.take() {
            // Its connection ended, and there is nobody to connect to anew.
            Some(last) if last.kind == Kind::Closed => last.with_kind(Kind::Away),
            Some(last) => last,
            None => nobody(),
        })
    }

    /// Gives up a connection whose operation failed. Unless another one may do better, that is the end.
    pub(super) fn failed(&mut self, mut lease: Lease<'a>, failure: Failure) -> Result<(), Failure> {
        let failure = match lease.connection.judge(failure) {
            // One question may be too much for a server that answers others.
            failure if failure.kind == Kind::Late => {
                let answers = lease.server.has_answered_since(lease.begun);
                failure.with_kind(if answers { Kind::Busy } else { Kind::Away })
            }
            failure => failure,
        };
        let named = failure.clone().on(&lease.server.address);
        match failure.kind {
            // The others of that time are as old.
            Kind::Closed => lease.server.idle(self.role).clear(),
            Kind::Late | Kind::Away => {
                lease.server.fail(self.role, &self.pool.timeouts, &named, None);
                if let Some(tried) = self.tried.get_mut(lease.index) {
                    *tried = true;
                }
            }
            Kind::Busy => {
                if let Some(tried) = self.tried.get_mut(lease.index) {
                    *tried = true;
                }
            }
            Kind::Refused | Kind::Answered => {
                lease.answered();
                return Err(named);
            }
        }
        self.last = Some(named);
        Ok(())
    }

    fn lease(&self, index: usize, server: &'a Server, connection: Connection, trial: Trial<'a>) -> Lease<'a> {
        Lease { pool: self.pool, server, index, role: self.role, connection, trial, begun: Instant::now() }
    }

    /// In order those that are well or due for a trial; in need, anyone.
    async fn next_server(&self) -> Option<(usize, &'a Server, Trial<'a>)> {
        let pool: &'a Pool = self.pool;
        let untried = || pool.servers.iter().enumerate().zip(&self.tried).filter(|(_, tried)| !**tried);
        for in_need in [false, true] {
            for ((index, server), _) in untried() {
                if in_need {
                    pool.reconsider(server).await;
                }
                let health = &server.side(self.role).health;
                match health.standing(in_need) {
                    Standing::Well => return Some((index, server, Trial(None))),
                    Standing::OnTrial => return Some((index, server, Trial(Some(health)))),
                    Standing::Away => {}
                }
            }
        }
        None
    }

    async fn open(&self, server: &Server) -> Result<Connection, Failure> {
        let mut refused = None;
        let opened = self.open_and_bind(server, &mut refused).await;
        opened.map_err(|failure| {
            let failure = failure.on(&server.address);
            server.fail(self.role, &self.pool.timeouts, &failure, refused);
            failure
        })
    }

    async fn open_and_bind(
        &self,
        server: &Server,
        refused: &mut Option<Password>,
    ) -> Result<Connection, Failure> {
        let connection = self.open_bound(server, refused).await?;
        let (Role::Service, Some(account)) = (self.role, &self.pool.service) else { return Ok(connection) };
        if !account.is_to_be_asked() {
            return Ok(connection);
        }
        let mut connection = connection;
        match connection.who_am_i().await {
            Ok(told) => {
                account.learn(told.as_deref());
                Ok(connection)
            }
            // There may be servers that hang up when they are asked what they do not know.
            Err(failure) if failure.kind == Kind::Closed => {
                let connection = self.open_bound(server, refused).await?;
                tracing::warn!(server = %server.address, error = %failure, "the directory server does not say who the searching account is");
                account.leave_unasked();
                Ok(connection)
            }
            Err(failure) => Err(failure.with_kind(Kind::Away)),
        }
    }

    /// A connection, bound as the searching account if it is to search.
    async fn open_bound(
        &self,
        server: &Server,
        refused: &mut Option<Password>,
    ) -> Result<Connection, Failure> {
        let tls = self.pool.present_tls(&server.address).await?;
        let mut connection =
            Connection::open(&server.address, tls, self.pool.timeouts, self.pool.limits).await?;
        let (Role::Service, Some(account)) = (self.role, &self.pool.service) else { return Ok(connection) };
        let password = self.pool.service_password(account.password_file()).await?;
        let result = connection.bind(account.name(), password.expose()).await;
        let result = result.map_err(|failure| failure.with_kind(Kind::Away))?;
        match result.code {
            0 => Ok(connection),
            51 | 52 => Err(Failure::of_result("bind of the searching account", &result)),
            _ => {
                *refused = Some(password);
                let what = format!("the searching account {:?} is refused: {result}", account.name());
                Err(Failure::new(Kind::Refused, what))
            }
        }
    }
}

impl Pool {
    async fn service_password(&self, file: &Path) -> Result<Password, Failure> {
        secret::read_again(file).await.map_err(|message| Failure::new(Kind::Refused, message))
    }

    /// A server that refused the service account is asked again at once if the account has another password now.
    async fn reconsider(&self, server: &Server) {
        let health = &server.service.health;
        let (Some(refused), Some(account)) = (health.refused(), &self.service) else { return };
        if secret::read_again(account.password_file()).await.is_ok_and(|password| password != refused) {
            health.forgive();
        }
    }
}

impl Server {
    fn fail(&self, role: Role, timeouts: &LdapTimeouts, failure: &Failure, refused: Option<Password>) {
        let pause = match failure.kind {
            // Whoever does not need the searching account is still served.
            Kind::Refused => self.side(role).health.failed(timeouts, Cause::Refused(refused)),
            Kind::Busy => return,
            _ => {
                self.idle(Role::Service).clear();
                self.idle(Role::User).clear();
                let sides = [&self.user, &self.service].map(|side| side.health.failed(timeouts, Cause::Away));
                sides.into_iter().max().unwrap_or_default()
            }
        };
        let retry_ms = u64::try_from(pause.as_millis()).unwrap_or(u64::MAX);
        tracing::warn!(server = %self.address, error = %failure, retry_ms, "the directory server failed");
    }
}

impl Lease<'_> {
    pub(super) fn connection(&mut self) -> &mut Connection {
        &mut self.connection
    }

    /// Gives it back: its operation is complete.
    pub(super) fn keep(mut self) {
        self.answered();
        let LdapPool { connections, idle, lifetime, .. } = self.pool.options;
        let is_fresh = self.connection.is_fresh(idle, lifetime);
        let mut others = self.server.idle(self.role);
        if is_fresh && others.len() < connections {
            others.push(self.connection);
        }
    }

    fn answered(&mut self) {
        self.trial.0 = None;
        if self.server.side(self.role).health.answered() {
            tracing::info!(server = %self.server.address, "the directory server is there again");
        }
    }
}
