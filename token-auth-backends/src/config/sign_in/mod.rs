//! The blocks `google_auth`, `github_auth`, `oidc_auth`, `gitlab_auth` and `sign_in`: sign-in with the browser.

mod assemble;
mod common;
mod pages;
mod provider;

use std::path::PathBuf;

use super::block::Handling;
use super::field::Field;
use super::parts::Parts;
use super::token_store::DockerPasswords;
use super::tokens::LocatedTokens;
use crate::oauth2::{PageOptions, SignInPages};
pub(super) use provider::{GITHUB, GITLAB, GOOGLE, OIDC};
use provider::{Provider, Read};

/// How the block `sign_in` is read, and how all providers become a part of the service.
pub(super) const HANDLING: Handling = Handling { read, join: assemble::join };

/// The providers, in docker_auth's order.
#[derive(Debug, Default)]
struct Providers(Vec<Provider>);

/// What the block `sign_in` says.
#[derive(Debug, Default)]
struct Pages {
    options: PageOptions,
    /// Where the keys of cookies and of providers' tokens are.
    key_file: Option<PathBuf>,
}

impl super::Loaded {
    /// The pages of the sign-in with the browser, if a provider is configured.
    pub fn sign_in(&self) -> Option<&SignInPages> {
        self.product()
    }
}

fn read(field: &Field<'_>, parts: &mut Parts) {
    if !provider::BLOCKS.iter().any(|block| parts.is_configured(block)) {
        field.error("needs a provider: `oidc_auth`, `google_auth`, `github_auth` or `gitlab_auth`");
    }
    if let Some(pages) = field.section().and_then(pages::read) {
        parts.insert(pages);
    }
}

/// Reads a block that is one provider, or several of one kind: a list, each with an id of its own.
fn read_providers(field: &Field<'_>, parts: &mut Parts, read: Read) {
    let tokens = parts.get::<LocatedTokens>();
    if parts.is_configured("tokens") && tokens.is_some_and(|located| located.tokens.personal.is_none()) {
        field.error("needs personal access tokens: remove `tokens.personal.enabled`");
    }
    for item in field.one_or_more() {
        let Some((provider, token_db)) = provider::read(&item, read, parts.is_configured("tokens")) else {
            continue;
        };
        join_others(&provider, &item, parts);
        // docker_auth's keys say where tokens are kept, where ours do not.
        if let (Some(store), None) = (token_db, parts.get::<LocatedTokens>()) {
            parts.insert(LocatedTokens::personal_in(store, provider.spot.clone()));
        }
        if let Some(providers) = parts.entry::<Providers>() {
            providers.0.push(provider);
        }
    }
    let prefixes: Vec<String> = parts
        .get::<Providers>()
        .into_iter()
        .flat_map(|providers| &providers.0)
        .map(|provider| provider.common.account_prefix.clone())
        .collect();
    if let Some(located) = parts.get_mut::<LocatedTokens>() {
        located.tokens.store.set_prefixes(&prefixes);
    }
}

/// No two providers have the same id; two whose accounts could have the same names are warned of.
fn join_others(provider: &Provider, item: &Field<'_>, parts: &Parts) {
    let before = parts.get::<Providers>().map(|providers| &*providers.0).unwrap_or_default();
    let id = &provider.common.id;
    if before.iter().any(|other| other.common.id == *id) {
        let id_field = item.child("id");
        id_field
            .as_ref()
            .unwrap_or(item)
            .error(format!("another provider has the id {id:?}: give each one of its own"));
    }
    if before.iter().any(|other| other.common.account_prefix == provider.common.account_prefix) {
        item.warn(
            "accounts of several providers can have the same name, and then have the same rights: give one an \
             `account_prefix`",
        );
    }
    let passwords = parts.get::<LocatedTokens>().map(|located| located.tokens.store.docker_passwords());
    if before.len() == 1 && passwords == Some(DockerPasswords::Offered) {
        item.warn(
            "docker passwords that docker_auth has given out are not good: it does not note at which of several \
             providers someone has signed in",
        );
    }
}
