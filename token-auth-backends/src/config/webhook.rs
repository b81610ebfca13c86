//! Reads the blocks `webhook_auth` and `webhook_authz`.

use std::path::PathBuf;

use super::block::Handling;
use super::field::Field;
use super::finding::Spot;
use super::parts::Parts;
use super::section::Section;
use super::source::SourceName;
use super::{Assembly, Config};
use crate::http_client::{self, ClientIdentity};
use crate::named_file;
use crate::webhook::{WebhookAuthenticator, WebhookAuthorizer, WebhookForm, WebhookOptions};

/// How `webhook_auth` is read, and becomes a part of the service.
pub(super) const AUTHENTICATOR: Handling = Handling::new(read_authenticator, join_authenticator);
/// The same of `webhook_authz`.
pub(super) const AUTHORIZER: Handling = Handling::new(read_authorizer, join_authorizer);

/// A service, and the files that it takes to ask it.
#[derive(Debug)]
struct Service {
    options: WebhookOptions,
    certificates: Option<(PathBuf, Spot)>,
    client: Option<(PathBuf, PathBuf, Spot)>,
    spot: Spot,
}

#[derive(Debug)]
struct AskedWho {
    name: SourceName,
    service: Service,
    accounts: bool,
}

#[derive(Debug)]
struct AskedWhat(Service);

fn read_authenticator(block: &Field<'_>, parts: &mut Parts) {
    let Some(section) = block.section() else { return };
    let name = SourceName::read(&section, "webhook");
    let accounts = section.get("accounts").and_then(|field| field.flag()).unwrap_or(false);
    let service = service(&section, block);
    section.finish();
    if let (Some(name), Some(service)) = (name, service) {
        parts.insert(AskedWho { name, service, accounts });
    }
}

fn join_authenticator(config: &mut Config, assembly: &mut Assembly) {
    let Some(AskedWho { name, service, accounts }) = config.part() else { return };
    let Some(options) = service.with_files(assembly) else { return };
    let Some(webhook) = assembly.take(WebhookAuthenticator::new(&options), &service.spot) else { return };
    match accounts {
        true => assembly.source(name, webhook.answering_about_accounts()),
        false => assembly.source(name, webhook),
    }
}

fn read_authorizer(block: &Field<'_>, parts: &mut Parts) {
    let Some(section) = block.section() else { return };
    let properties = section.get("subject_properties");
    let actions = section.get("actions");
    let service = service(&section, block);
    section.finish();
    let Some(mut service) = service else { return };
    let is_authzen = service.options.form == WebhookForm::AuthZen;
    for field in [&properties, &actions].into_iter().flatten().filter(|_| !is_authzen) {
        field.warn("counts with `form: authzen` only");
    }
    for (name, values) in properties.and_then(|field| field.entries()).unwrap_or_default() {
        let values =
            values.one_or_more().iter().filter_map(|field| field.text().map(str::to_owned)).collect();
        service.options.subject_properties.insert(name.to_owned(), values);
    }
    if let Some(actions) = actions.and_then(|field| field.count()) {
        service.options.limits.actions = actions;
    }
    parts.insert(AskedWhat(service));
}

fn join_authorizer(config: &mut Config, assembly: &mut Assembly) {
    let Some(AskedWhat(service)) = config.part() else { return };
    let Some(options) = service.with_files(assembly) else { return };
    if let Some(webhook) = assembly.take(WebhookAuthorizer::new(&options), &service.spot) {
        assembly.authorizer(webhook);
    }
}

