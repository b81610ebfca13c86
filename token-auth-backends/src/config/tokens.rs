use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use token_auth_core::{
    MemoryTokenStore, PersonalPolicy, RefreshPolicy, StoredTokens, TOUCH_RESOLUTION, TokenStore,
};

use super::field::Field;
use super::finding::{Finding, Spot};
use super::section::Section;
use crate::token_store::redb::RedbTokenStore;

/// The block `tokens`, which docker_auth does not have: refresh tokens and personal access tokens. Without it there are
/// none.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct TokensConfig {
    /// Where they are kept: `store`.
    pub store: TokenStoreConfig,
    /// How refresh tokens live: `refresh`; nothing if they are not `enabled`.
    pub refresh: Option<RefreshPolicy>,
    /// How personal access tokens live: `personal`; nothing if they are not `enabled`.
    pub personal: Option<PersonalPolicy>,
}

/// Where tokens are kept.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum TokenStoreConfig {
    /// In this file, for one server: `path`.
    File(PathBuf),
}

/// The block, and where to complain of its store.
#[derive(Debug)]
pub(super) struct LocatedTokens {
    pub(super) tokens: TokensConfig,
    store: Spot,
}

pub(super) fn read(section: Section<'_>) -> Option<LocatedTokens> {
    let store = section.require("store");
    let kept = store.as_ref().and_then(|field| self::store(field.section()?));
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

fn store(section: Section<'_>) -> Option<TokenStoreConfig> {
    let path = section.require("path").and_then(|field| field.filled());
    section.finish();
    Some(TokenStoreConfig::File(path?.into()))
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
    if let Some(count) = section.get("per_account").and_then(|field| field.count(1)) {
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
    /// Opens the store, or, if the configuration is only examined, looks whether it could be there.
    pub(super) fn open(&self, examine: bool) -> Result<StoredTokens, Finding> {
        let TokensConfig { store, refresh, personal } = &self.tokens;
        let TokenStoreConfig::File(path) = store;
        let store: Arc<dyn TokenStore> = match examine {
            true => self.examine(path)?,
            false => {
                Arc::new(RedbTokenStore::open(path).map_err(|error| self.store.finding(error.to_string()))?)
            }
        };
        let mut tokens = StoredTokens::new(store);
        if let Some(policy) = refresh {
            tokens = tokens.with_refresh_tokens(*policy);
        }
        if let Some(policy) = personal {
            tokens = tokens.with_personal_tokens(*policy);
        }
        Ok(tokens)
    }

    fn examine(&self, path: &Path) -> Result<Arc<dyn TokenStore>, Finding> {
        let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
        match folder.is_dir() {
            true => Ok(Arc::new(MemoryTokenStore::default())),
            false => Err(self.store.finding(format!("{} is not a folder", folder.display()))),
        }
    }
}
