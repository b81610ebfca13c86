//! The addresses that a condition accepts.

use std::fmt;
use std::net::IpAddr;

/// Addresses that an `ip` condition accepts: one address, or `address/bits`, read as Go's `net` package reads them.
///
/// An IPv4 address that is written as IPv6 (`::ffff:10.0.0.1`) is the IPv4 address, in rules and in requests. A network
/// of one family contains no address of the other.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) struct Network {
    first: IpAddr,
    bits: u32,
}

impl Network {
    pub(super) fn parse(text: &str) -> Option<Self> {
        let Some((address, bits)) = text.split_once('/') else {
            let first = text.parse::<IpAddr>().ok()?.to_canonical();
            return Some(Self { first, bits: width(first) });
        };
        let address: IpAddr = address.parse().ok()?;
        let bits = bits.bytes().all(|byte| byte.is_ascii_digit()).then(|| bits.parse::<u32>().ok())??;
        if bits > width(address) {
            return None;
        }
        match (address.to_canonical(), bits) {
            (first @ IpAddr::V4(_), 96..) if address.is_ipv6() => Some(Self { first, bits: bits - 96 }),
            _ => Some(Self { first: address, bits }),
        }
    }

    /// The network of this size that the address is in.
    pub(super) fn around(address: IpAddr, bits: u32) -> Option<Self> {
        let first = address.to_canonical();
        (bits <= width(first)).then(|| Self { first, bits }.masked())
    }

    /// Its first address.
    pub(super) fn first(self) -> IpAddr {
        self.masked().first
    }

    /// Whether all addresses of the other are in this one.
    pub(super) fn contains_all(self, other: Self) -> bool {
        self.first.is_ipv4() == other.first.is_ipv4() && self.bits <= other.bits && self.contains(other.first)
    }

    /// How many bits all its addresses share.
    pub(super) fn bits(self) -> u32 {
        self.bits
    }

    /// The same network, written with its first address.
    pub(super) fn masked(self) -> Self {
        let first = match self.first {
            IpAddr::V4(first) => {
                let mask = u32::MAX.checked_shl(32 - self.bits.min(32)).unwrap_or(0);
                IpAddr::from(std::net::Ipv4Addr::from_bits(first.to_bits() & mask))
            }
            IpAddr::V6(first) => {
                let mask = u128::MAX.checked_shl(128 - self.bits.min(128)).unwrap_or(0);
                IpAddr::from(std::net::Ipv6Addr::from_bits(first.to_bits() & mask))
            }
        };
        Self { first, ..self }
    }

    pub(super) fn contains(&self, address: IpAddr) -> bool {
        match (self.first, address.to_canonical()) {
            (IpAddr::V4(first), IpAddr::V4(address)) => {
                let differing = first.to_bits() ^ address.to_bits();
                differing.leading_zeros() >= self.bits
            }
            (IpAddr::V6(first), IpAddr::V6(address)) => {
                let differing = first.to_bits() ^ address.to_bits();
                differing.leading_zeros() >= self.bits
            }
            _ => false,
        }
    }
}

/// As it is written, if that is no IPv4 address in the form of IPv6.
impl fmt::Display for Network {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.bits == width(self.first) {
            true => self.first.fmt(f),
            false => write!(f, "{}/{}", self.first, self.bits),
        }
    }
}

/// Bits of an address of this family.
fn width(address: IpAddr) -> u32 {
    if address.is_ipv4() { 32 } else { 128 }
}

#[cfg(test)]
mod tests;
