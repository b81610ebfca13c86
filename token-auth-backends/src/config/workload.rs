//! Reads the block `workload_auth`.

use std::path::PathBuf;

use token_auth_core::token::TrustedKeys;

use super::block::Handling;
use super::field::Field;
use super::finding::{Finding, Spot};
use super::parts::Parts;
use super::section::Section;
use super::tokens::LocatedTokens;
use super::{Assembly, Config};
use crate::named_file;
use crate::workload::{ClaimTemplate, IssuerAccess, KeyOptions, TrustedIssuer, WorkloadIdentities};

/// The block `workload_auth`: whose tokens are believed.
#[derive(Clone, Debug)]
pub(super) struct Workload {
    issuers: Vec<Issuer>,
    spot: Spot,
}

#[derive(Clone, Debug)]
struct Issuer {
    trusted: TrustedIssuer,
    access: IssuerAccess,
    keys: Option<(PathBuf, Spot)>,
    certificates: Option<(PathBuf, Spot)>,
    /// Where the template of accounts stands.
    account: Option<Spot>,
    spot: Spot,
}

/// How the block is read, and becomes a part of the service.
pub(super) const HANDLING: Handling = Handling::new(read, join).agreeing(agree);

fn read(block: &Field<'_>, parts: &mut Parts) {
    let Some(section) = block.section() else { return };
    let issuers = section.require("issuers").map(|field| field.list(issuer));
    section.finish();
    if let Some(issuers) = issuers {
        parts.insert(Workload { issuers, spot: block.spot() });
    }
}

/// Passwords that are given for tokens are personal access tokens.
fn agree(block: &Field<'_>, parts: &Parts) {
    let gives_passwords = parts.get().is_some_and(|Workload { issuers, .. }| {
        issuers.iter().any(|issuer| issuer.trusted.gives_passwords())
    });
    let personal = parts.get::<LocatedTokens>().is_some_and(|located| located.tokens.personal.is_some());
    if gives_passwords && !personal {
        block.error(
            "`password_lifetime` needs the block `tokens`, with personal access tokens: they are kept there",
        );
    }
}

fn join(config: &mut Config, assembly: &mut Assembly) {
    let Some(workload) = config.part::<Workload>() else { return };
    match workload.open() {
        Ok(identities) => {
            // A JWT of one of these issuers is nobody's password: no hash is computed for it.
            assembly.authenticator("workload", identities, &workload.spot);
            workload.meetings().for_each(|finding| assembly.warn(finding));
        }
        Err(finding) => assembly.error(finding),
    }
}

fn issuer(item: &Field<'_>) -> Option<Issuer> {
    let section = item.section()?;
    let issuer = section.require("issuer").and_then(|field| field.filled());
    let audiences = section.require("audience").map(|field| one_or_several(&field));
    let Some(requirements) = section.present("require").filter(|field| !field.is_null()) else {
        section.missing("require", "is required: write `require: {}` to believe every token of this issuer");
        return None;
    };
    let (issuer, audiences) = (issuer?, audiences?);
    let mut trusted = TrustedIssuer::new(issuer, audiences);
    if let Some(name) = section.get("name").and_then(|field| field.filled()) {
        trusted = trusted.named(name);
    }
    for (claim, field) in requirements.entries()? {
        let globs = one_or_several(&field);
        trusted = match trusted.clone().require(claim, globs) {
            Ok(stricter) => stricter,
            Err(error) => {
                field.error(format!("malformed glob: {error}"));
                trusted
            }
        };
    }
    let account = section.get("account");
    if let Some(account) = account.as_ref().and_then(template) {
        trusted = trusted.account(account);
    }
    for (label, field) in section.get("labels").and_then(|field| field.entries()).unwrap_or_default() {
        let templates: Vec<_> = field.one_or_more().iter().filter_map(template).collect();
        trusted = trusted.label(label, templates);
    }
    for (key, set) in [
        ("token_lifetime", TrustedIssuer::token_lifetime as fn(TrustedIssuer, _) -> TrustedIssuer),
        ("maximum_jwt_lifetime", TrustedIssuer::maximum_jwt_lifetime),
        ("leeway", TrustedIssuer::leeway),
    ] {
        if let Some(duration) = section.get(key).and_then(|field| field.duration()) {
            trusted = set(trusted, duration);
        }
    }
    if let Some(field) = section.get("password_lifetime")
        && let Some(lifetime) = field.duration()
    {
        match (TrustedIssuer::SHORTEST_PASSWORD..=TrustedIssuer::LONGEST_PASSWORD).contains(&lifetime) {
            true => trusted = trusted.passwords(lifetime),
            false => field.error("must be between 5m and 1h"),
        }
    }
    if let Some(outlive) = section.get("outlive_jwt").and_then(|field| field.flag()) {
        trusted = trusted.outlive_jwt(outlive);
    }
    for (name, id) in trusted.names_that_change_hands() {
        section.advise(
            "require",
            format!(
                "goes by the claim `{name}`, a name that someone else can have after a rename: require `{id}`, which stays"
            ),
        );
    }
    let spot = item.spot();
    let mut read = Issuer {
        trusted,
        access: IssuerAccess::default(),
        keys: None,
        certificates: None,
        account: account.map(|field| field.spot()),
        spot,
    };
    if let Some(keys) = section.get("keys").and_then(|field| field.section()) {
        read_keys(&mut read, keys);
    }
    section.finish_strictly();
    Some(read)
}

