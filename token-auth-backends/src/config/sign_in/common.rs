//! What all providers of sign-in have in common.

use std::path::PathBuf;
use std::time::Duration;

use token_auth_core::Password;
use url::{Host, Url};

use crate::config::field::Field;
use crate::config::finding::Spot;
use crate::config::section::Section;
use crate::config::source::SourceName;

/// What every provider has.
#[derive(Debug)]
pub(super) struct Common {
    /// The id also names the path `/ID_auth`.
    pub(super) source: SourceName,
    /// What stands on the button.
    pub(super) name: String,
    pub(super) client_id: String,
    pub(super) client_secret: Secret,
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

/// `redirect_key` is docker_auth's name for the address that the provider sends browsers back to.
pub(super) fn read(
    section: &Section<'_>,
    redirect_key: &'static str,
    (id, name): (&'static str, &str),
) -> Option<Common> {
    let client_id = section.require("client_id").and_then(|field| field.filled());
    let client_secret = secret(section);
    let source = SourceName::read(section, id);
    let redirect_url = section.get(redirect_key).and_then(|field| {
        let url = http_url(&field)?;
        let ending = format!("/{}_auth", source.as_ref()?.id);
        if !url.ends_with(&ending) {
            field.error(format!("must end in {ending}"));
        }
        Some(url)
    });
    let filled = |key| section.get(key).and_then(|field| field.filled()).map(str::to_owned);
    let name = filled("name").unwrap_or_else(|| name.to_owned());
    let duration = |key| section.get(key).and_then(|field| field.duration()).filter(|time| !time.is_zero());
    Some(Common {
        name,
        revalidate_after: duration("revalidate_after"),
        http_timeout: duration("http_timeout"),
        ca_certificate: section
            .get("ca_certificate")
            .and_then(|field| Some((PathBuf::from(field.filled()?), field.spot()))),
        redirect_url,
        registry: filled("registry_url").map(|url| registry(&url)),
        source: source?,
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
