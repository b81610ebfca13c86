//! Where tokens are kept: in a block of ours, or by docker_auth's keys in the blocks of providers.

mod docker_auth;
#[cfg(feature = "token-store-object")]
mod object;
#[cfg(feature = "token-store-redis")]
mod redis;
#[cfg(feature = "token-store-sql")]
mod sql;

use std::path::{Path, PathBuf};
use std::sync::Arc;

use token_auth_core::Store;

#[cfg(feature = "token-store-object")]
pub use self::object::ObjectStoreConfig;
#[cfg(feature = "token-store-redis")]
pub use self::redis::RedisStoreConfig;
#[cfg(feature = "token-store-sql")]
pub use self::sql::SqlStoreConfig;

#[cfg(all(feature = "oauth2", feature = "token-store-redis"))]
pub(super) use self::redis::DockerPasswords;
#[cfg(feature = "oauth2")]
pub(super) use docker_auth::read as read_docker_auth;

use super::field::Field;
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
    /// In object storage, for any number: `s3`, `gcs`, `azure`.
    #[cfg(feature = "token-store-object")]
    Object(ObjectStoreConfig),
}

type Read = fn(&Field<'_>) -> Option<TokenStoreConfig>;

/// The kinds of stores, by their keys.
const KINDS: &[(&str, Read)] = &[
    ("path", |field| Some(TokenStoreConfig::File(field.filled()?.into()))),
    #[cfg(feature = "token-store-redis")]
    ("redis", |field| redis::read(field.section()?).map(TokenStoreConfig::Redis)),
    #[cfg(not(feature = "token-store-redis"))]
    ("redis", |field| without(field, "token-store-redis")),
    #[cfg(feature = "token-store-sql")]
    ("sql", |field| sql::read(field.section()?).map(TokenStoreConfig::Sql)),
    #[cfg(not(feature = "token-store-sql"))]
    ("sql", |field| without(field, "token-store-sql")),
    #[cfg(feature = "token-store-object")]
    ("s3", |field| object::s3(field.section()?).map(TokenStoreConfig::Object)),
    #[cfg(feature = "token-store-object")]
    ("gcs", |field| object::gcs(field.section()?).map(TokenStoreConfig::Object)),
    #[cfg(feature = "token-store-object")]
    ("azure", |field| object::azure(field.section()?).map(TokenStoreConfig::Object)),
    #[cfg(not(feature = "token-store-object"))]
    ("s3", |field| without(field, "token-store-object")),
    #[cfg(not(feature = "token-store-object"))]
    ("gcs", |field| without(field, "token-store-object")),
    #[cfg(not(feature = "token-store-object"))]
    ("azure", |field| without(field, "token-store-object")),
];

/// The block `tokens.store`.
pub(super) fn read(section: Section<'_>) -> Option<TokenStoreConfig> {
    let kinds = KINDS.iter().filter_map(|(key, read)| Some(read(&section.get(key)?)));
    let mut found: Vec<_> = kinds.collect();
    if docker_auth::KEYS.into_iter().any(|key| section.get(key).is_some()) {
        found.push(docker_auth::read(&section, false));
    }
    match found.len() {
        0 => section.missing("path", "is required, or one of `redis`, `sql`, `s3`, `gcs`, `azure`"),
        1 => {}
        _ => section.missing("path", "stands beside another store: keep one of them"),
    }
    section.finish();
    found.pop().filter(|_| found.is_empty())?
}

/// Says that a kind of store is not part of this build.
#[cfg(not(all(feature = "token-store-object", feature = "token-store-redis", feature = "token-store-sql")))]
fn without(field: &Field<'_>, feature: &str) -> Option<TokenStoreConfig> {
    field.error(format!("needs a build with the feature `{feature}`"));
    None
}

impl TokenStoreConfig {
    /// Opens the store. Files that it names are read; a server is not asked for anything yet.
    ///
    /// # Errors
    ///
    /// What is wrong, in words for an operator.
    pub fn open(&self) -> Result<Arc<dyn Store>, String> {
        match self {
            Self::File(path) => {
                no_folder(path)?;
                Ok(Arc::new(RedbTokenStore::open(path).map_err(|error| error.to_string())?))
            }
            #[cfg(feature = "token-store-redis")]
            Self::Redis(config) => config.open(),
            #[cfg(feature = "token-store-sql")]
            Self::Sql(config) => config.open(),
            #[cfg(feature = "token-store-object")]
            Self::Object(config) => config.open(),
        }
    }

    /// What the account names of providers begin with: of a user of docker_auth, who is in the same database without.
    #[cfg(feature = "oauth2")]
    pub(super) fn set_prefixes(&mut self, prefixes: &[String]) {
        #[cfg(feature = "token-store-redis")]
        if let Self::Redis(config) = self {
            config.set_prefixes(prefixes);
        }
        #[cfg(not(feature = "token-store-redis"))]
        let _ = prefixes;
    }

    /// The file, if it is one.
    pub fn file(&self) -> Option<&Path> {
        match self {
            Self::File(path) => Some(path),
            #[cfg(feature = "token-store-redis")]
            Self::Redis(_) => None,
            #[cfg(feature = "token-store-sql")]
            Self::Sql(_) => None,
            #[cfg(feature = "token-store-object")]
            Self::Object(_) => None,
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
            #[cfg(feature = "token-store-object")]
            Self::Object(config) => config.storage().map(drop),
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

/// How long an answer may be: large enough for a page of tokens.
#[cfg(any(feature = "token-store-object", feature = "token-store-redis", feature = "token-store-sql"))]
fn answer_bytes(section: &Section<'_>) -> Option<usize> {
    usize::try_from(section.get("answer_bytes")?.integer(1 << 20, 1 << 30)?).ok()
}

/// The content of a file that holds one secret.
#[cfg(any(feature = "token-store-object", feature = "token-store-redis", feature = "token-store-sql"))]
fn secret(path: &Path) -> Result<token_auth_core::Password, String> {
    let text = crate::named_file::read_text(path, crate::named_file::SECRET_BYTES)
        .map_err(|error| format!("{}: {error}", path.display()))?;
    match text.trim() {
        "" => Err(format!("{}: holds no secret", path.display())),
        text => Ok(token_auth_core::Password::new(text)),
    }
}
