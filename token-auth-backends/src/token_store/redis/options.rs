//! What a store in Redis is made of.

use std::fmt;
use std::path::PathBuf;
use std::str::FromStr;
use std::time::Duration;

use token_auth_core::Password;

use crate::peer::ANSWER_BYTES;

/// Which Redis, and how it is asked. [`RedisOptions::new`] has the defaults.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct RedisOptions {
    /// Where it is.
    pub servers: RedisServers,
    /// The user of Redis' access control list. Without one, `default`.
    pub username: Option<String>,
    /// Its password.
    pub password: Option<Password>,
    /// The number of the database; a cluster has only 0.
    pub database: u16,
    /// Whether and how the connection is encrypted.
    pub tls: Option<RedisTls>,
    /// What the names of all keys begin with. Default `token-auth:`.
    pub prefix: String,
    /// What the names of accounts begin with before the name that docker_auth's token database has for them, if that is
    /// there, too: the docker password of an account is then removed with its personal access tokens. An empty text for
    /// names that are the same there. Default none: there is no such database.
    pub docker_auth: Vec<String>,
    /// How long a connection may take to be made. Default 2 s.
    pub connect_timeout: Duration,
    /// How long an answer may take. Default 2 s.
    pub timeout: Duration,
    /// How long an answer may be, in bytes, where each value in it counts as 64 more; with a longer one its connection ends.
    /// Default 8 MiB.
    pub answer_bytes: usize,
}

impl RedisOptions {
    /// These servers, without a password, and the defaults.
    pub fn new(servers: RedisServers) -> Self {
        Self {
            servers,
            username: None,
            password: None,
            database: 0,
            tls: None,
            prefix: "token-auth:".to_owned(),
            docker_auth: Vec::new(),
            connect_timeout: Duration::from_secs(2),
            timeout: Duration::from_secs(2),
            answer_bytes: ANSWER_BYTES,
        }
    }
}

/// One server, or a cluster.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum RedisServers {
    /// One server.
    Single(RedisAddress),
    /// Some nodes of a cluster, which tell of the others.
    Cluster(Vec<RedisAddress>),
}

/// Where a server is: `HOST:PORT`, `[V6]:PORT`, or `/path/of/a/socket`.
///
/// ```
/// use token_auth_backends::token_store::redis::RedisAddress;
///
/// let address: RedisAddress = "redis.example.com:6379".parse()?;
/// assert_eq!(address.to_string(), "redis.example.com:6379");
/// assert!("redis.example.com".parse::<RedisAddress>().is_err());
/// # Ok::<(), String>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum RedisAddress {
    /// A host and a port.
    Tcp(String, u16),
    /// A socket file.
    Unix(PathBuf),
}

impl FromStr for RedisAddress {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        if text.starts_with('/') {
            return Ok(Self::Unix(text.into()));
        }
        let address = text.rsplit_once(':').and_then(|(host, port)| Some((host, port.parse().ok()?)));
        let (host, port) = address.ok_or("must be HOST:PORT, or the path of a socket")?;
        let bare = host.strip_prefix('[').and_then(|host| host.strip_suffix(']'));
        match bare.unwrap_or(host) {
            // As Go reads it: this machine.
            "" => Ok(Self::Tcp("localhost".to_owned(), port)),
            host if bare.is_none() && host.contains([':', '/', '@', '[']) => {
                Err("must be HOST:PORT, without a scheme or a user".to_owned())
            }
            host => Ok(Self::Tcp(host.to_owned(), port)),
        }
    }
}

impl fmt::Display for RedisAddress {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Tcp(host, port) if host.contains(':') => write!(f, "[{host}]:{port}"),
            Self::Tcp(host, port) => write!(f, "{host}:{port}"),
            Self::Unix(path) => path.display().fmt(f),
        }
    }
}

/// Whom an encrypted connection trusts.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct RedisTls {
    /// Certificates of the authorities, in PEM. Without them those that the system trusts.
    pub ca_certificates: Option<Vec<u8>>,
}

impl RedisTls {
    /// Trusts these authorities only.
    pub fn trusting(ca_certificates: impl Into<Vec<u8>>) -> Self {
        Self { ca_certificates: Some(ca_certificates.into()) }
    }
}