fn service(section: &Section<'_>, block: &Field<'_>) -> Option<Service> {
    let loopback_http = section.get("allow_loopback_http").and_then(|field| field.flag()).unwrap_or(false);
    let url = section.require("url").and_then(|field| {
        field.parsed(|url| match http_client::check(url, loopback_http) {
            Ok(_) => Ok(url.to_owned()),
            Err(error) => Err(error.to_string()),
        })
    });
    let mut options = WebhookOptions::new(url.clone().unwrap_or_default());
    options.allow_loopback_http = loopback_http;
    options.form = match section.get("form").and_then(|field| field.choice()) {
        Some("opa") => WebhookForm::OpenPolicyAgent,
        Some("authzen") => WebhookForm::AuthZen,
        _ => WebhookForm::TokenAuth,
    };
    options.bearer_file = section.get("bearer_file").and_then(|field| field.file());
    bounds(section, &mut options);
    let file = |key| section.get(key).and_then(|field| Some((field.file()?, field.spot())));
    let client = match (file("client_certificate"), file("client_key")) {
        (Some((certificate, spot)), Some((key, _))) => Some((certificate, key, spot)),
        (None, None) => None,
        (Some(_), None) => {
            section.missing("client_key", "is required beside `client_certificate`");
            None
        }
        (None, Some(_)) => {
            section.missing("client_certificate", "is required beside `client_key`");
            None
        }
    };
    url.map(|_| Service { options, certificates: file("ca_certificate"), client, spot: block.spot() })
}

fn bounds(section: &Section<'_>, options: &mut WebhookOptions) {
    let (limits, breaker) = (&mut options.limits, &mut options.breaker);
    let time = |section: &Section<'_>, key| section.get(key).and_then(|field| field.duration());
    let count = |section: &Section<'_>, key| section.get(key).and_then(|field| field.count());
    for (key, limit) in [
        ("timeout", &mut limits.timeout),
        ("patience", &mut limits.patience),
        ("longest_cache", &mut limits.longest_cache),
    ] {
        *limit = time(section, key).unwrap_or(*limit);
    }
    for (key, limit) in [
        ("concurrency", &mut limits.concurrency),
        ("queue", &mut limits.queue),
        ("answer_bytes", &mut limits.answer_bytes),
        ("cache_entries", &mut limits.cache_entries),
    ] {
        *limit = count(section, key).unwrap_or(*limit);
    }
    let few = |count: Option<usize>| count.and_then(|count| u32::try_from(count).ok());
    limits.retries = few(count(section, "retries")).unwrap_or(limits.retries);
    let Some(of_breaker) = section.get("breaker").and_then(|field| field.section()) else { return };
    breaker.failures = few(count(&of_breaker, "failures")).unwrap_or(breaker.failures);
    for (key, limit) in [("pause", &mut breaker.pause), ("longest_pause", &mut breaker.longest_pause)] {
        *limit = time(&of_breaker, key).unwrap_or(*limit);
    }
    of_breaker.finish();
}

impl Service {
    /// The options with what the files hold now; what cannot be read is an error of the configuration.
    fn with_files(&self, assembly: &mut Assembly) -> Option<WebhookOptions> {
        let mut options = self.options.clone();
        if let Some((file, spot)) = &self.certificates {
            let read = named_file::read(file, named_file::PEM_BYTES);
            options.certificates =
                Some(assembly.take(read.map_err(|error| format!("cannot be read: {error}")), spot)?);
        }
        if let Some((certificate, key, spot)) = &self.client {
            let read = |file| named_file::read(file, named_file::PEM_BYTES);
            let both = read(certificate)
                .and_then(|certificate| Ok((certificate, zeroize::Zeroizing::new(read(key)?))));
            let (certificate, key) =
                assembly.take(both.map_err(|error| format!("cannot be read: {error}")), spot)?;
            let mut pem = zeroize::Zeroizing::new(Vec::with_capacity(certificate.len() + key.len() + 1));
            for part in [&*certificate, b"\n", &*key] {
                pem.extend_from_slice(part);
            }
            let identity = ClientIdentity::from_pem(&pem);
            let wrong = |_| "is no certificate with a key (PEM)";
            options.identity = Some(assembly.take(identity.map_err(wrong), spot)?);
        }
        Some(options)
    }
}
