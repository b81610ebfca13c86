//! How a server listens.

use std::path::PathBuf;
use std::time::Duration;

use http::HeaderName;
use ipnet::IpNet;

use super::field::Field;
use super::key_pair::{self, KeyPair, ServerPair};
use super::parts::Parts;
use super::section::Section;
use super::tls::{self, TlsConfig};

/// The block `server`: how the server listens. The library does not; this is for the program that does.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct ServerConfig {
    /// Where to listen.
    pub address: ListenAddress,
    /// What every path begins with: empty, or `/…` without a slash at its end.
    pub path_prefix: String,
    /// TLS; without it the server speaks plain HTTP.
    pub tls: Option<TlsConfig>,
    /// Whether answers carry `Strict-Transport-Security: max-age=63072000; includeSubDomains`.
    pub hsts: bool,
    /// Where the client's address is found, if not in the connection.
    pub real_ip: Option<RealIp>,
    /// How long things may take.
    pub timeouts: Timeouts,
}

/// Where a server listens.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ListenAddress {
    /// A TCP port.
    Tcp {
        /// A name, an IPv4 address, or an IPv6 address without brackets; empty for all interfaces, IPv4 and IPv6.
        host: String,
        /// The port; 0 lets the system choose.
        port: u16,
    },
    /// A Unix socket. A stale socket file is removed first.
    Unix(PathBuf),
}

/// The client's address is taken from a header, which must then be present.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct RealIp {
    /// The header, `X-Forwarded-For`.
    pub header: HeaderName,
    /// Which of the listed addresses: 0 is the first, -1 the last. `None`: the last one that is none of the trusted proxies;
    /// where these are not named, the first, as by docker_auth.
    pub position: Option<isize>,
    /// The proxies whose header is believed, and with them a local socket. `None`: the header is believed from anyone, as
    /// by docker_auth.
    pub trusted_proxies: Option<Vec<IpNet>>,
}

#[cfg(any(feature = "http", feature = "oauth2"))]
impl ServerConfig {
    /// Where the client's address stands.
    pub(super) fn addresses(&self) -> token_auth_core::http::AddressSource {
        use token_auth_core::http::AddressSource;
        let Some(RealIp { header, position, trusted_proxies }) = &self.real_ip else {
            return AddressSource::default();
        };
        let (name, networks) = (header.clone(), trusted_proxies.iter().flatten().copied());
        match (trusted_proxies, position) {
            (Some(_), None) => AddressSource::behind_proxies(name, networks),
            (Some(_), Some(position)) => {
                AddressSource::header(name, *position).with_trusted_proxies(networks)
            }
            (None, position) => AddressSource::header(name, position.unwrap_or(0)),
        }
    }
}

/// How long a server waits.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Timeouts {
    /// For the head of a request, from the connection or the previous answer's end on: an idle connection lives no longer.
    /// Default 10 s.
    pub header: Duration,
    /// For a request as a whole. Default 30 s.
    pub request: Duration,
    /// For an answer to be taken by its client, from when it first had to wait for that. Default 10 s.
    pub write: Duration,
    /// For requests under way when the server stops. Default 30 s.
    pub shutdown: Duration,
}

impl Default for Timeouts {
    fn default() -> Self {
        let [header, request, write, shutdown] = [10, 30, 10, 30].map(Duration::from_secs);
        Self { header, request, write, shutdown }
    }
}

pub(super) fn read(field: &Field<'_>, parts: &mut Parts) {
    let Some(section) = field.section() else { return };
    let is_begun = key_pair::is_begun(&section);
    let pair = key_pair::read(&section);
    if let Some(server) = server(section, pair.as_ref().map(|located| located.pair.clone())) {
        parts.insert(server);
    }
    parts.insert(ServerPair { pair, is_begun });
}

fn server(server: Section<'_>, key_pair: Option<KeyPair>) -> Option<ServerConfig> {
    let address = address(&server);
    let path_prefix = server.get("path_prefix").and_then(|field| field.parsed(path_prefix));
    let tls = tls::read(&server, key_pair);
    let hsts = server.get("hsts").and_then(|field| field.flag()).unwrap_or(false);
    let real_ip = real_ip(&server);
    let timeouts =
        server.get("timeouts").and_then(|field| Some(timeouts(field.section()?))).unwrap_or_default();
    server.finish();
    Some(ServerConfig {
        address: address?,
        path_prefix: path_prefix.unwrap_or_default(),
        tls,
        hsts,
        real_ip,
        timeouts,
    })
}

