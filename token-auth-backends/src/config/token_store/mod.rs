//! Where tokens are kept: in a block of ours, or by docker_auth's keys in the blocks of providers.

mod docker_auth;
#[cfg(feature = "token-store-redis")]
mod redis;
#[cfg(feature = "token-store-sql")]
mod sql;

use std::path::{Path, PathBuf};
use std::sync::Arc;

use token_auth_core::TokenStore;

#[cfg(feature = "token-store-redis")]
pub use self::redis::RedisStoreConfig;
#[cfg(feature = "token-store-sql")]
pub use self::sql::SqlStoreConfig;

#[cfg(feature = "oauth2")]
pub(super) use docker_auth::read as read_docker_auth;

use super::section::Section;
use crate::token_store::redb::RedbTokenStore;

/// Where tokens are kept.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum TokenStoreConfig {
    /// In this file, for one server: `path`.
    File(PathBuf),
    /// In Redis, for any number: `redis`.
    #[cfg(feature = "token-store-redis")]
    Redis(RedisStoreConfig),
    /// In a database, for any number: `sql`.
    #[cfg(feature = "token-store-sql")]
    Sql(SqlStoreConfig),
}

/// The block `tokens.store`.
pub(super) fn read(section: Section<'_>) -> Option<TokenStoreConfig> {
    let mut found = Vec::new();
    if let Some(field) = section.get("path") {
        found.push(field.filled().map(|path| TokenStoreConfig::File(path.into())));
    }
    if let Some(field) = section.get("redis") {
        #[cfg(feature = "token-store-redis")]
        found.push(field.section().and_then(redis::read).map(TokenStoreConfig::Redis));
        #[cfg(not(feature = "token-store-redis"))]
        found.push(without(&field, "this build has no store in Redis (feature `token-store-redis`)"));
    }
    if let Some(field) = section.get("sql") {
        #[cfg(feature = "token-store-sql")]
        found.push(field.section().and_then(sql::read).map(TokenStoreConfig::Sql));
        #[cfg(not(feature = "token-store-sql"))]
        found.push(without(&field, "this build has no store in a database (feature `token-store-sql`)"));
    }
    if docker_auth::KEYS.into_iter().any(|key| section.get(key).is_some()) {
        found.push(docker_auth::read(&section, false));
    }
    match found.len() {
        0 => section.missing("path", "is required, or `redis` or `sql`"),
        1 => {}
        _ => section.missing("path", "stands beside another store: keep one of them"),
    }
    section.finish();
    found.pop().filter(|_| found.is_empty())?
}

#[cfg(not(all(feature = "token-store-redis", feature = "token-store-sql")))]
fn without(field: &super::field::Field<'_>, why: &str) -> Option<TokenStoreConfig> {
    field.error(why);
    None
}

impl TokenStoreConfig {
    /// Opens the store. Files that it names are read; a server is not asked for anything yet.
    ///
    /// # Errors
    ///
    /// What is wrong, in words for an operator.
    pub fn open(&self) -> Result<Arc<dyn TokenStore>, String> {
        match self {
            Self::File(path) => {
                no_folder(path)?;
                Ok(Arc::new(RedbTokenStore::open(path).map_err(|error| error.to_string())?))
            }
            #[cfg(feature = "token-store-redis")]
            Self::Redis(config) => config.open(),
            #[cfg(feature = "token-store-sql")]
            Self::Sql(config) => config.open(),
        }
    }

    /// The file, if it is one.
    pub fn file(&self) -> Option<&Path> {
        match self {
            Self::File(path) => Some(path),
            #[cfg(feature = "token-store-redis")]
            Self::Redis(_) => None,
            #[cfg(feature = "token-store-sql")]
            Self::Sql(_) => None,
        }
    }

    /// Looks whether the store could be opened, without opening what one process alone can have open.
    pub(super) fn examine(&self) -> Result<(), String> {
        match self {
            Self::File(path) => {
                no_folder(path)?;
                let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty());
                let folder = folder.unwrap_or(Path::new("."));
                if folder.is_dir() { Ok(()) } else { Err(format!("{} is not a folder", folder.display())) }
            }
            #[cfg(feature = "token-store-redis")]
            Self::Redis(config) => config.options().map(drop),
            #[cfg(feature = "token-store-sql")]
            Self::Sql(config) => config.options().map(drop),
        }
    }
}

/// docker_auth keeps its tokens in a folder.
fn no_folder(path: &Path) -> Result<(), String> {
    match path {
        path if !path.is_dir() => Ok(()),
        path if path.join("CURRENT").is_file() => Err(format!(
            "{} is a LevelDB of docker_auth, which cannot be read: name a file that is not there yet; users sign in again",
            path.display()
        )),
        path => Err(format!("{} is a folder: name a file", path.display())),
    }
}

/// The content of a file that holds one secret.
#[cfg(any(feature = "token-store-redis", feature = "token-store-sql"))]
fn secret(path: &Path) -> Result<token_auth_core::Password, String> {
    let text = std::fs::read_to_string(path).map_err(|error| format!("{}: {error}", path.display()))?;
    match text.trim() {
        "" => Err(format!("{}: holds no secret", path.display())),
        text => Ok(token_auth_core::Password::new(text)),
    }
}
