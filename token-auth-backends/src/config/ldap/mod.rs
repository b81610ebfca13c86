//! The block `ldap_auth`.

mod bounds;
mod labels;
mod servers;
#[cfg(test)]
mod tests;

use std::path::PathBuf;

use super::block::Handling;
use super::field::Field;
use super::finding::Spot;
use super::parts::Parts;
use super::section::Section;
use super::source::SourceName;
use super::{AccountCase, Assembly, Config};
use crate::ldap::{
    AccountName, BindTemplate, Filter, LdapAuthenticator, LdapOptions, LdapTls, ServiceAccount, UserSearch,
};

/// How the block is read, and becomes a part of the service.
pub(super) const HANDLING: Handling = Handling::new(read, join);

/// One directory, what it is called, and where to complain of it.
#[derive(Debug)]
struct Directory {
    name: SourceName,
    options: LdapOptions,
    spot: Spot,
}

/// The directories, in the order in which they are asked.
#[derive(Debug)]
struct Directories(Vec<Directory>);

fn read(field: &Field<'_>, parts: &mut Parts) {
    let directory = |field: &Field<'_>| {
        let section = field.section()?;
        let name = SourceName::read(&section, "ldap");
        let options = options(section);
        Some(Directory { name: name?, options: options?, spot: field.spot() })
    };
    let directories: Vec<_> = field.one_or_more().iter().filter_map(directory).collect();
    // A name without a prefix may be one of the first that has none.
    if let Some(first) = directories.iter().find(|directory| directory.name.account_prefix.is_empty()) {
        parts.insert(AccountCase { is_lower: first.options.account.lower_case });
    }
    parts.insert(Directories(directories));
}

fn join(config: &mut Config, assembly: &mut Assembly) {
    for Directory { name, options, spot } in config.part().into_iter().flat_map(|Directories(all)| all) {
        if let Some(directory) = assembly.take(LdapAuthenticator::new(options.clone()), spot) {
            assembly.source(name, directory);
        }
    }
}

impl Config {
    /// The directories, in the order in which they are asked.
    pub fn ldap(&self) -> impl Iterator<Item = &LdapOptions> {
        self.part().into_iter().flat_map(|Directories(all)| all).map(|directory| &directory.options)
    }
}

fn options(section: Section<'_>) -> Option<LdapOptions> {
    let servers = servers::read(&section);
    let tls = tls(&section);
    let (service, bind_as_user) = binds(&section);
    let users = users(&section);
    let account = section.get("account").and_then(|field| Some(account(field.section()?)));
    let labels = section.get("labels").map(|field| labels::of_attributes(&field)).unwrap_or_default();
    let groups = section.get("groups").map(|field| labels::of_groups(&field)).unwrap_or_default();
    let flag = |key| section.get(key).and_then(|field| field.flag()).unwrap_or(true);
    let (check_status, hide_unknown) = (flag("check_account_status"), flag("hide_unknown_accounts"));
    let bounds = bounds::read(&section);
    say_what_an_account_is_called(&section, &users, account.as_ref());
    section.finish();

    let mut users = users.into_iter();
    let mut options = LdapOptions::new(servers?, users.next()?);
    options.users.extend(users);
    (options.tls, options.service, options.bind_as_user) = (tls, service, bind_as_user);
    options.account = account.unwrap_or_default();
    (options.labels, options.groups) = (labels, groups);
    (options.check_status, options.hide_unknown) = (check_status, hide_unknown);
    (options.timeouts, options.pool, options.limits, options.memory) = bounds;
    Some(options)
}

/// A text that counts only if it is not empty: to docker_auth an empty one is none.
fn filled<'a>(section: &Section<'a>, key: &'static str) -> Option<(&'a str, Field<'a>)> {
    let field = section.get(key)?;
    let text = field.text().filter(|text| !text.is_empty())?;
    Some((text, field))
}

fn path(section: &Section<'_>, key: &'static str) -> Option<PathBuf> {
    filled(section, key).map(|(path, _)| path.into())
}

