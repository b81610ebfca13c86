//! What one configuration makes of the server. A request keeps the state that it began with.

use std::net::{IpAddr, SocketAddr};
use std::path::PathBuf;
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use anyhow::{Context as _, Result, bail};
use ipnet::IpNet;
use token_auth_backends::FileStamps;
use token_auth_backends::config::{Config, ConfigOptions, Finding, ListenAddress, Loaded, ServerConfig};
use token_auth_backends::core::http::TokenEndpoint;
use token_auth_backends::oauth2::SignInPages;
use tokio::net::{TcpListener, UnixListener};
use tracing::{Level, info, warn};

use crate::listener::Listener;
use crate::socket_file::SocketFile;
use crate::{tls, tokens};

/// How much and how long a connection may take.
#[derive(Clone, Copy)]
pub(crate) struct Connections {
    pub(crate) maximum: usize,
    /// Of one address.
    pub(crate) per_address: usize,
    pub(crate) header_bytes: usize,
    pub(crate) header_timeout: Duration,
    pub(crate) request_timeout: Duration,
    pub(crate) write_timeout: Duration,
    pub(crate) grace: Duration,
}

/// Everything that a request needs.
pub(crate) struct State {
    pub(crate) endpoint: TokenEndpoint,
    pub(crate) sign_in: Option<SignInPages>,
    pub(crate) path_prefix: String,
    pub(crate) hsts: bool,
    pub(crate) tls: Option<Arc<rustls::ServerConfig>>,
    pub(crate) connections: Connections,
    /// Whose connections are not counted by address: each of them brings many clients.
    proxies: Vec<IpNet>,
    /// Where tokens are kept, if it is a file.
    pub(crate) token_file: Option<PathBuf>,
    address: ListenAddress,
    /// What it is made of, and what the next one goes on with.
    pub(crate) loaded: Loaded,
}

/// Where the configuration comes from, and how it is read.
#[derive(Clone)]
pub(crate) struct Source {
    pub(crate) config: PathBuf,
    pub(crate) lenient: bool,
    /// How long nobody must have written to its files.
    pub(crate) settle_time: Duration,
    /// Whether one is refused that there is something to warn of.
    pub(crate) deny_warnings: bool,
    /// The level of the log lines of what is denied.
    pub(crate) log_denials: Level,
}

impl Source {
    /// Reads the configuration with everything that it names, and tells of it in the log. It goes on where the previous state
    /// was.
    pub(crate) fn load(&self, previous: Option<&State>) -> Result<State> {
        let options = options(self.lenient).with_settle_time(self.settle_time);
        let mut loaded = Config::load(&self.config, &options)?;
        for note in &loaded.notes {
            info!("{note}");
        }
        let warnings = loaded.warnings.iter().chain(&loaded.policy);
        for warning in warnings.clone() {
            warn!("{warning}");
        }
        let count = warnings.count();
        if self.deny_warnings && count > 0 {
            bail!("{}: {count} warnings", self.config.display());
        }
        if let Some(previous) = previous {
            loaded.succeed(&previous.loaded);
        }
        let mut state = assembled(loaded)?;
        state.endpoint = state.endpoint.with_denial_level(self.log_denials);
        Ok(state)
    }

    /// These files, once nobody writes to them, or has for too long a time.
    pub(crate) fn settled(&self, files: &FileStamps) -> FileStamps {
        files.settled(self.settle_time, ConfigOptions::PATIENCE).unwrap_or_else(|| files.now())
    }
}

/// What an operator should know of a configuration with which a server would start.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Checked {
    /// What is good to know.
    pub notes: Vec<Finding>,
    /// What may go wrong.
    pub warnings: Vec<Finding>,
    /// The files that the text names and the server watches.
    pub files: Vec<PathBuf>,
}

/// Reads the text of a configuration file, and everything that it names, as a server would, and hands back what an operator
/// should know. The text and not the file, which may be a pipe: it is read once.
///
/// # Errors
///
/// When a server would not start with it.
pub fn check(text: &[u8], file: &str, lenient: bool) -> Result<Checked> {
    let (config, mut warnings) = Config::from_yaml(text, file, &options(lenient).examining())?;
    let State { loaded, .. } = assembled(config.assemble()?)?;
    warnings.extend(loaded.warnings);
    Ok(Checked { notes: loaded.notes, warnings, files: loaded.files })
}