fn address(server: &Section<'_>) -> Option<ListenAddress> {
    let net = server.get("net").map(|field| field.choice());
    let address = server.require("addr")?;
    match net {
        None | Some(Some("" | "tcp")) => address.parsed(tcp_address),
        Some(Some(_)) => address.file().map(ListenAddress::Unix),
        Some(None) => None,
    }
}

fn tcp_address(text: &str) -> Result<ListenAddress, String> {
    let wrong = || format!("must be HOST:PORT or :PORT, and is {text:?}");
    if let Some((_, rest)) = text.split_once("://") {
        return Err(format!("{}: write it without a scheme, {:?}", wrong(), rest.trim_end_matches('/')));
    }
    let (host, port) = text.rsplit_once(':').ok_or_else(wrong)?;
    let port = port.parse().map_err(|_| wrong())?;
    let host = match host.strip_prefix('[').and_then(|rest| rest.strip_suffix(']')) {
        Some(address) => address,
        None if host.contains([':', '[', ']']) => {
            return Err(format!("{}: put an IPv6 address into []", wrong()));
        }
        None => host,
    };
    Ok(ListenAddress::Tcp { host: host.to_owned(), port })
}

fn path_prefix(text: &str) -> Result<String, String> {
    match text.is_empty() || text.starts_with('/') {
        true if text.contains(['?', '#', ' ']) => {
            Err("must be a path without `?`, `#` and spaces".to_owned())
        }
        // Clients write what is not ASCII so.
        true => Ok(percent_encoded(text.trim_end_matches('/'))),
        false => Err(format!("must begin with `/`, and is {text:?}")),
    }
}

fn percent_encoded(path: &str) -> String {
    let encoded = path.bytes().map(|byte| match byte {
        byte if byte.is_ascii_graphic() => char::from(byte).to_string(),
        byte => format!("%{byte:02X}"),
    });
    encoded.collect()
}

fn real_ip(server: &Section<'_>) -> Option<RealIp> {
    let header = server.get("real_ip_header").filter(|field| field.text() != Some(""));
    let position = server.get("real_ip_pos");
    let at = position.as_ref().and_then(|field| field.integer());
    let proxies = server.get("trusted_proxies");
    let Some(header) = header else {
        for field in proxies.iter().chain(&position) {
            field.warn("has no effect without `real_ip_header`");
        }
        return None;
    };
    let name = header.parsed(header_name);
    if proxies.is_none() {
        header.warn(
            "is believed from anyone, so that rules with `ip` can be deceived: name the proxies in \
             `server.trusted_proxies`",
        );
        if position.is_none() {
            header.warn(
                "is read at its first address, since there is no `real_ip_pos`, and where a proxy appends to the header that is \
                 what a client writes itself: write `real_ip_pos: -1` for what the nearest proxy writes",
            );
        }
    } else if let (Some(position), Some(0..), Some(name)) = (&position, at, &name)
        && (name == "x-forwarded-for" || *name == http::header::FORWARDED)
    {
        position.warn(
            "counts from the end that a client can write itself: remove it, and the address is the last one that is none of \
             `trusted_proxies`",
        );
    }
    let networks = |field: Field<'_>| field.list(|item| item.parsed(network));
    Some(RealIp {
        header: name?,
        position: at.and_then(|at| isize::try_from(at).ok()),
        trusted_proxies: proxies.map(networks),
    })
}

fn header_name(text: &str) -> Result<HeaderName, String> {
    text.parse().map_err(|_| format!("must be the name of a header, and is {text:?}"))
}

fn network(text: &str) -> Result<IpNet, String> {
    let address = || text.parse().map(|address: std::net::IpAddr| address.into());
    text.parse()
        .or_else(|_| address())
        .map_err(|_| format!("must be an address or a network such as 10.0.0.0/8, and is {text:?}"))
}

fn timeouts(section: Section<'_>) -> Timeouts {
    let mut timeouts = Timeouts::default();
    for (key, timeout) in [
        ("header", &mut timeouts.header),
        ("request", &mut timeouts.request),
        ("write", &mut timeouts.write),
        ("shutdown", &mut timeouts.shutdown),
    ] {
        if let Some(duration) = section.get(key).and_then(|field| field.duration()) {
            *timeout = duration;
        }
    }
    section.finish();
    timeouts
}
