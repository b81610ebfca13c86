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
pub(super) const HANDLING: Handling = Handling::new(read, assemble::join);

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
    if parts.get::<LocatedTokens>().is_some_and(|located| located.tokens.personal.is_none()) {
        field.error("needs personal access tokens: remove `tokens.personal.enabled`");
    }
    for item in field.one_or_more() {
        let Some((provider, token_db)) = provider::read(&item, read, parts.is_configured("tokens")) else {
            continue;
        };
        // docker_auth's keys say where tokens are kept, where ours do not.
        if let (Some(store), None) = (token_db, parts.get::<LocatedTokens>()) {
            parts.insert(LocatedTokens::personal_in(store, provider.spot.clone()));
        }
        if let Some(providers) = parts.entry::<Providers>() {
            providers.0.push(provider);
        }
    }
    let providers = parts.get().map(|Providers(providers)| &**providers).unwrap_or_default();
    let prefixes: Vec<_> =
        providers.iter().map(|provider| provider.common.source.account_prefix.clone()).collect();
    let Some(located) = parts.get_mut::<LocatedTokens>() else { return };
    located.tokens.store.set_prefixes(&prefixes);
    if prefixes.len() > 1 && located.tokens.store.docker_passwords() == DockerPasswords::Offered {
        field.warn(
            "docker passwords that docker_auth has given out are not good: it does not note at which of several \
             providers someone has signed in",
        );
    }
}
