//! Which client a request comes from: the connection's address, or the one that a trusted proxy names.

mod forwarded;
mod node;
mod notices;
#[cfg(test)]
mod tests;

use std::borrow::Cow;
use std::net::{IpAddr, SocketAddr};

use http::header::FORWARDED;
use http::{HeaderMap, HeaderName};
use ipnet::{IpNet, Ipv4Net};

pub(super) use notices::Notices;

/// Where a connection comes from. The server puts it into a request's extensions.
///
/// With axum, `into_make_service_with_connect_info` and a layer of four lines do it:
///
/// ```text
/// .layer(map_request(async |ConnectInfo(peer): ConnectInfo<SocketAddr>, mut request: Request| {
///     request.extensions_mut().insert(ClientAddress::from(peer));
///     request
/// }))
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ClientAddress {
    /// From this address.
    Ip(IpAddr),
    /// Through a socket of this machine that has no addresses (a Unix socket). Whoever can open it is believed as a trusted
    /// proxy is.
    LocalSocket,
}

impl From<IpAddr> for ClientAddress {
    fn from(address: IpAddr) -> Self {
        Self::Ip(address)
    }
}

impl From<SocketAddr> for ClientAddress {
    fn from(address: SocketAddr) -> Self {
        Self::Ip(address.ip())
    }
}

/// Where the client's address stands. The default: it is the connection's.
///
/// The header `Forwarded` is read as RFC 7239 has it: the client is what `for` names. Any other is a list of addresses,
/// as `X-Forwarded-For` is. Several lines of the header are one list (RFC 9110, section 5.2). An address may have a port,
/// and IPv6 stand in brackets.
///
/// ```
/// use http::{HeaderMap, HeaderName};
/// use token_auth_core::http::{AddressSource, ClientAddress};
///
/// let name = HeaderName::from_static("x-forwarded-for");
/// let addresses = AddressSource::behind_proxies(name.clone(), ["192.0.2.0/24".parse()?]);
/// // What the client wrote itself, what the outer proxy appended, and what the inner one did.
/// let headers: HeaderMap = [(name, "10.0.0.7, 203.0.113.9, 192.0.2.2".parse()?)].into_iter().collect();
/// let inner = ClientAddress::Ip("192.0.2.1".parse()?);
/// assert_eq!(addresses.resolve(&headers, Some(inner))?, Some("203.0.113.9".parse()?));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct AddressSource {
    header: Option<Header>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
struct Header {
    name: HeaderName,
    /// Without one it is the last that is no trusted proxy.
    position: Option<isize>,
    trusted: Option<Vec<IpNet>>,
}

impl AddressSource {
    /// The address stands in this header, which these proxies append to: it is the last one that is not one of them, so that
    /// nothing counts which a client has written there itself. From any other connection, its own address counts; from a
    /// [local socket](ClientAddress::LocalSocket), the header does.
    pub fn behind_proxies(name: HeaderName, proxies: impl IntoIterator<Item = IpNet>) -> Self {
        let header = Header { name, position: None, trusted: Some(Vec::new()) };
        Self { header: Some(header) }.with_trusted_proxies(proxies)
    }

    /// The address stands in this header at this position of the list, from 0; a negative position counts from the end,
    /// `-1` is what the nearest proxy wrote.
    ///
    /// Danger: the header is believed from anyone who can connect, until
    /// [`with_trusted_proxies`](Self::with_trusted_proxies) says whose it is; and where proxies append to it, a position that
    /// is not negative is the client's own word whoever they are. [`behind_proxies`](Self::behind_proxies) is for most.
    pub fn header(name: HeaderName, position: isize) -> Self {
        Self { header: Some(Header { name, position: Some(position), trusted: None }) }
    }

    /// Believes the header only from these networks and from a [local socket](ClientAddress::LocalSocket). From elsewhere
    /// the connection's own address counts.
    #[must_use]
    pub fn with_trusted_proxies(mut self, networks: impl IntoIterator<Item = IpNet>) -> Self {
        if let Some(header) = &mut self.header {
            header.trusted = Some(networks.into_iter().map(canonical).collect());
        }
        self
    }

