//! Where guesses come from, and what shares a count.

use std::net::{IpAddr, Ipv6Addr};

use super::Tag;

/// What a count is kept for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(super) enum Origin {
    /// A client's network.
    Network(IpAddr),
    /// Whoever asks for this account where no address is known: one count for all the world would let anyone lock out
    /// anyone.
    Unaddressed(Tag),
    /// This account, wherever guesses at it come from.
    Anywhere(Tag),
}

impl Origin {
    pub(super) fn of(address: Option<IpAddr>, account: Tag) -> Self {
        address.map_or(Self::Unaddressed(account), |address| Self::Network(network(address)))
    }
}

/// Whoever has one IPv6 address has, as a rule, its whole /64.
fn network(address: IpAddr) -> IpAddr {
    match address.to_canonical() {
        IpAddr::V6(address) => Ipv6Addr::from_bits(address.to_bits() & (u128::MAX << 64)).into(),
        v4 @ IpAddr::V4(_) => v4,
    }
}
