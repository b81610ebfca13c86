//! What tokens say, and who signs them: the block `token`.

use std::time::Duration;

use super::field::Field;
use super::key_pair::{self, KeyPair, ServerPair, SigningPair};
use super::parts::Parts;
use super::published_keys::{self, PublishedKeys};
use super::section::Section;
use super::{Assembly, Config, signer};

/// The block `token`: what tokens say and who signs them.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct TokenConfig {
    /// Who issues the tokens: what the registry is configured to expect.
    pub issuer: String,
    /// How long a token is valid.
    pub expiration: Duration,
    /// Who signs; without it, the server's pair does.
    pub key_pair: Option<KeyPair>,
    /// Whether the key id is the thumbprint of RFC 7638, not libtrust's.
    pub disable_legacy_key_id: bool,
    /// Whether tokens carry the certificate chain (`x5c`), by which registries 2.x and 3.x alike verify them. Without it
    /// they carry the key id alone, which is what a registry with only a JWKS file needs. Default true.
    pub x5c: bool,
    /// The services that tokens are issued for; empty for any.
    pub services: Vec<String>,
}

pub(super) fn read(field: &Field<'_>, parts: &mut Parts) {
    let Some(section) = field.section() else { return };
    let pair = key_pair::read(&section);
    let server = parts.get::<ServerPair>();
    if server.is_some_and(|server| !server.is_begun) && !key_pair::is_begun(&section) {
        field.error("needs `certificate` and `key`, here or under `server`, to sign tokens with");
    }
    let signing = pair.clone().or_else(|| server?.pair.clone());
    let published = published_keys::read(&section);
    if let Some(token) = token(section, pair.map(|located| located.pair)) {
        parts.insert(token);
    }
    if let Some(signing) = signing {
        parts.insert(SigningPair(signing));
    }
    parts.insert(published);
}

/// The keys that sign tokens, and those that are published beside them.
pub(super) fn join(config: &mut Config, assembly: &mut Assembly) {
    let published = config.part::<PublishedKeys>().map(|keys| &*keys.0).unwrap_or_default();
    match signer::read(&config.token, &config.signing_pair, published) {
        Ok(keys) => assembly.keys = Some(keys),
        Err(found) => found.into_iter().for_each(|finding| assembly.error(finding)),
    }
}

fn token(token: Section<'_>, key_pair: Option<KeyPair>) -> Option<TokenConfig> {
    let issuer = token.require("issuer").and_then(|field| field.filled());
    let expiration = token.require("expiration").and_then(|field| field.integer());
    if let (Some(field), Some(1..=59)) = (token.get("expiration"), expiration) {
        field.warn(
            "clients such as docker take a lifetime below 60 seconds for 60, and then present expired tokens",
        );
    }
    let flag = |key| token.get(key).and_then(|field| field.flag());
    let disable_legacy_key_id = flag("disable_legacy_key_id").unwrap_or(false);
    let x5c = flag("x5c");
    if x5c.is_none() {
        // A file that is docker_auth's.
        token.field().note(
            "tokens carry the certificate (x5c), other than docker_auth's, and a registry 3.x that has `jwks` alone refuses \
             them: give it the certificate as `rootcertbundle`, too, or write `x5c: false`; `x5c: true` says that this is known",
        );
    }
    let x5c = x5c.unwrap_or(true);
    let services = token.get("services").and_then(|field| services(&field));
    token.finish();
    Some(TokenConfig {
        issuer: issuer?.to_owned(),
        expiration: Duration::from_secs(expiration?.unsigned_abs()),
        key_pair,
        disable_legacy_key_id,
        x5c,
        services: services.unwrap_or_default(),
    })
}

fn services(field: &Field<'_>) -> Option<Vec<String>> {
    let services = field.items()?;
    if services.is_empty() {
        field.error("must name at least one service; without the key, tokens are issued for any");
    }
    Some(services.iter().filter_map(|item| item.filled().map(str::to_owned)).collect())
}
