use std::path::PathBuf;
use std::time::Duration;

use token_auth_core::Password;
use url::{Host, Url};

use crate::config::field::Field;
use crate::config::finding::Spot;
use crate::config::section::Section;

/// What every provider has.
#[derive(Debug)]
pub(super) struct Common {
    /// Names the source in the log and in the store, and the path `/ID_auth`.
    pub(super) id: String,
    /// What stands on the button.
    pub(super) name: String,
    pub(super) client_id: String,
    pub(super) client_secret: Secret,
    pub(super) account_prefix: String,
    pub(super) revalidate_after: Option<Duration>,
    pub(super) http_timeout: Option<Duration>,
    pub(super) ca_certificate: Option<(PathBuf, Spot)>,
    pub(super) redirect_url: Option<String>,
    pub(super) registry: Option<String>,
}

/// A secret, or the file that holds it.
#[derive(Debug)]
pub(super) enum Secret {
    Here(Password),
    File(PathBuf, Spot),
}

/// Sources of other blocks: an id is the name of a source.
const TAKEN: [&str; 6] = ["users", "htpasswd", "ldap", "chain", "function", "workload"];

/// `redirect_key` is docker_auth's name for the address that the provider sends browsers back to.
pub(super) fn read(
    section: &Section<'_>,
    redirect_key: &'static str,
    (id, name): (&str, &str),
) -> Option<Common> {
    let client_id = section.require("client_id").and_then(|field| field.filled());
    let client_secret = secret(section);
    let id = match section.get("id") {
        None => Some(id.to_owned()),
        Some(field) => field.parsed(identifier),
    };
    let redirect_url = section.get(redirect_key).and_then(|field| {
        let url = http_url(&field)?;
        let ending = format!("/{}_auth", id.as_deref()?);
        if !url.ends_with(&ending) {
            field.error(format!("must end in {ending}"));
        }
        Some(url)
    });
    let filled = |key| section.get(key).and_then(|field| field.filled()).map(str::to_owned);
    let name = filled("name").unwrap_or_else(|| name.to_owned());
    let account_prefix = section.get("account_prefix").and_then(|field| field.parsed(account_prefix));
    let duration = |key| section.get(key).and_then(|field| field.duration()).filter(|time| !time.is_zero());
    Some(Common {
        name,
        account_prefix: account_prefix.unwrap_or_default(),
        revalidate_after: duration("revalidate_after"),
        http_timeout: duration("http_timeout"),
        ca_certificate: section
            .get("ca_certificate")
            .and_then(|field| Some((PathBuf::from(field.filled()?), field.spot()))),
        redirect_url,
        registry: filled("registry_url").map(|url| registry(&url)),
        id: id?,
        client_id: client_id?.to_owned(),
        client_secret: client_secret?,
    })
}

fn secret(section: &Section<'_>) -> Option<Secret> {
    let (here, file) = (section.get("client_secret"), section.get("client_secret_file"));
    match (here, file) {
        (here, Some(file)) => {
            if let Some(here) = here {
                here.warn("does not count beside `client_secret_file`: remove one of them");
            }
            file.filled().map(|path| Secret::File(path.into(), file.spot()))
        }
        (Some(here), None) => here.filled().map(|secret| Secret::Here(Password::new(secret))),
        (None, None) => {
            section.missing("client_secret_file", "is required, or `client_secret`");
            None
        }
    }
}

fn identifier(text: &str) -> Result<String, String> {
    let plain = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-';
    match text {
        text if TAKEN.contains(&text) => Err(format!("{text:?} is the name of another source")),
        text if (1..=32).contains(&text.len()) && text.chars().all(plain) => Ok(text.to_owned()),
        _ => Err("must be 1 to 32 small letters, digits and `-`".to_owned()),
    }
}

fn account_prefix(text: &str) -> Result<String, String> {
    match text.len() <= 64 && !text.contains(':') && !text.chars().any(char::is_control) {
        true => Ok(text.to_owned()),
        false => Err("must be at most 64 characters without a colon, where user names end".to_owned()),
    }
}

/// An address without anything behind its path. Without TLS only on this machine without a warning.
pub(super) fn http_url(field: &Field<'_>) -> Option<String> {
    let text = field.text()?;
    let wrong = "must be an address: https://HOST/PATH, without user, query or fragment";
    let url = Url::parse(text).ok().filter(|url| {
        matches!(url.scheme(), "https" | "http")
            && url.host().is_some()
            && url.query().is_none()
            && url.fragment().is_none()
            && url.username().is_empty()
            && url.password().is_none()
    });
    let Some(url) = url else {
        field.error(wrong);
        return None;
    };
    let local = match url.host() {
        Some(Host::Ipv4(address)) => address.is_loopback(),
        Some(Host::Ipv6(address)) => address.is_loopback(),
        Some(Host::Domain(name)) => name == "localhost",
        None => false,
    };
    if url.scheme() == "http" && !local {
        field.warn("is without TLS: whoever is on the way can read and change what is sent");
    }
    Some(text.to_owned())
}

/// docker_auth's `registry_url` may be an address; clients want the host.
pub(super) fn registry(url: &str) -> String {
    let bare = url.split_once("://").map_or(url, |(_, rest)| rest);
    bare.trim_end_matches('/').to_owned()
}
