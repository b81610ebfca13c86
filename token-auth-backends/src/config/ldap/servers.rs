//! Where a directory is, and how connections to it are protected.

use super::super::field::Field;
use super::super::section::Section;
use super::filled;
use crate::ldap::{LdapServer, Security};

/// `addr` with `tls` as docker_auth has them, or `servers`.
pub(super) fn read(section: &Section<'_>) -> Option<Vec<LdapServer>> {
    let tls = section.get("tls");
    let wanted = tls.as_ref().map_or(Some(None), security);
    let (addr, servers) = (filled(section, "addr"), section.get("servers"));
    let wanted = wanted?;
    let servers = match (addr, servers) {
        (Some((_, field)), None) => vec![field.parsed(|text| of_address(text, wanted))?],
        (None, Some(field)) => {
            let items = field.items()?;
            let read: Vec<_> =
                items.iter().filter_map(|item| item.parsed(|text| of_url(text, wanted))).collect();
            if items.is_empty() {
                field.error("needs one server at least");
            }
            if items.is_empty() || read.len() < items.len() {
                return None;
            }
            read
        }
        (Some(_), Some(field)) => {
            field.error("cannot stand beside `addr`: name all servers here");
            return None;
        }
        (None, None) => {
            section.missing("addr", "is required, or `servers`");
            return None;
        }
    };
    if let Some(open) = servers.iter().find(|server| server.security() == Security::None && !is_here(server))
    {
        section.warn(format!("passwords travel to {open} unprotected: set `tls: starttls`, or use port 636"));
    }
    Some(servers)
}

fn security(field: &Field<'_>) -> Option<Option<Security>> {
    match field.choice()? {
        "none" => Some(Some(Security::None)),
        "always" => Some(Some(Security::Tls)),
        "starttls" => Some(Some(Security::StartTls)),
        _ => Some(None),
    }
}

fn of_address(text: &str, wanted: Option<Security>) -> Result<LdapServer, String> {
    if text.contains("://") {
        return Err("must be HOST:PORT; URLs stand in a list under `servers`".to_owned());
    }
    // docker_auth implies it from the port alone.
    let implied = if text.ends_with(":636") { Security::Tls } else { Security::None };
    LdapServer::new(text, wanted.unwrap_or(implied))
}

fn of_url(text: &str, wanted: Option<Security>) -> Result<LdapServer, String> {
    let server: LdapServer = text.parse()?;
    match (server.security(), wanted) {
        (Security::None, Some(Security::StartTls)) => Ok(server.with_security(Security::StartTls)),
        (Security::None, Some(Security::Tls)) => Err("is not ldaps://, as `tls: always` wants it".to_owned()),
        (Security::Tls, Some(Security::None | Security::StartTls)) => {
            Err("is ldaps://, which `tls` contradicts".to_owned())
        }
        _ => Ok(server),
    }
}

/// What never leaves this machine needs no protection.
fn is_here(server: &LdapServer) -> bool {
    let host = server.host();
    host == "localhost" || host == "[::1]" || host.starts_with("127.")
}
