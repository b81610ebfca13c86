//! Connections to one server of Redis, whose answers are looked at before the driver parses them.

use std::io;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError, Weak};
use std::time::Duration;

use redis::aio::{ConnectionLike, MultiplexedConnection};
use redis::cluster_async::Connect;
use redis::{
    AsyncConnectionConfig, Cmd, ConnectionAddr, IntoConnectionInfo, Pipeline, RedisConnectionInfo,
    RedisFuture, RedisResult, Value,
};
use rustls::ClientConfig;
use rustls::pki_types::ServerName;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::{TcpStream, UnixStream};
use tokio::task::JoinHandle;
use tokio::time::timeout;
use tokio_rustls::TlsConnector;

use super::{RedisOptions, RedisStoreError};
use crate::peer::Watched;
use crate::peer::redis::RedisWatch;
use crate::peer_tls::{Material, Verify};

/// How servers are reached, and what they may answer.
pub(super) struct Dialer {
    number: u64,
    tls: Option<Arc<ClientConfig>>,
    connect_timeout: Duration,
    answer_bytes: usize,
}

/// All of them: the driver of a cluster makes connections where nothing can be handed to it but who logs in.
static DIALERS: Mutex<Vec<(u64, Weak<Dialer>)>> = Mutex::new(Vec::new());
static NEXT: AtomicU64 = AtomicU64::new(0);

impl Dialer {
    pub(super) fn new(options: &RedisOptions) -> Result<Arc<Self>, RedisStoreError> {
        let tls = options.tls.as_ref().map(|tls| {
            let authorities = tls.ca_certificates.clone();
            Material { verify: Verify::Full, authorities, client: None }.config().map(Arc::new)
        });
        let tls = tls.transpose().map_err(|error| RedisStoreError::Client(error.into()))?;
        let dialer = Arc::new(Self {
            number: NEXT.fetch_add(1, Ordering::Relaxed),
            tls,
            connect_timeout: options.connect_timeout,
            answer_bytes: options.answer_bytes,
        });
        let mut dialers = DIALERS.lock().unwrap_or_else(PoisonError::into_inner);
        dialers.retain(|(_, dialer)| dialer.strong_count() > 0);
        dialers.push((dialer.number, Arc::downgrade(&dialer)));
        Ok(dialer)
    }

    /// The user name by which [`Bounded`] finds this one again.
    pub(super) fn marked(&self, username: Option<&str>) -> String {
        format!("{}\0{}", self.number, username.unwrap_or_default())
    }

    /// The dialer of a mark, and the user name behind it.
    fn of(marked: &str) -> Option<(Arc<Self>, &str)> {
        let (number, username) = marked.split_once('\0')?;
        let number = number.parse::<u64>().ok()?;
        let dialers = DIALERS.lock().unwrap_or_else(PoisonError::into_inner);
        let (_, dialer) = dialers.iter().find(|(known, _)| *known == number)?;
        Some((dialer.upgrade()?, username))
    }

    pub(super) async fn dial(
        &self,
        address: &ConnectionAddr,
        login: &RedisConnectionInfo,
        config: AsyncConnectionConfig,
    ) -> RedisResult<Bounded> {
        let whole = async {
            let watched = Watched::new(self.stream(address).await?, RedisWatch::new(self.answer_bytes));
            let (connection, driver) = MultiplexedConnection::new_with_config(login, watched, config).await?;
            Ok(Bounded { connection, _driver: Arc::new(Driver(tokio::spawn(driver))) })
        };
        timeout(self.connect_timeout, whole)
            .await
            .unwrap_or_else(|_| Err(io::Error::from(io::ErrorKind::TimedOut).into()))
    }

    async fn stream(&self, address: &ConnectionAddr) -> io::Result<Stream> {
        let (host, port) = match address {
            ConnectionAddr::Unix(path) => return Ok(Box::new(UnixStream::connect(path).await?)),
            ConnectionAddr::Tcp(host, port) | ConnectionAddr::TcpTls { host, port, .. } => (host, *port),
            _ => return Err(io::ErrorKind::Unsupported.into()),
        };
        let stream = TcpStream::connect((host.as_str(), port)).await?;
        stream.set_nodelay(true)?;
        let Some(tls) = &self.tls else { return Ok(Box::new(stream)) };
        let name = ServerName::try_from(host.clone()).map_err(io::Error::other)?;
        Ok(Box::new(TlsConnector::from(Arc::clone(tls)).connect(name, stream).await?))
    }
}

trait Both: AsyncRead + AsyncWrite + Unpin + Send {}
impl<S: AsyncRead + AsyncWrite + Unpin + Send> Both for S {}
type Stream = Box<dyn Both>;

/// A connection; it ends with the last of its clones.
#[derive(Clone)]
pub(super) struct Bounded {
    connection: MultiplexedConnection,
    _driver: Arc<Driver>,
}

struct Driver(JoinHandle<()>);

impl Drop for Driver {
    fn drop(&mut self) {
        self.0.abort();
    }
}

/// To a node of a cluster.
impl Connect for Bounded {
    fn connect_with_config<'a, T>(info: T, config: AsyncConnectionConfig) -> RedisFuture<'a, Self>
    where
        T: IntoConnectionInfo + Send + 'a,
    {
        Box::pin(async move {
            let info = info.into_connection_info()?;
            let settings = info.redis_settings();
            let marked = settings.username().and_then(Dialer::of);
            let (dialer, username) = marked.ok_or_else(|| io::Error::from(io::ErrorKind::NotConnected))?;
            let mut login = RedisConnectionInfo::default().set_db(settings.db());
            if !username.is_empty() {
                login = login.set_username(username);
            }
            if let Some(password) = settings.password() {
                login = login.set_password(password);
            }
            dialer.dial(info.addr(), &login, config).await
        })
    }
}

impl ConnectionLike for Bounded {
    fn req_packed_command<'a>(&'a mut self, command: &'a Cmd) -> RedisFuture<'a, Value> {
        self.connection.req_packed_command(command)
    }

    fn req_packed_commands<'a>(
        &'a mut self,
        commands: &'a Pipeline,
        offset: usize,
        count: usize,
    ) -> RedisFuture<'a, Vec<Value>> {
        self.connection.req_packed_commands(commands, offset, count)
    }

    fn get_db(&self) -> i64 {
        self.connection.get_db()
    }
}