fn read_keys(issuer: &mut Issuer, section: Section<'_>) {
    let file = |key| {
        let field = section.get(key)?;
        Some((PathBuf::from(field.filled()?), field.spot()))
    };
    (issuer.keys, issuer.certificates) = (file("file"), file("ca_certificate"));
    issuer.access.token_file = file("token_file").map(|(path, _)| path);
    if let Some(field) = section.get("url") {
        if issuer.keys.is_some() {
            field.error("there is a `file`, too: only one of them can count");
        }
        if let Some(url) = field.filled() {
            issuer.trusted = issuer.trusted.clone().keys_at(url);
        }
    }
    let mut options = KeyOptions::default();
    for (key, option) in [
        ("refresh_after", &mut options.refresh_after),
        ("keep_for", &mut options.keep_for),
        ("interval", &mut options.interval),
    ] {
        if let Some(duration) = section.get(key).and_then(|field| field.duration()) {
            *option = duration;
        }
    }
    issuer.trusted = issuer.trusted.clone().key_options(options);
    if let Some(field) = section.get("allow_loopback_http") {
        issuer.access.dangerous_loopback_http = field.flag().unwrap_or(false);
    }
    section.finish();
}

fn template(field: &Field<'_>) -> Option<ClaimTemplate> {
    field.parsed(|text| text.parse().map_err(|error: crate::workload::TemplateError| error.to_string()))
}

/// A text, or a list of texts; at least one.
fn one_or_several(field: &Field<'_>) -> Vec<String> {
    let items = field.one_or_more();
    if items.is_empty() {
        field.error("must not be empty");
    }
    items.iter().filter_map(|item| item.filled().map(str::to_owned)).collect()
}

impl Workload {
    /// The issuers whose accounts can have the names of others.
    fn meetings(&self) -> impl Iterator<Item = Finding> {
        let unmarked = self.issuers.iter().filter(|issuer| !issuer.trusted.has_accounts_of_its_own());
        unmarked.map(|issuer| {
            issuer.account.as_ref().unwrap_or(&issuer.spot).finding(
                "begins with no text of its own: whoever chooses the claim chooses the name, and a name that another source has \
                 is refused; begin it with a text that ends in `/` or `:`",
            )
        })
    }

    /// Reads the files; nobody is asked for keys yet.
    pub(super) fn open(&self) -> Result<WorkloadIdentities, Finding> {
        let mut identities = WorkloadIdentities::new();
        for Issuer { trusted, access, keys, certificates, spot, .. } in self.issuers.iter().cloned() {
            let read = |(path, spot): &(PathBuf, Spot)| {
                named_file::read(path, named_file::PEM_BYTES)
                    .map_err(|error| spot.finding(format!("{}: {error}", path.display())))
            };
            let trusted = match &keys {
                None => trusted,
                Some(keys @ (path, spot)) => trusted.keys(
                    TrustedKeys::from_json(&read(keys)?)
                        .map_err(|error| spot.finding(format!("{}: {error}", path.display())))?,
                ),
            };
            let mut access = access;
            if let Some(certificates) = &certificates {
                access.http = access.http.with_certificates(read(certificates)?);
            }
            identities =
                identities.trust(trusted, access).map_err(|error| spot.finding(error.to_string()))?;
        }
        Ok(identities)
    }
}
