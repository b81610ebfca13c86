use std::time::Duration;

use super::Finding;
use super::field::Field;
use super::key_pair::KeyPair;
use super::section::Section;

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

/// What a file says that is docker_auth's, whose tokens carry no certificate.
pub(super) fn note(token: &Section<'_>) -> Option<Finding> {
    if token.present("x5c").is_some() {
        return None;
    }
    Some(token.spot().finding(
        "tokens carry the certificate (x5c), other than docker_auth's, and a registry 3.x that has `jwks` alone refuses them: \
         give it the certificate as `rootcertbundle`, too, or write `x5c: false`; `x5c: true` says that this is known",
    ))
}

pub(super) fn read(token: Section<'_>, key_pair: Option<KeyPair>) -> Option<TokenConfig> {
    let issuer = token.require("issuer").and_then(|field| field.filled());
    let expiration = token.require("expiration").and_then(|field| field.integer(1, i64::from(u32::MAX)));
    if let (Some(field), Some(1..=59)) = (token.get("expiration"), expiration) {
        field.warn(
            "clients such as docker take a lifetime below 60 seconds for 60, and then present expired tokens",
        );
    }
    let flag = |key| token.get(key).and_then(|field| field.flag());
    let disable_legacy_key_id = flag("disable_legacy_key_id").unwrap_or(false);
    let x5c = flag("x5c").unwrap_or(true);
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
