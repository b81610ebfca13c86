//! Whether there are refresh tokens and personal access tokens, and where: the block `tokens`.

use std::sync::Arc;
use std::time::Duration;

use token_auth_core::{
    MemoryTokenStore, PersonalPolicy, RefreshPolicy, Store, StoredTokens, TOUCH_RESOLUTION,
};

use super::field::Field;
use super::finding::{Finding, Spot};
use super::parts::Parts;
use super::section::Section;
use super::token_store::{self, TokenStoreConfig};
use super::{Assembly, Config};

/// The block `tokens`, which docker_auth does not have: refresh tokens and personal access tokens. Without it there are
/// none.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct TokensConfig {
    /// Where they are kept: `store`.
    pub store: TokenStoreConfig,
    /// How refresh tokens live: `refresh`; nothing if they are not `enabled`.
    pub refresh: Option<RefreshPolicy>,
    /// How personal access tokens live: `personal`; nothing if they are not `enabled`.
    pub personal: Option<PersonalPolicy>,
}

/// The block, and where to complain of its store.
#[derive(Debug)]
pub(super) struct LocatedTokens {
    pub(super) tokens: TokensConfig,
    pub(super) store: Spot,
}

pub(super) fn read(field: &Field<'_>, parts: &mut Parts) {
    if let Some(tokens) = field.section().and_then(tokens) {
        parts.insert(tokens);
    }
}

pub(super) fn join(config: &mut Config, assembly: &mut Assembly) {
    let Some(tokens) = &config.tokens else { return };
    match tokens.open(&config.token.issuer, assembly.is_examined()) {
        Ok(stored) => assembly.stored = Some(stored),
        Err(finding) => assembly.error(finding),
    }
}

fn tokens(section: Section<'_>) -> Option<LocatedTokens> {
    let store = section.require("store");
    let kept = store.as_ref().and_then(|field| token_store::read(field.section()?));
    let policy = |key| section.get(key).map(|field| field.section());
    let refresh = match policy("refresh") {
        None => Some(RefreshPolicy::default()),
        Some(section) => section.and_then(refresh),
    };
    let personal = match policy("personal") {
        None => Some(PersonalPolicy::default()),
        Some(section) => section.and_then(personal),
    };
    section.finish();
    Some(LocatedTokens { tokens: TokensConfig { store: kept?, refresh, personal }, store: store?.spot() })
}

fn refresh(section: Section<'_>) -> Option<RefreshPolicy> {
    let enabled = is_enabled(&section);
    let mut policy = RefreshPolicy::default();
    if let Some(lifetime) = section.get("lifetime").and_then(|field| span(&field)) {
        policy.lifetime = lifetime;
    }
    if let Some(idle) = section.get("idle").and_then(|field| span(&field)) {
        policy.idle = idle;
    }
    if let Some(count) = section.get("per_account").and_then(|field| field.count()) {
        policy.per_account = count;
    }
    section.finish();
    enabled.then_some(policy)
}

fn personal(section: Section<'_>) -> Option<PersonalPolicy> {
    let enabled = is_enabled(&section);
    let mut policy = PersonalPolicy::default();
    if let Some(lifetime) = section.get("max_lifetime").and_then(|field| span(&field)) {
        policy.max_lifetime = lifetime;
    }
    if let Some(idle) = section.get("idle").and_then(|field| span(&field)) {
        policy.idle = idle;
    }
    if let Some(count) = section.get("exchanged_per_account").and_then(|field| field.count()) {
        policy.exchanged_per_account = count;
    }
    section.finish();
    enabled.then_some(policy)
}

fn is_enabled(section: &Section<'_>) -> bool {
    section.get("enabled").and_then(|field| field.flag()).unwrap_or(true)
}

/// A time that a token lives; zero is without an end.
fn span(field: &Field<'_>) -> Option<Option<Duration>> {
    let time = field.duration()?;
    // The last use is known to the minute: less than some of them would end tokens that are in use.
    let shortest = TOUCH_RESOLUTION * 10;
    if time.is_zero() {
        return Some(None);
    }
    if time < shortest {
        field.error("must be at least 10m, or 0 for no limit");
        return None;
    }
    Some(Some(time))
}

impl LocatedTokens {
    /// Personal access tokens in this store, as docker_auth's keys say it.
    #[cfg(feature = "oauth2")]
    pub(super) fn personal_in(store: TokenStoreConfig, spot: Spot) -> Self {
        let tokens = TokensConfig { store, refresh: None, personal: Some(PersonalPolicy::default()) };
        Self { tokens, store: spot }
    }

    /// Opens the store, or, if the configuration is only examined, looks whether it could be there.
    fn open(&self, issuer: &str, examine: bool) -> Result<StoredTokens, Finding> {
        let TokensConfig { store, refresh, personal } = &self.tokens;
        let store = match examine {
            true => store.examine().map(|()| Arc::new(MemoryTokenStore::default()) as Arc<dyn Store>),
            false => store.open(),
        };
        let store = store.map_err(|problem| self.store.finding(problem))?;
        let mut tokens = StoredTokens::new(issuer, store);
        if let Some(policy) = refresh {
            tokens = tokens.with_refresh_tokens(*policy);
        }
        if let Some(policy) = personal {
            tokens = tokens.with_personal_tokens(*policy);
        }
        Ok(tokens)
    }
}
