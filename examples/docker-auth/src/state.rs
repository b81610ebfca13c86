//! What one configuration makes of the server. A request keeps the state that it began with.

use std::net::SocketAddr;
use std::os::unix::fs::FileTypeExt as _;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use anyhow::{Context as _, Result, bail};
use token_auth_backends::config::{
    CertificateExpiry, Config, ConfigOptions, Finding, ListenAddress, Loaded, ServerConfig,
};
use token_auth_backends::core::http::TokenEndpoint;
use token_auth_backends::oauth2::SignInPages;
use token_auth_backends::workload::WorkloadIdentities;
use tokio::net::{TcpListener, UnixListener};
use tracing::{info, warn};

use crate::listener::Listener;
use crate::{tls, tokens};

/// How much and how long a connection may take.
#[derive(Clone, Copy)]
pub(crate) struct Connections {
    pub(crate) maximum: usize,
    pub(crate) header_bytes: usize,
    pub(crate) header_timeout: Duration,
    pub(crate) request_timeout: Duration,
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
    /// Where tokens are kept, if it is a file.
    pub(crate) token_file: Option<PathBuf>,
    address: ListenAddress,
    workload: Option<Arc<WorkloadIdentities>>,
    /// When the certificate that tokens carry ends.
    pub(crate) expiry: Option<CertificateExpiry>,
}

/// How a configuration is read.
#[derive(Clone, Copy)]
pub(crate) struct Reading {
    pub(crate) lenient: bool,
    /// Whether one is refused that there is something to warn of.
    pub(crate) deny_warnings: bool,
}

/// Reads a configuration with everything that it names, and tells of it in the log. With the state come the files to watch.
/// What the previous state signed stays good: its keys are published until then.
pub(crate) fn load(
    config: &Path,
    reading: Reading,
    previous: Option<&State>,
) -> Result<(State, Vec<PathBuf>)> {
    let (state, loaded) = read(config, &options(reading.lenient), previous)?;
    for note in &loaded.notes {
        info!("{note}");
    }
    let warnings = loaded.warnings.iter().chain(&loaded.policy);
    for warning in warnings.clone() {
        warn!("{warning}");
    }
    match warnings.count() {
        count @ 1.. if reading.deny_warnings => bail!("{}: {count} warnings", config.display()),
        _ => Ok((state, loaded.files)),
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
}

/// Reads a configuration with everything that it names as a server would, and hands back what an operator should know.
///
/// # Errors
///
/// When a server would not start with it.
pub fn check(config: &Path, lenient: bool) -> Result<Checked> {
    let (_, loaded) = read(config, &options(lenient).examining(), None)?;
    Ok(Checked { notes: loaded.notes, warnings: loaded.warnings })
}

fn options(lenient: bool) -> ConfigOptions {
    if lenient { ConfigOptions::lenient() } else { ConfigOptions::default() }
}

fn read(config: &Path, options: &ConfigOptions, previous: Option<&State>) -> Result<(State, Loaded)> {
    let mut loaded = Config::load(config, options)?;
    if let Some(previous) = previous {
        loaded.service = loaded.service.succeeding(previous.endpoint.service());
        if let (Some(now), Some(then)) = (loaded.workload(), &previous.workload) {
            now.succeed(then);
        }
    }
    let ServerConfig { address, path_prefix, hsts, timeouts, .. } = loaded.server.clone();
    let tls = loaded.server.tls.as_ref().map(tls::config).transpose()?;
    let connections = Connections {
        maximum: loaded.limits.connections,
        header_bytes: loaded.limits.header_bytes,
        header_timeout: timeouts.header,
        request_timeout: timeouts.request,
        grace: timeouts.shutdown,
    };
    let token_file = tokens::store_file(loaded.tokens.as_ref().map(|tokens| &tokens.store));
    let sign_in = loaded.sign_in().cloned();
    let endpoint = loaded.endpoint();
    let workload = loaded.workload().cloned();
    let expiry = loaded.expiry.clone();
    let state = State {
        token_file,
        endpoint,
        sign_in,
        path_prefix,
        hsts,
        tls,
        connections,
        address,
        workload,
        expiry,
    };
    Ok((state, loaded))
}

impl State {
    /// Opens the listener that the configuration, or the command line instead, names.
    pub(crate) async fn listen(&self, instead: Option<SocketAddr>) -> Result<Listener> {
        if let Some(address) = instead {
            return tcp(&address.ip().to_string(), address.port()).await;
        }
        match &self.address {
            ListenAddress::Tcp { host, port } => tcp(host, *port).await,
            ListenAddress::Unix(path) => {
                // An earlier run may have left its socket file behind. Anything else that is there stays.
                if std::fs::symlink_metadata(path).is_ok_and(|data| data.file_type().is_socket()) {
                    std::fs::remove_file(path)
                        .with_context(|| format!("cannot remove {}", path.display()))?;
                }
                let listener = UnixListener::bind(path)
                    .with_context(|| format!("cannot listen on {}", path.display()))?;
                Ok(Listener::Unix(listener, path.clone()))
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
