use std::net::{IpAddr, SocketAddr};

use http::{HeaderMap, HeaderName};
use ipnet::IpNet;

/// The address that a connection comes from, for a request's extensions.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ClientAddress(pub IpAddr);

/// Where the client's address stands. The default: it is the connection's.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct AddressSource {
    header: Option<Header>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
struct Header {
    name: HeaderName,
    position: isize,
    trusted: Option<Vec<IpNet>>,
}

impl AddressSource {
    /// The address stands in this header, which each proxy appends to: at this position of the comma-separated list,
    /// from 0; a negative position counts from the end, `-1` is what the nearest proxy wrote.
    ///
    /// Danger: the header is believed from anyone who can connect, until
    /// [`with_trusted_proxies`](Self::with_trusted_proxies) says whose it is.
    pub fn header(name: HeaderName, position: isize) -> Self {
        Self { header: Some(Header { name, position, trusted: None }) }
    }

    /// Believes the header only from these networks (and from a local socket). From elsewhere the connection's own
    /// address counts.
    #[must_use]
    pub fn with_trusted_proxies(mut self, networks: impl IntoIterator<Item = IpNet>) -> Self {
        if let Some(header) = &mut self.header {
            header.trusted = Some(networks.into_iter().collect());
        }
        self
    }

    /// The client's address.
    ///
    /// # Errors
    ///
    /// When the header should say it and does not.
    pub fn resolve(
        &self,
        headers: &HeaderMap,
        connection: Option<ClientAddress>,
    ) -> Result<Option<IpAddr>, AddressError> {
        let connection = connection.map(|ClientAddress(address)| address.to_canonical());
        let Some(header) = &self.header else { return Ok(connection) };
        if let (Some(trusted), Some(peer)) = (&header.trusted, connection)
            && !trusted.iter().any(|network| network.contains(&peer))
        {
            return Ok(connection);
        }
        // Several lines of one field are one list (RFC 9110, section 5.2).
        let lines = headers.get_all(&header.name).iter();
        let list: Vec<&str> = lines
            .map(|line| line.to_str().map_err(|_| AddressError))
            .collect::<Result<Vec<_>, _>>()?
            .into_iter()
            .flat_map(|line| line.split(','))
            .collect();
        let at = match usize::try_from(header.position) {
            Ok(position) => position,
            Err(_) => list.len().saturating_sub(header.position.unsigned_abs()),
        };
        let text = list.get(at).ok_or(AddressError)?.trim();
        parse(text).map(Some).ok_or(AddressError)
    }
}

/// An address as proxies write it: alone, with a port, or in brackets.
fn parse(text: &str) -> Option<IpAddr> {
    let bare = text.strip_prefix('[').and_then(|rest| rest.strip_suffix(']')).unwrap_or(text);
    let address = bare.parse().or_else(|_| text.parse().map(|socket: SocketAddr| socket.ip()));
    address.ok().map(|address: IpAddr| address.to_canonical())
}

/// The header that should name the client's address is missing or malformed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the client's address is missing from the header, or malformed")]
pub struct AddressError;

#[cfg(test)]
mod tests {
    use super::*;

    const NAME: HeaderName = HeaderName::from_static("x-forwarded-for");

    fn resolve(source: &AddressSource, lines: &[&str], peer: &str) -> Option<String> {
        let headers = lines.iter().map(|line| (NAME, line.parse().unwrap())).collect();
        let peer = Some(ClientAddress(peer.parse().unwrap()));
        source.resolve(&headers, peer).ok().map(|address| address.unwrap().to_string())
    }

    #[test]
    fn positions_count_from_both_ends() {
        let cases: [(isize, &[&str], Option<&str>); 9] = [
            (0, &["10.0.0.1, 10.0.0.2"], Some("10.0.0.1")),
            (1, &["10.0.0.1, 10.0.0.2"], Some("10.0.0.2")),
            (2, &["10.0.0.1, 10.0.0.2"], None),
            (-1, &["10.0.0.1", "10.0.0.2"], Some("10.0.0.2")),
            (-9, &["10.0.0.1, 10.0.0.2"], Some("10.0.0.1")),
            (0, &[], None),
            (0, &["nonsense"], None),
            (0, &["[2001:db8::1]:4711"], Some("2001:db8::1")),
            (0, &["::ffff:10.0.0.1"], Some("10.0.0.1")),
        ];
        for (position, lines, expected) in cases {
            let source = AddressSource::header(NAME, position);
            assert_eq!(resolve(&source, lines, "192.0.2.1").as_deref(), expected, "{position} {lines:?}");
        }
    }

    #[test]
    fn only_trusted_proxies_are_believed() {
        let source = AddressSource::header(NAME, 0).with_trusted_proxies(["192.0.2.0/24".parse().unwrap()]);
        assert_eq!(resolve(&source, &["10.0.0.1"], "192.0.2.1").as_deref(), Some("10.0.0.1"));
        assert_eq!(resolve(&source, &["10.0.0.1"], "::ffff:192.0.2.1").as_deref(), Some("10.0.0.1"));
        assert_eq!(resolve(&source, &["10.0.0.1"], "203.0.113.5").as_deref(), Some("203.0.113.5"));
    }
}