fn options(lenient: bool) -> ConfigOptions {
    if lenient { ConfigOptions::lenient() } else { ConfigOptions::default() }
}

fn assembled(loaded: Loaded) -> Result<State> {
    let ServerConfig { address, path_prefix, hsts, timeouts, real_ip, .. } = loaded.server.clone();
    let proxies = real_ip.and_then(|real_ip| real_ip.trusted_proxies).unwrap_or_default();
    let tls = loaded.server.tls.as_ref().map(tls::config).transpose()?;
    let connections = Connections {
        maximum: loaded.limits.connections,
        per_address: loaded.limits.connections_per_address,
        header_bytes: loaded.limits.header_bytes,
        header_timeout: timeouts.header,
        request_timeout: timeouts.request,
        write_timeout: timeouts.write,
        grace: timeouts.shutdown,
    };
    let token_file = tokens::store_file(loaded.tokens.as_ref().map(|tokens| &tokens.store));
    let sign_in = loaded.sign_in().cloned();
    let endpoint = loaded.endpoint();
    Ok(State { endpoint, sign_in, path_prefix, hsts, tls, connections, proxies, token_file, address, loaded })
}

impl State {
    /// How many connections this client may have at once.
    pub(crate) fn connections_of(&self, client: IpAddr) -> usize {
        match self.proxies.iter().any(|network| network.contains(&client)) {
            true => usize::MAX,
            false => self.connections.per_address,
        }
    }

    /// Opens the listener that the configuration, or the command line instead, names.
    pub(crate) async fn listen(&self, instead: Option<SocketAddr>) -> Result<Listener> {
        if let Some(address) = instead {
            return tcp(&address.ip().to_string(), address.port()).await;
        }
        match &self.address {
            ListenAddress::Tcp { host, port } => tcp(host, *port).await,
            ListenAddress::Unix(path) => {
                SocketFile::make_room(path)?;
                let listener = UnixListener::bind(path)
                    .with_context(|| format!("cannot listen on {}", path.display()))?;
                Ok(Listener::Unix(listener, SocketFile::bound(path)))
            }
        }
    }

    /// Says which key signs from now on, if it is another.
    pub(crate) fn report_new_key(&self, new: &Self) {
        let (old, new) = (self.endpoint.service(), new.endpoint.service());
        let now = SystemTime::now();
        let Some(signs) = new.signer().public_keys().into_iter().next() else { return };
        if old.signer().public_keys().first() == Some(&signs) {
            return;
        }
        let known = old.public_keys(now).contains(&signs);
        let key = signs.thumbprint();
        info!(key, algorithm = %signs.algorithm(), "another key signs from now on; the old one stays published");
        if !known {
            warn!(
                key,
                "the new key was not published before: whoever keeps a copy of the JWK set may refuse its tokens until \
                 the copy is renewed; next time name it in token.published_keys first"
            );
        }
    }

    /// Says which of the new settings count only after a restart.
    pub(crate) fn report_what_needs_a_restart(&self, new: &Self) {
        if new.address != self.address {
            warn!("server.addr and server.net have changed: they count after a restart");
        }
        if new.connections.maximum != self.connections.maximum {
            warn!("limits.connections has changed: it counts after a restart");
        }
    }
}

/// All interfaces are the IPv6 wildcard, which takes IPv4 too; on a machine without IPv6, the IPv4 one.
async fn tcp(host: &str, port: u16) -> Result<Listener> {
    let bound = match host {
        "" => match TcpListener::bind(("::", port)).await {
            Err(_) => TcpListener::bind(("0.0.0.0", port)).await,
            bound => bound,
        },
        host => TcpListener::bind((host, port)).await,
    };
    bound.map(Listener::Tcp).with_context(|| format!("cannot listen on {host}:{port}"))
}
