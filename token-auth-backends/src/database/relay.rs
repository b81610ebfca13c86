//! The way to a database server: the driver speaks to a socket of ours, and what the server answers is looked at on the way.
//!
//! The drivers take no stream, only an address. So there is a socket, in the abstract namespace of Linux: in no folder, and
//! only this process is let in.

use std::io;
use std::path::PathBuf;
use std::sync::Arc;

use rustls::ClientConfig;
use rustls::pki_types::ServerName;
use token_auth_core::{RandomIds, TokenIds as _};
use tokio::io::{AsyncRead, AsyncReadExt as _, AsyncWrite, AsyncWriteExt as _, copy_bidirectional};
use tokio::net::{TcpStream, UnixListener, UnixStream};
use tokio::task::JoinHandle;
use tokio_rustls::TlsConnector;

use crate::peer::{Watch, Watched};

/// What a client sends to a PostgreSQL server to ask for TLS (documentation, "SSLRequest").
const SSL_REQUEST: [u8; 8] = [0, 0, 0, 8, 4, 210, 22, 47];

/// Where a server is.
#[derive(Clone, Debug)]
pub(crate) enum Target {
    Tcp(String, u16),
    Unix(PathBuf),
}

/// Whether the relay itself asks a PostgreSQL server for TLS, and what if there is none.
#[derive(Clone)]
pub(crate) enum Tls {
    /// It does not: nobody does, or the driver.
    Not,
    IfThere(Arc<ClientConfig>),
    Always(Arc<ClientConfig>),
}

/// How an error is told to the driver, in its protocol, before its connection is closed.
pub(crate) type Tell = fn(&io::Error) -> Vec<u8>;

/// Serves connections until it is dropped.
pub(crate) struct Relay(JoinHandle<()>);

impl Drop for Relay {
    fn drop(&mut self) {
        self.0.abort();
    }
}

/// What is done with each connection.
pub(crate) struct Way<M> {
    pub(crate) place: Target,
    pub(crate) tls: Tls,
    pub(crate) tell: Tell,
    /// Makes a watch for each.
    pub(crate) watch: M,
}

impl Relay {
    /// Begins to serve below a name that only this process knows; `path` makes of it what is listened on. Within a tokio
    /// runtime.
    pub(crate) fn start<W: Watch>(
        path: impl FnOnce(&str) -> String,
        way: Way<impl Fn() -> W + Send + Sync + 'static>,
    ) -> io::Result<(Self, String)> {
        let word = RandomIds.next_id().map_err(|_| io::Error::other("the system has no randomness"))?;
        let name = format!("\0token-auth-{word}");
        let listener = UnixListener::bind(path(&name))?;
        let way = Arc::new(way);
        let serve = async move {
            loop {
                match listener.accept().await {
                    Ok((driver, _)) if is_ours(&driver) => {
                        let way = Arc::clone(&way);
                        tokio::spawn(async move { carry(driver, &way).await });
                    }
                    // Another process, which has no business here.
                    Ok(_) => {}
                    Err(error) => {
                        tracing::warn!(%error, "cannot accept a connection to the database");
                        tokio::time::sleep(std::time::Duration::from_millis(100)).await;
                    }
                }
            }
        };
        Ok((Self(tokio::spawn(serve)), name))
    }
}

fn is_ours(driver: &UnixStream) -> bool {
    let process = driver.peer_cred().ok().and_then(|peer| peer.pid());
    process.is_some_and(|process| u32::try_from(process) == Ok(std::process::id()))
}

async fn carry<W: Watch>(mut driver: UnixStream, way: &Way<impl Fn() -> W>) {
    let result = match way.place.connect().await {
        Ok(server) => match way.encrypt(server).await {
            Ok(server) => {
                let mut server = Watched::new(server, (way.watch)());
                copy_bidirectional(&mut driver, &mut server).await.map(drop)
            }
            Err(error) => Err(error),
        },
        Err(error) => Err(error),
    };
    if let Err(error) = result {
        // A driver that has gone does not listen.
        let _ = driver.write_all(&(way.tell)(&error)).await;
        let _ = driver.shutdown().await;
        // What it still sends is read, so that the end is an end for it and not a broken connection.
        let _ = tokio::io::copy(&mut driver, &mut tokio::io::sink()).await;
    }
}

impl<M> Way<M> {
    async fn encrypt(&self, mut server: Stream) -> io::Result<Stream> {
        let (config, always) = match &self.tls {
            Tls::Not => return Ok(server),
            Tls::IfThere(config) => (config, false),
            Tls::Always(config) => (config, true),
        };
        server.write_all(&SSL_REQUEST).await?;
        let invalid = |why: &'static str| io::Error::new(io::ErrorKind::InvalidData, why);
        match server.read_u8().await? {
            b'S' => {}
            b'N' if !always => return Ok(server),
            b'N' => return Err(invalid("the server does not offer TLS")),
            _ => return Err(invalid("its answer is not of its protocol")),
        }
        let name = match &self.place {
            Target::Tcp(host, _) => ServerName::try_from(host.clone()),
            Target::Unix(_) => ServerName::try_from("localhost".to_owned()),
        };
        let name = name.map_err(io::Error::other)?;
        let encrypted = TlsConnector::from(Arc::clone(config)).connect(name, server).await?;
        Ok(Box::new(encrypted))
    }
}

trait Both: AsyncRead + AsyncWrite + Unpin + Send {}
impl<S: AsyncRead + AsyncWrite + Unpin + Send> Both for S {}
type Stream = Box<dyn Both>;

impl Target {
    /// A host as it stands in an address.
    pub(crate) fn tcp(host: &str, port: u16) -> Self {
        let bare = host.strip_prefix('[').and_then(|host| host.strip_suffix(']'));
        Self::Tcp(bare.unwrap_or(host).to_owned(), port)
    }

    async fn connect(&self) -> io::Result<Stream> {
        match self {
            Self::Tcp(host, port) => {
                let stream = TcpStream::connect((host.as_str(), *port)).await;
                let stream = stream
                    .map_err(|error| io::Error::new(error.kind(), format!("{host}:{port}: {error}")))?;
                stream.set_nodelay(true)?;
                Ok(Box::new(stream))
            }
            Self::Unix(path) => Ok(Box::new(UnixStream::connect(path).await?)),
        }
    }
}