fn tls(section: &Section<'_>) -> LdapTls {
    let mut tls = LdapTls { ca_file: path(section, "ca_certificate"), ..LdapTls::default() };
    if let Some(field) = section.get("insecure_tls_skip_verify") {
        tls.dangerous_skip_verify = field.flag() == Some(true);
        if tls.dangerous_skip_verify {
            field.warn("lets anyone between here and the directory read every password: set `ca_certificate` instead");
        }
    }
    tls.client = match (path(section, "client_certificate"), path(section, "client_key")) {
        (Some(certificate), Some(key)) => Some((certificate, key)),
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
    tls
}

/// Who searches, and whether the user is bound before.
fn binds(section: &Section<'_>) -> (Option<ServiceAccount>, Option<BindTemplate>) {
    let as_user = section.get("initial_bind_as_user");
    let is_first = as_user.as_ref().and_then(Field::flag) == Some(true);
    let template = match (is_first, filled(section, "bind_dn")) {
        (true, Some((_, field))) => field.parsed(|text| BindTemplate::new(text)),
        (true, None) => {
            section.missing("bind_dn", "is required with `initial_bind_as_user`, with `${account}` in it");
            None
        }
        (false, _) => None,
    };
    let (name, file) = match is_first {
        true => ("search_bind_dn", "search_bind_password_file"),
        false => ("bind_dn", "bind_password_file"),
    };
    let password_file = path(section, file);
    let service = filled(section, name).and_then(|(name, field)| {
        if name.contains("${account}") {
            field.error("has a place for the account, which only `initial_bind_as_user: true` fills");
        }
        if password_file.is_none() {
            section.missing(file, "is required to bind with a name");
        }
        Some(ServiceAccount::new(name, password_file?))
    });
    if !is_first {
        for key in ["search_bind_dn", "search_bind_password_file"] {
            if let Some(field) = section.get(key) {
                field.error("counts only with `initial_bind_as_user: true`");
            }
        }
    }
    if is_first {
        // docker_auth lets it be, and does not read it.
        let _ = section.get("bind_password_file");
        if service.is_none()
            && let Some(field) = as_user
        {
            field.warn(
                "leaves nobody to ask for an account whose password is not at hand: its refresh tokens are refused, \
                 unless `search_bind_dn` and `search_bind_password_file` name one who may search",
            );
        }
    }
    (service, template)
}

/// `base` and `filter`, and then further ones.
fn users(section: &Section<'_>) -> Vec<UserSearch> {
    let further = section.get("users");
    let mut searches = Vec::new();
    if further.is_none() || section.present("base").is_some() || section.present("filter").is_some() {
        searches.extend(user_search(section));
    }
    let items = further.and_then(|field| field.items()).unwrap_or_default();
    searches.extend(items.iter().filter_map(|item| {
        let section = item.section()?;
        let search = user_search(&section);
        section.finish();
        search
    }));
    searches
}

fn user_search(section: &Section<'_>) -> Option<UserSearch> {
    let base = section.require("base").and_then(|field| field.text());
    let filter = section.require("filter").and_then(|field| filter(&field, &["${account}"]));
    Some(UserSearch::new(base?, filter?))
}

/// A filter that has one of these placeholders at least, and no other.
fn filter(field: &Field<'_>, placeholders: &[&str]) -> Option<Filter> {
    let filter = field.parsed(|text| text.parse::<Filter>().map_err(|error| error.to_string()))?;
    let shown = filter.to_string();
    let used: Vec<_> =
        ["${account}", "${dn}", "${user:"].into_iter().filter(|known| shown.contains(known)).collect();
    match used.iter().find(|used| !placeholders.contains(used)) {
        Some(other) => {
            let other = other.trim_end_matches(':');
            field.error(format!("cannot have {other}: there is {} only", placeholders.join(", ")));
            None
        }
        None if used.is_empty() => {
            field.error(format!("finds the same for everyone: it needs {}", placeholders.join(" or ")));
            None
        }
        None => Some(filter),
    }
}

fn account(section: Section<'_>) -> AccountName {
    let attribute = section.get("attribute").and_then(|field| labels::attribute(&field));
    let lower_case = section.get("lower_case").and_then(|field| field.flag()).unwrap_or(true);
    section.finish();
    AccountName { attribute, lower_case }
}

/// A filter that takes several names for one account does not say which of them counts. The first does.
fn say_what_an_account_is_called(section: &Section<'_>, users: &[UserSearch], account: Option<&AccountName>) {
    if account.is_some_and(|account| account.attribute.is_some()) {
        return;
    }
    for search in users {
        match search.filter.account_attributes().as_slice() {
            [] => section.missing(
                "account",
                format!(
                    "the filter {} does not tell what an account is called: name its `attribute`",
                    search.filter
                ),
            ),
            [_] => {}
            several => {
                let first = several.first().unwrap_or(&"uid");
                let message = format!(
                    "an account is called by its {first}, whichever of {} its user logs in with, and so the rules must name \
                     it: say so with `account: {{attribute: {first}}}`, or name another attribute",
                    several.join(", "),
                );
                section.warn(message);
            }
        }
    }
}
