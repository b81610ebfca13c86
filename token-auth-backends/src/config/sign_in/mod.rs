//! The blocks `google_auth`, `github_auth`, `oidc_auth`, `gitlab_auth` and `sign_in`: sign-in with the browser.

mod assemble;
mod common;
mod pages;
mod provider;

use std::path::PathBuf;

use super::finding::Spot;
use super::section::Section;
use super::source::SourceName;
use super::token_store::TokenStoreConfig;
use super::tokens::{LocatedTokens, TokensConfig};
use crate::oauth2::PageOptions;
pub(super) use assemble::Assembled;
use provider::Provider;

/// docker_auth's order.
const BLOCKS: [&str; 4] = ["google_auth", "github_auth", "oidc_auth", "gitlab_auth"];

/// Everything that is configured of it.
#[derive(Debug)]
pub(super) struct SignIn {
    providers: Vec<Provider>,
    pages: PageOptions,
    /// Where the keys of cookies and of providers' tokens are.
    key_file: Option<PathBuf>,
    /// Where docker_auth's keys say that tokens are kept.
    token_db: Option<TokenStoreConfig>,
    spot: Spot,
}

impl SignIn {
    /// What the sources are called, in their order.
    pub(super) fn names(&self) -> impl Iterator<Item = &SourceName> {
        self.providers.iter().map(|provider| &provider.common.source)
    }

    /// What the accounts of each provider begin with.
    pub(super) fn account_prefixes(&self) -> Vec<String> {
        self.providers.iter().map(|provider| provider.common.source.account_prefix.clone()).collect()
    }

    /// The tokens that docker_auth's keys configure.
    pub(super) fn tokens(&self) -> Option<LocatedTokens> {
        Some(LocatedTokens::personal_in(self.token_db.clone()?, self.spot.clone()))
    }
}

/// What the root has of it; nothing if there is no provider, or one is wrong. With the block `tokens`, that says where
/// tokens are kept.
pub(super) fn read(root: &Section<'_>, tokens: Option<&TokensConfig>) -> Option<SignIn> {
    let own = root.get("sign_in");
    let pages = own.as_ref().map(|field| pages::read(field));
    let mut providers = Vec::new();
    let mut token_dbs = Vec::new();
    let (mut blocks, mut first) = (0, None);
    for key in BLOCKS {
        let Some(block) = root.get(key) else { continue };
        first.get_or_insert_with(|| block.spot());
        // Several providers of one kind: a list of blocks, each with an id of its own.
        let items = if block.is_list() { block.items().unwrap_or_default() } else { vec![block] };
        for item in &items {
            blocks += 1;
            if let Some((provider, token_db)) = provider::read(key, item, tokens.is_some()) {
                providers.push(provider);
                token_dbs.extend(token_db);
            }
        }
    }
    if let (0, Some(own)) = (blocks, &own) {
        own.error("needs a provider: `oidc_auth`, `google_auth`, `github_auth` or `gitlab_auth`");
    }
    if let (Some(TokensConfig { personal: None, .. }), Some(key)) =
        (tokens, BLOCKS.into_iter().find(|key| root.get(key).is_some()))
        && let Some(block) = root.get(key)
    {
        block.error("needs personal access tokens: remove `tokens.personal.enabled`");
    }
    let (spot, token_db) = (first?, token_dbs.into_iter().next());
    if providers.len() < blocks {
        return None;
    }
    #[cfg(feature = "token-store-redis")]
    if let (Some(TokenStoreConfig::Redis(redis)), true) = (&token_db, blocks > 1)
        && redis.docker_passwords() == super::token_store::DockerPasswords::Offered
        && let Some(block) = BLOCKS.into_iter().find_map(|key| root.get(key))
    {
        block.warn(
            "docker passwords that docker_auth has given out are not good: it does not note at which of several \
             providers someone has signed in",
        );
    }
    let (mut pages, key_file) = pages.unwrap_or_else(|| Some((PageOptions::default(), None)))?;
    if pages.public_url.is_none() {
        pages.public_url = providers.iter().find_map(Provider::public_url);
    }
    Some(SignIn { providers, pages, key_file, token_db, spot })
}

/// How many blocks there are, right or wrong.
pub(super) fn count(root: &Section<'_>) -> usize {
    BLOCKS.into_iter().filter(|key| root.get(key).is_some()).count()
}
