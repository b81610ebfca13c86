//! Where tokens are kept: in a block of ours, or by docker_auth's keys in the blocks of providers.

pub(super) mod docker_auth;
#[cfg(feature = "token-store-object")]
mod object;
#[cfg(feature = "token-store-redis")]
mod redis;
#[cfg(feature = "token-store-sql")]
mod sql;

use std::fmt;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use token_auth_core::Store;

use super::block::with_feature;
use super::field::Field;
use super::section::Section;
use crate::token_store::redb::RedbTokenStore;

/// Where tokens are kept.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub enum TokenStoreConfig {
    /// In this file, for one server: `path`.
    File(PathBuf),
    /// By another server, for any number.
    #[non_exhaustive]
    Served {
        /// How it is reached.
        store: Arc<dyn ServedStore>,
    },
}

/// A store of tokens that several servers share, as it is configured.
pub trait ServedStore: fmt::Debug + Send + Sync {
    /// Opens the store. Files that it names are read; a server is not asked for anything yet.
    ///
    /// # Errors
    ///
    /// What is wrong, in words for an operator.
    fn open(&self) -> Result<Arc<dyn Store>, String>;

    /// Looks whether it could be opened.
    ///
    /// # Errors
    ///
    /// What is wrong, in words for an operator.
    fn examine(&self) -> Result<(), String>;

    /// Whether docker_auth's docker passwords are kept there, and good.
    fn docker_passwords(&self) -> DockerPasswords {
        DockerPasswords::Refused
    }

    /// The same store where accounts have these prefixes before the names that docker_auth knows them by; nothing if it
    /// does not keep those.
    fn with_prefixes(&self, _prefixes: &[String]) -> Option<Arc<dyn ServedStore>> {
        None
    }

    /// The source of those passwords, of people who have signed in at this provider.
    ///
    /// # Errors
    ///
    /// What is wrong, in words for an operator.
    #[cfg(feature = "oauth2")]
    fn docker_auth(
        &self,
        _verifier: Arc<crate::password::PasswordVerifier>,
        _provider: crate::oauth2::SignInSource,
    ) -> Result<Arc<dyn token_auth_core::Authenticator>, String> {
        Err("docker_auth's docker passwords are not kept there".to_owned())
    }
}

/// Whether the docker passwords of a token database that docker_auth has kept are good.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum DockerPasswords {
    /// They are not.
    Refused,
    /// If it is clear which provider to ask about them.
    Offered,
    /// They are to be.
    Wanted,
}

/// How a kind of store is read.
type Read = fn(&Field<'_>) -> Option<TokenStoreConfig>;

/// The kinds of stores, by their keys.
const KINDS: [(&str, Option<Read>); 6] = [
    ("path", Some(|field| field.file().map(TokenStoreConfig::File))),
    ("redis", with_feature!("token-store-redis", redis::read as Read)),
    ("sql", with_feature!("token-store-sql", sql::read as Read)),
    ("s3", with_feature!("token-store-object", object::s3 as Read)),
    ("gcs", with_feature!("token-store-object", object::gcs as Read)),
    ("azure", with_feature!("token-store-object", object::azure as Read)),
];

/// The block `tokens.store`.
pub(super) fn read(section: Section<'_>) -> Option<TokenStoreConfig> {
    let ours = KINDS.into_iter().filter_map(|(key, read)| Some((key, section.get(key)?, read)));
    let present: Vec<_> = ours.chain(docker_auth::present(&section)).collect();
    let store = match present.as_slice() {
        [] => {
            section.missing("path", "is required, or one of `redis`, `sql`, `s3`, `gcs`, `azure`");
            None
        }
        [(_, field, read)] => (*read).and_then(|read| read(field)),
        [(first, ..), others @ ..] => {
            for (_, other, _) in others {
                other.error(format!("stands beside `{first}`: keep one of them"));
            }
            None
        }
    };
    section.finish();
    store
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
            Self::Served { store } => store.open(),
        }
    }

    /// What the account names of providers begin with: of a user of docker_auth, who is in the same database without.
    #[cfg(feature = "oauth2")]
    pub(super) fn set_prefixes(&mut self, prefixes: &[String]) {
        if let Self::Served { store } = self
            && let Some(prefixed) = store.with_prefixes(prefixes)
        {
            *store = prefixed;
        }
    }

    /// The file, if it is one.
    pub fn file(&self) -> Option<&Path> {
        match self {
            Self::File(path) => Some(path),
            Self::Served { .. } => None,
        }
    }

    /// A store that several servers share.
    pub fn served(store: impl ServedStore + 'static) -> Self {
        Self::Served { store: Arc::new(store) }
    }

    /// Whether docker_auth's docker passwords are kept there, and good.
    #[cfg(feature = "oauth2")]
    pub(super) fn docker_passwords(&self) -> DockerPasswords {
        match self {
            Self::File(_) => DockerPasswords::Refused,
            Self::Served { store } => store.docker_passwords(),
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
            Self::Served { store } => store.examine(),
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
    section.get("answer_bytes")?.count()
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
