//! An address as proxies write it.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use super::AddressError;

/// An address alone, with a port, or in brackets (RFC 7239, section 6, and what is usual in `X-Forwarded-For`).
pub(super) fn address(text: &str) -> Result<IpAddr, AddressError> {
    let text = text.trim();
    let name = text.split(':').next().unwrap_or_default();
    if name.starts_with('_') || name.eq_ignore_ascii_case("unknown") {
        return Err(AddressError::Hidden);
    }
    parse(text).map(|address| address.to_canonical()).ok_or(AddressError::Missing)
}

fn parse(text: &str) -> Option<IpAddr> {
    if let Ok(address) = text.parse() {
        return Some(address);
    }
    if let Some(rest) = text.strip_prefix('[') {
        let (address, port) = rest.split_once(']')?;
        let port = port.is_empty() || port.strip_prefix(':').is_some_and(is_port);
        return address.parse::<Ipv6Addr>().ok().filter(|_| port).map(IpAddr::V6);
    }
    let (address, port) = text.split_once(':')?;
    address.parse::<Ipv4Addr>().ok().filter(|_| is_port(port)).map(IpAddr::V4)
}

/// A number, or an obfuscated one (`_x`).
fn is_port(port: &str) -> bool {
    let obfuscated = |name: &str| {
        !name.is_empty() && name.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"._-".contains(&byte))
    };
    match port.strip_prefix('_') {
        Some(name) => obfuscated(name),
        None => (1..=5).contains(&port.len()) && port.bytes().all(|byte| byte.is_ascii_digit()),
    }
}
