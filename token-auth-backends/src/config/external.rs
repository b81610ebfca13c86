//! Reads the blocks `ext_auth` and `ext_authz`.

use std::env;

use super::block::Handling;
use super::field::Field;
use super::finding::Spot;
use super::parts::Parts;
use super::section::Section;
use super::source::SourceName;
use super::{Assembly, Config};
use crate::external::{ExternalAuthenticator, ExternalAuthorizer, ProgramForm, ProgramOptions};

/// How `ext_auth` is read, and becomes a part of the service.
pub(super) const AUTHENTICATOR: Handling = Handling::new(read_authenticator, join_authenticator);
/// The same of `ext_authz`.
pub(super) const AUTHORIZER: Handling = Handling::new(read_authorizer, join_authorizer);

#[derive(Debug)]
struct AskedWho {
    name: SourceName,
    options: ProgramOptions,
    accounts: bool,
    anonymous: bool,
    literal_labels: bool,
    spot: Spot,
}

#[derive(Debug)]
struct AskedWhat {
    options: ProgramOptions,
    spot: Spot,
}

fn read_authenticator(block: &Field<'_>, parts: &mut Parts) {
    let Some(section) = block.section() else { return };
    let name = SourceName::read(&section, "external");
    let options = program(&section);
    let flag = |key| section.get(key).and_then(|field| field.flag()).unwrap_or(false);
    let (accounts, anonymous, literal_labels) = (flag("accounts"), flag("anonymous"), flag("literal_labels"));
    if let Some(options) = &options
        && accounts
        && options.form != ProgramForm::Json
    {
        section.missing("form", "must be `json` with `accounts`: the other form has no such question");
    }
    section.finish();
    if let (Some(name), Some(options)) = (name, options) {
        parts.insert(AskedWho { name, options, accounts, anonymous, literal_labels, spot: block.spot() });
    }
}

fn join_authenticator(config: &mut Config, assembly: &mut Assembly) {
    let Some(asked) = config.part::<AskedWho>() else { return };
    let Some(mut program) = assembly.take(ExternalAuthenticator::new(&asked.options), &asked.spot) else {
        return;
    };
    if asked.accounts {
        program = program.answering_about_accounts();
    }
    if asked.anonymous {
        program = program.asked_about_anonymous();
    }
    if asked.literal_labels {
        program = program.with_literal_labels();
    }
    assembly.source(&asked.name, program);
}

fn read_authorizer(block: &Field<'_>, parts: &mut Parts) {
    let Some(section) = block.section() else { return };
    let options = program(&section);
    section.finish();
    if let Some(options) = options {
        parts.insert(AskedWhat { options, spot: block.spot() });
    }
}

fn join_authorizer(config: &mut Config, assembly: &mut Assembly) {
    let Some(AskedWhat { options, spot }) = config.part() else { return };
    if let Some(program) = assembly.take(ExternalAuthorizer::new(options), spot) {
        assembly.authorizer(program);
    }
}

fn program(section: &Section<'_>) -> Option<ProgramOptions> {
    let command = section.require("command").and_then(|field| field.file());
    let args = section.get("args").map(|field| field.texts()).unwrap_or_default();
    let environment = section.get("environment").map(|field| field.list(variable)).unwrap_or_default();
    let form = section.get("form").and_then(|field| field.choice());
    let mut options = ProgramOptions::new(command.clone().unwrap_or_default()).with_args(args);
    options.environment.extend(environment);
    if form == Some("json") {
        options.form = ProgramForm::Json;
    }
    let limits = &mut options.limits;
    for (key, limit) in
        [("timeout", &mut limits.timeout), ("patience", &mut limits.patience), ("cache", &mut options.cache)]
    {
        if let Some(time) = section.get(key).and_then(|field| field.duration()) {
            *limit = time;
        }
    }
    for (key, limit) in [
        ("concurrency", &mut limits.concurrency),
        ("queue", &mut limits.queue),
        ("output_bytes", &mut limits.output_bytes),
    ] {
        if let Some(count) = section.get(key).and_then(|field| field.count()) {
            *limit = count;
        }
    }
    command.map(|_| options)
}

/// A variable of this process, as it is now.
fn variable(field: &Field<'_>) -> Option<(std::ffi::OsString, std::ffi::OsString)> {
    let name = field.parsed(|name| match name.is_empty() || name.contains(['=', '\0']) {
        true => Err("is not the name of a variable".to_owned()),
        false => Ok(name.to_owned()),
    })?;
    let value = env::var_os(&name);
    if value.is_none() {
        field.warn("is not in the environment of this process, and so not in the program's");
    }
    Some((name.into(), value?))
}
