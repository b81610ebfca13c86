//! A server's address, and how connections to it are protected.

use std::fmt;
use std::net::{Ipv4Addr, Ipv6Addr};
use std::str::FromStr;

/// How a connection is protected.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Security {
    /// Not at all: passwords travel as they are. `ldap://`.
    None,
    /// TLS is begun on a plain connection (RFC 4511, section 4.14). Nothing is asked before it is there.
    StartTls,
    /// TLS from the first byte. `ldaps://`.
    Tls,
}

/// A directory server.
///
/// ```
/// use token_auth_backends::ldap::{LdapServer, Security};
///
/// let server: LdapServer = "ldaps://dc1.example.com".parse()?;
/// assert_eq!((server.port(), server.security()), (636, Security::Tls));
/// let server = "ldap://10.0.0.1".parse::<LdapServer>()?.with_security(Security::StartTls);
/// assert_eq!(server.to_string(), "ldap://10.0.0.1:389 with StartTLS");
/// # Ok::<(), String>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LdapServer {
    host: String,
    port: u16,
    security: Security,
}

impl LdapServer {
    /// From `HOST` or `HOST:PORT`, as docker_auth has it. Without a port it is 636 for TLS, 389 otherwise.
    ///
    /// # Errors
    ///
    /// When that is no address.
    pub fn new(address: &str, security: Security) -> Result<Self, String> {
        let (host, port) = match address.rsplit_once(':') {
            Some((host, port)) if !host.contains(':') || host.ends_with(']') => {
                let number = port.parse().ok().filter(|port| *port != 0);
                (host, number.ok_or_else(|| format!("{port:?} is not a port"))?)
            }
            _ if security == Security::Tls => (address, 636),
            _ => (address, 389),
        };
        let plain = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '.' | '_');
        let in_brackets = host.strip_prefix('[').and_then(|rest| rest.strip_suffix(']'));
        let is_ipv6 = in_brackets.is_some_and(|address| address.parse::<Ipv6Addr>().is_ok());
        let looks_numeric = host.chars().all(|c| c.is_ascii_digit() || c == '.');
        let is_host = !host.is_empty() && host.chars().all(plain);
        if !(is_ipv6 || is_host && (!looks_numeric || host.parse::<Ipv4Addr>().is_ok())) {
            return Err(format!("{host:?} is neither a host's name nor an address"));
        }
        if is_ipv6 && security != Security::None {
            return Err(
                "TLS needs the host's name, or an IPv4 address, to compare with its certificate".to_owned()
            );
        }
        Ok(Self { host: host.to_owned(), port, security })
    }

    /// The same server with this protection, where its URL says `ldap://`.
    #[must_use]
    pub fn with_security(self, security: Security) -> Self {
        Self { security, ..self }
    }

    /// A name or an address; an IPv6 address in brackets.
    pub fn host(&self) -> &str {
        &self.host
    }

    /// The port.
    pub fn port(&self) -> u16 {
        self.port
    }

    /// How connections to it are protected.
    pub fn security(&self) -> Security {
        self.security
    }

    /// Without what says how StartTLS is begun.
    pub(super) fn url(&self) -> String {
        let scheme = if self.security == Security::Tls { "ldaps" } else { "ldap" };
        format!("{scheme}://{}:{}", self.host, self.port)
    }
}

/// `ldap://HOST:PORT` or `ldaps://HOST:PORT`.
impl FromStr for LdapServer {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let url = text.strip_suffix('/').unwrap_or(text);
        match url.split_once("://") {
            Some(("ldap", address)) => Self::new(address, Security::None),
            Some(("ldaps", address)) => Self::new(address, Security::Tls),
            _ => Err(format!("must be ldap://HOST:PORT or ldaps://HOST:PORT, and is {text:?}")),
        }
    }
}

impl fmt::Display for LdapServer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.url())?;
        if self.security == Security::StartTls {
            f.write_str(" with StartTLS")?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_addresses() {
        for (text, security, expected) in [
            ("ldap.example.com:389", Security::None, Ok("ldap://ldap.example.com:389")),
            ("ldap.example.com", Security::Tls, Ok("ldaps://ldap.example.com:636")),
            ("10.0.0.1", Security::StartTls, Ok("ldap://10.0.0.1:389 with StartTLS")),
            ("[::1]:3890", Security::None, Ok("ldap://[::1]:3890")),
            ("[::1]", Security::None, Ok("ldap://[::1]:389")),
            ("::1", Security::None, Err("\"::1\" is neither a host's name nor an address")),
            ("10.0.0", Security::None, Err("\"10.0.0\" is neither a host's name nor an address")),
            ("a/b:1", Security::None, Err("\"a/b\" is neither a host's name nor an address")),
            (":389", Security::None, Err("\"\" is neither a host's name nor an address")),
            ("a:x", Security::None, Err("\"x\" is not a port")),
            ("a:0", Security::None, Err("\"0\" is not a port")),
        ] {
            let server = LdapServer::new(text, security).map(|server| server.to_string());
            assert_eq!(server, expected.map(str::to_owned).map_err(str::to_owned), "{text}");
        }
        for (text, expected) in [
            ("ldap://a", Ok("ldap://a:389")),
            ("ldaps://a:3269/", Ok("ldaps://a:3269")),
            ("a:389", Err("must be ldap://HOST:PORT or ldaps://HOST:PORT, and is \"a:389\"")),
            (
                "ldapi:///run/ldapi",
                Err("must be ldap://HOST:PORT or ldaps://HOST:PORT, and is \"ldapi:///run/ldapi\""),
            ),
        ] {
            let server = text.parse::<LdapServer>().map(|server| server.to_string());
            assert_eq!(server, expected.map(str::to_owned).map_err(str::to_owned), "{text}");
        }
        assert!(LdapServer::new("[::1]:636", Security::Tls).unwrap_err().contains("name"));
    }
}