    /// The client's address; nothing if the server does not know where the connection comes from, and no header says it.
    ///
    /// # Errors
    ///
    /// When the header should say it and does not, and when it is not known whether the connection is a trusted proxy's.
    pub fn resolve(
        &self,
        headers: &HeaderMap,
        connection: Option<ClientAddress>,
    ) -> Result<Option<IpAddr>, AddressError> {
        let peer = match connection {
            Some(ClientAddress::Ip(address)) => Some(address.to_canonical()),
            Some(ClientAddress::LocalSocket) | None => None,
        };
        let Some(header) = &self.header else { return Ok(peer) };
        match (&header.trusted, connection) {
            (Some(_), None) => Err(AddressError::UnknownPeer),
            (Some(_), Some(ClientAddress::Ip(_))) if !self.believes(connection) => Ok(peer),
            _ => header.address(headers).map(Some),
        }
    }

    /// Whether the header is believed from there.
    fn believes(&self, connection: Option<ClientAddress>) -> bool {
        self.header.as_ref().is_some_and(|header| match (&header.trusted, connection) {
            (None, _) | (_, Some(ClientAddress::LocalSocket)) => true,
            (Some(_), Some(ClientAddress::Ip(address))) => header.is_proxy(address.to_canonical()),
            (Some(_), None) => false,
        })
    }
}

impl Header {
    fn is_proxy(&self, address: IpAddr) -> bool {
        self.trusted.iter().flatten().any(|network| network.contains(&address))
    }

    fn address(&self, headers: &HeaderMap) -> Result<IpAddr, AddressError> {
        let entries = self.entries(headers);
        let parsed = |entry: &Hop<'_>| node::address(entry.as_deref().ok_or(AddressError::Missing)?);
        if let Some(position) = self.position {
            let at = match usize::try_from(position) {
                Ok(position) => position,
                Err(_) => entries.len().saturating_sub(position.unsigned_abs()),
            };
            return entries.get(at).ok_or(AddressError::Missing).and_then(parsed);
        }
        let mut outermost = Err(AddressError::Missing);
        // RFC 9110, section 5.6.1.2: empty elements of a list do not count.
        for entry in entries.iter().rev().filter(|entry| entry.as_deref() != Some("")) {
            let address = parsed(entry)?;
            outermost = Ok(address);
            if !self.is_proxy(address) {
                break;
            }
        }
        outermost
    }

    /// What the lines of the header list, in their order.
    fn entries<'h>(&self, headers: &'h HeaderMap) -> Vec<Hop<'h>> {
        let lines = headers.get_all(&self.name).iter().map(|line| std::str::from_utf8(line.as_bytes()));
        let mut entries = Vec::new();
        for line in lines {
            match line {
                // What proxies append is read even if it stands in one line with bytes that are no text.
                Err(_) => entries.push(None),
                Ok(line) if self.name == FORWARDED => match forwarded::nodes(line) {
                    Some(nodes) => entries.extend(nodes),
                    None => entries.push(None),
                },
                Ok(line) => entries.extend(line.split(',').map(|entry| Some(entry.trim().into()))),
            }
        }
        entries
    }
}

/// An element of the list; nothing if it cannot be read, or does not say whom it is for.
type Hop<'h> = Option<Cow<'h, str>>;

/// An IPv4 network that is written as IPv6 is the IPv4 network.
fn canonical(network: IpNet) -> IpNet {
    match network {
        IpNet::V6(six) if six.prefix_len() >= 96 => six
            .addr()
            .to_ipv4_mapped()
            .and_then(|four| Ipv4Net::new(four, six.prefix_len() - 96).ok())
            .map_or(network, IpNet::V4),
        _ => network,
    }
}

/// Why the client's address is not known where it should be.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum AddressError {
    /// The header is missing, too short, or malformed.
    #[error("the client's address is missing from the header, or malformed")]
    Missing,
    /// A proxy hides it: `unknown`, or an obfuscated identifier (RFC 7239, sections 6.2 and 6.3).
    #[error("a proxy hides the client's address")]
    Hidden,
    /// There are trusted proxies, and the server does not say where the connection comes from.
    #[error(
        "the server does not say where the connection comes from: put a ClientAddress into the request's extensions"
    )]
    UnknownPeer,
}
