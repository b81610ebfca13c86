//! Whose address an address is.

use std::net::{IpAddr, Ipv6Addr};

/// What one client has, as a rule, for its own: an IPv4 address, or an IPv6 network of /64. What is shared by address is
/// shared by these.
///
/// ```
/// use token_auth_core::ClientNetwork;
///
/// let of = |address: &str| ClientNetwork::of(address.parse().unwrap());
/// assert_eq!(of("2001:db8::1"), of("2001:db8::ffff"));
/// assert_eq!(of("::ffff:192.0.2.1"), of("192.0.2.1"));
/// assert_ne!(of("192.0.2.1"), of("192.0.2.2"));
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct ClientNetwork(IpAddr);

impl ClientNetwork {
    /// The network of the client at this address.
    pub fn of(address: IpAddr) -> Self {
        match address.to_canonical() {
            IpAddr::V6(address) => Self(Ipv6Addr::from_bits(address.to_bits() & (u128::MAX << 64)).into()),
            v4 @ IpAddr::V4(_) => Self(v4),
        }
    }
}
