//! Reads the blocks of providers.

use std::time::Duration;

use url::Url;

use super::common::{self, Common};
use crate::config::block::{self, Handling};
use crate::config::field::Field;
use crate::config::finding::Spot;
use crate::config::section::Section;
use crate::config::token_store::{TokenStoreConfig, docker_auth};
use crate::oauth2::LabelClaim;

/// One provider as it is configured.
#[derive(Debug)]
pub(super) struct Provider {
    pub(super) common: Common,
    pub(super) kind: Kind,
    pub(super) spot: Spot,
}

#[derive(Debug)]
pub(super) enum Kind {
    Google { domain: Option<String>, oidc: Claims, issuer: Option<String> },
    GitHub(Forge),
    Oidc { issuer: String, oidc: Claims },
    GitLab(Forge),
}

/// What is asked of an OpenID Connect provider, where it is not the usual.
#[derive(Debug, Default)]
pub(super) struct Claims {
    pub(super) scopes: Option<Vec<String>>,
    pub(super) user_claim: Option<String>,
    pub(super) dangerous_unverified_email: Option<bool>,
    pub(super) label_claims: Option<Vec<LabelClaim>>,
    pub(super) clock_skew: Option<Duration>,
    pub(super) discovery_ttl: Option<Duration>,
}

/// A code forge, where it is not the usual.
#[derive(Debug)]
pub(super) struct Forge {
    pub(super) organization: Option<String>,
    pub(super) web: Option<String>,
    pub(super) api: Option<String>,
    pub(super) scopes: Option<Vec<String>>,
}

impl Provider {
    /// Where the pages are, as the address says that the provider sends browsers back to.
    pub(super) fn public_url(&self) -> Option<Url> {
        let url = self.common.redirect_url.as_deref()?;
        url.strip_suffix(&format!("/{}_auth", self.common.source.id))?.parse().ok()
    }
}

/// The blocks, in docker_auth's order.
pub(super) const BLOCKS: [&str; 4] = ["google_auth", "github_auth", "oidc_auth", "gitlab_auth"];

/// Reads what one kind of provider has of its own.
pub(super) type Read = fn(&Section<'_>) -> (Option<Common>, Option<Kind>);

pub(in crate::config) const GOOGLE: Handling =
    Handling::new(|field, parts| super::read_providers(field, parts, google), block::nothing);
pub(in crate::config) const GITHUB: Handling =
    Handling::new(|field, parts| super::read_providers(field, parts, github), block::nothing);
pub(in crate::config) const OIDC: Handling =
    Handling::new(|field, parts| super::read_providers(field, parts, oidc), block::nothing);
pub(in crate::config) const GITLAB: Handling =
    Handling::new(|field, parts| super::read_providers(field, parts, gitlab), block::nothing);

/// A provider, and where its block says that tokens are kept, which it need not if that is said elsewhere.
pub(super) fn read(
    field: &Field<'_>,
    read: Read,
    has_store: bool,
) -> Option<(Provider, Option<TokenStoreConfig>)> {
    let section = field.section()?;
    let (common, kind) = read(&section);
    let token_db = token_db(&section, has_store);
    let spot = section.spot();
    section.finish();
    Some((Provider { common: common?, kind: kind?, spot }, token_db))
}

/// The store that docker_auth's keys choose, which do not count where there is one already. Nothing if there is none, or it cannot be
/// used, which is said.
fn token_db(section: &Section<'_>, has_store: bool) -> Option<TokenStoreConfig> {
    let present = docker_auth::present(section);
    let Some((key, field, read)) = present.first() else {
        if !has_store {
            section
                .missing("level_token_db", "is required, or `tokens.store`: it says where tokens are kept");
        }
        return None;
    };
    if has_store {
        field.warn("does not count beside `tokens.store`: remove it");
    }
    let others = present.get(1..).unwrap_or_default();
    for (_, other, _) in others {
        other.error(format!("stands beside `{key}`: keep one of them"));
    }
    if others.is_empty() { (*read)?(field) } else { None }
}

fn github(section: &Section<'_>) -> (Option<Common>, Option<Kind>) {
    forge(section, ["github_web_uri", "github_api_uri"], ("github", "GitHub"), "redirect_url")
}

fn gitlab(section: &Section<'_>) -> (Option<Common>, Option<Kind>) {
    forge(section, ["gitlab_web_uri", "gitlab_api_uri"], ("gitlab", "GitLab"), "redirect_uri")
}

fn google(section: &Section<'_>) -> (Option<Common>, Option<Kind>) {
    let common = common::read(section, "redirect_url", ("google", "Google"));
    let domain = section.get("domain").and_then(|field| field.filled()).map(str::to_owned);
    if domain.is_none() {
        section.advise("domain", "is not given: everyone who has a Google account can sign in");
    }
    let issuer = section.get("issuer").and_then(|field| common::http_url(&field));
    (common, Some(Kind::Google { domain, oidc: claims(section), issuer }))
}

fn oidc(section: &Section<'_>) -> (Option<Common>, Option<Kind>) {
    let issuer = section.require("issuer").and_then(|field| common::http_url(&field));
    let host = issuer.as_deref().and_then(|issuer| Url::parse(issuer).ok()?.host_str().map(str::to_owned));
    let common = common::read(section, "redirect_url", ("oidc", host.as_deref().unwrap_or("Single sign-on")));
    section.require("redirect_url");
    let oidc = claims(section);
    (common, issuer.map(|issuer| Kind::Oidc { issuer, oidc }))
}

fn claims(section: &Section<'_>) -> Claims {
    let texts = |key| section.get(key).map(|field| field.texts());
    let (labels, alias) = (section.get("label_claims"), section.get("labels_claims"));
    if let (Some(_), Some(alias)) = (&labels, &alias) {
        alias.error("is another name of `label_claims`: remove one of them");
    }
    let labels = labels.or(alias).map(|field| field.texts());
    Claims {
        scopes: texts("scopes"),
        user_claim: section.get("user_claim").and_then(|field| field.filled()).map(str::to_owned),
        dangerous_unverified_email: section.get("dangerous_unverified_email").and_then(|field| field.flag()),
        label_claims: labels
            .map(|claims| claims.iter().map(|claim| LabelClaim::from(claim.as_str())).collect()),
        clock_skew: section.get("clock_skew").and_then(|field| {
            let skew = field.duration()?;
            if skew > Duration::from_secs(600) {
                field.error("must be at most 10m: set the clocks right instead");
            }
            Some(skew)
        }),
        discovery_ttl: section.get("discovery_ttl").and_then(|field| field.duration()),
    }
}

fn forge(
    section: &Section<'_>,
    [web, api]: [&'static str; 2],
    names: (&'static str, &str),
    redirect_key: &'static str,
) -> (Option<Common>, Option<Kind>) {
    let common = common::read(section, redirect_key, names);
    let organization = section.get("organization").and_then(|field| field.filled()).map(str::to_owned);
    if organization.is_none() {
        section.advise(
            "organization",
            format!("is not given: everyone who has an account at {} can sign in", names.1),
        );
    }
    let uri = |key| section.get(key).and_then(|field| common::http_url(&field));
    let forge = Forge {
        organization,
        web: uri(web),
        api: uri(api),
        scopes: section.get("scopes").map(|field| field.texts()),
    };
    match names.0 {
        "github" => (common, Some(Kind::GitHub(forge))),
        _ => {
            section.get("grant_type").and_then(|field| field.choice());
            section.require(redirect_key);
            (common, Some(Kind::GitLab(forge)))
        }
    }
}
