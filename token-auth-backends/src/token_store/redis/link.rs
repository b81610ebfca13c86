//! The connection: made when it is first needed, shared by all, made anew after any failure.

use std::sync::Arc;
use std::time::{Duration, Instant};

use redis::aio::ConnectionLike;
use redis::cluster::{ClusterClient, ClusterClientBuilder};
use redis::cluster_async::ClusterConnection;
use redis::{
    AsyncConnectionConfig, Cmd, ConnectionAddr, ConnectionInfo, FromRedisValue, IntoConnectionInfo as _,
    Pipeline, RedisConnectionInfo, RedisFuture, Value,
};
use tokio::sync::Mutex;
use tokio::time::timeout;

use super::dial::{Bounded, Dialer};
use super::error::{Fault, RedisStoreError};
use super::{RedisAddress, RedisOptions, RedisServers};

/// For how long nobody tries again after a failure: those who wait should not each wait for a time-out of their own.
const PAUSE: Duration = Duration::from_millis(100);

pub(super) struct Link {
    maker: Maker,
    options: RedisOptions,
    state: Mutex<State>,
}

#[derive(Default)]
struct State {
    connection: Option<Connection>,
    /// Tells a connection that failed from the one that was made in its place.
    generation: u64,
    failed: Option<Instant>,
}

enum Maker {
    Single(Arc<Dialer>, Box<ConnectionInfo>),
    /// It makes its connections by the dialer, which it finds by the user name.
    Cluster {
        client: Box<ClusterClient>,
        _dialer: Arc<Dialer>,
    },
}

impl Link {
    pub(super) fn new(options: &RedisOptions) -> Result<Self, RedisStoreError> {
        Ok(Self { maker: maker(options)?, options: options.clone(), state: Mutex::default() })
    }

    /// Goes on with a connection that another one has made to the same server, as somebody that this one would be. A cluster's is
    /// bound to its maker; and which authorities a system trusts may have changed.
    pub(super) fn succeed(&self, previous: &Self) {
        let by_system = self.options.tls.as_ref().is_some_and(|tls| tls.ca_certificates.is_none());
        if !by_system
            && self.options == previous.options
            && let (Ok(mut own), Ok(known)) = (self.state.try_lock(), previous.state.try_lock())
            && let Some(connection @ Connection::Single(_)) = &known.connection
        {
            *own =
                State { connection: Some(connection.clone()), generation: own.generation + 1, failed: None };
        }
    }

    /// What Redis answers to a command.
    pub(super) async fn ask<T: FromRedisValue>(&self, command: &Cmd) -> Result<T, Fault> {
        let (mut connection, generation) = self.connection().await?;
        let answer = timeout(self.options.timeout, command.query_async(&mut connection)).await;
        let error = match answer {
            Ok(Ok(answer)) => return Ok(answer),
            Ok(Err(error)) => error.into(),
            Err(_) => Fault::timed_out(),
        };
        // None of the commands fails in normal operation, so there is something about this connection: a server that
        // went away, hangs, or has become a replica.
        let mut state = self.state.lock().await;
        if state.generation == generation {
            state.connection = None;
        }
        Err(error)
    }

    async fn connection(&self) -> Result<(Connection, u64), Fault> {
        let mut state = self.state.lock().await;
        if let Some(connection) = &state.connection {
            return Ok((connection.clone(), state.generation));
        }
        if state.failed.is_some_and(|failed| failed.elapsed() < PAUSE) {
            return Err(Fault::Away);
        }
        match timeout(self.options.connect_timeout, self.maker.connect(self.options.timeout)).await {
            Ok(Ok(connection)) => {
                state.generation += 1;
                state.failed = None;
                state.connection = Some(connection.clone());
                Ok((connection, state.generation))
            }
            failure => {
                state.failed = Some(Instant::now());
                Err(failure.map_or_else(
                    |_| Fault::timed_out(),
                    |result| match result {
                        Err(error) => error.into(),
                        Ok(_) => Fault::Away,
                    },
                ))
            }
        }
    }
}

fn maker(options: &RedisOptions) -> Result<Maker, RedisStoreError> {
    let dialer = Dialer::new(options)?;
    match &options.servers {
        RedisServers::Single(address) => {
            let info = info(address, options, options.username.as_deref())?;
            Ok(Maker::Single(dialer, Box::new(info)))
        }
        RedisServers::Cluster(nodes) if nodes.is_empty() => Err(RedisStoreError::NoServer),
        RedisServers::Cluster(_) if options.database != 0 => {
            Err(RedisStoreError::Impossible("a cluster has no other database than 0"))
        }
        RedisServers::Cluster(nodes) => {
            let username = dialer.marked(options.username.as_deref());
            let nodes = nodes.iter().map(|node| info(node, options, Some(&username)));
            let client = ClusterClientBuilder::new(nodes.collect::<Result<Vec<_>, _>>()?)
                .retries(2)
                .connection_timeout(options.connect_timeout)
                .response_timeout(options.timeout)
                .build()?;
            Ok(Maker::Cluster { client: Box::new(client), _dialer: dialer })
        }
    }
}

fn info(
    address: &RedisAddress,
    options: &RedisOptions,
    username: Option<&str>,
) -> Result<ConnectionInfo, RedisStoreError> {
    let place = match (address, &options.tls) {
        // The dialer makes TLS.
        (RedisAddress::Tcp(host, port), _) => ConnectionAddr::Tcp(host.clone(), *port),
        (RedisAddress::Unix(path), None) => ConnectionAddr::Unix(path.clone()),
        (RedisAddress::Unix(_), Some(_)) => {
            return Err(RedisStoreError::Impossible("there is no TLS on a socket file"));
        }
    };
    let mut settings = RedisConnectionInfo::default().set_db(i64::from(options.database));
    if let Some(username) = username {
        settings = settings.set_username(username);
    }
    if let Some(password) = &options.password {
        settings = settings.set_password(password.expose());
    }
    Ok(place.into_connection_info()?.set_redis_settings(settings))
}

impl Maker {
    async fn connect(&self, answer: Duration) -> redis::RedisResult<Connection> {
        match self {
            Self::Single(dialer, info) => {
                let config = AsyncConnectionConfig::new().set_response_timeout(Some(answer));
                let connection = dialer.dial(info.addr(), info.redis_settings(), config).await;
                connection.map(Connection::Single)
            }
            Self::Cluster { client, .. } => {
                client.get_async_generic_connection().await.map(Connection::Cluster)
            }
        }
    }
}

#[derive(Clone)]
enum Connection {
    Single(Bounded),
    Cluster(ClusterConnection<Bounded>),
}

impl ConnectionLike for Connection {
    fn req_packed_command<'a>(&'a mut self, command: &'a Cmd) -> RedisFuture<'a, Value> {
        match self {
            Self::Single(connection) => connection.req_packed_command(command),
            Self::Cluster(connection) => connection.req_packed_command(command),
        }
    }

    fn req_packed_commands<'a>(
        &'a mut self,
        commands: &'a Pipeline,
        offset: usize,
        count: usize,
    ) -> RedisFuture<'a, Vec<Value>> {
        match self {
            Self::Single(connection) => connection.req_packed_commands(commands, offset, count),
            Self::Cluster(connection) => connection.req_packed_commands(commands, offset, count),
        }
    }

    fn get_db(&self) -> i64 {
        match self {
            Self::Single(connection) => connection.get_db(),
            Self::Cluster(connection) => connection.get_db(),
        }
    }
}
