//! What is kept beside the tokens: bytes that only whoever wrote them can read.

use std::borrow::Cow;
use std::fmt;
use std::sync::Arc;

use async_trait::async_trait;

use super::TokenId;
use crate::{BackendError, SourceId};

/// Keeps blobs, each of which is replaced only by whoever knows its present version.
///
/// What a [`TokenStore`](super::TokenStore) owes holds here, too: what [`write_blob`](Self::write_blob) has answered survives a
/// crash, what one process has written it reads, and each operation touches one blob. A removed blob does not come back. An
/// `Err` means only "could not answer".
#[async_trait]
pub trait BlobStore: Send + Sync {
    /// The blob of this key.
    ///
    /// # Errors
    ///
    /// When the store cannot be asked.
    async fn read_blob(&self, key: &BlobKey) -> Result<Option<Blob>, BackendError>;

    /// Writes the blob of this key if it still has the expected version, or, if none is expected, if there is none. Of
    /// several writers that expect the same one succeeds.
    ///
    /// # Errors
    ///
    /// When the store cannot be asked.
    async fn write_blob(
        &self,
        key: &BlobKey,
        expected: Option<&BlobVersion>,
        data: &[u8],
    ) -> Result<BlobWrite, BackendError>;

    /// Removes the blob of this key, whatever its version; says whether there was one.
    ///
    /// # Errors
    ///
    /// When the store cannot be asked.
    async fn remove_blob(&self, key: &BlobKey) -> Result<bool, BackendError>;
}

/// What a blob is, and whose.
///
/// To a store it is a pair of texts, [`room`](Self::room) and [`name`](Self::name), which no two keys share.
///
/// ```
/// use token_auth_core::BlobKey;
///
/// let key = BlobKey::Created { source: "oidc".try_into()?, account: "alice".to_owned() };
/// assert_eq!((&*key.room(), key.name()), ("oidc/created", "alice"));
/// # Ok::<(), token_auth_core::SourceError>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[non_exhaustive]
pub enum BlobKey {
    /// What an identity provider has granted for an account of a source.
    Grant {
        /// The source.
        source: SourceId,
        /// Its account.
        account: String,
    },
    /// The same where another program has brought the grant.
    AdoptedGrant {
        /// The source.
        source: SourceId,
        /// Which of several grants of the account it is.
        origin: String,
        /// The account.
        account: String,
    },
    /// A token that has just been made, until it is shown.
    Created {
        /// The source of its account.
        source: SourceId,
        /// The account.
        account: String,
    },
    /// The mark that sessions of an account carry, whatever its source.
    Sessions {
        /// The account.
        account: String,
    },
    /// The issuer of a token whose record names none.
    Issuer {
        /// The token.
        token: TokenId,
    },
}

impl BlobKey {
    /// Where the name is unique.
    pub fn room(&self) -> Cow<'_, str> {
        match self {
            Self::Grant { source, .. } => alone(source),
            Self::AdoptedGrant { source, origin, .. } => format!("{}/adopted/{origin}", alone(source)).into(),
            Self::Created { source, .. } => format!("{}/created", alone(source)).into(),
            Self::Sessions { .. } => "/sessions".into(),
            Self::Issuer { .. } => "token-auth/issuer-of".into(),
        }
    }

    /// The name, which is any text, also an empty one.
    pub fn name(&self) -> &str {
        match self {
            Self::Grant { account, .. }
            | Self::AdoptedGrant { account, .. }
            | Self::Created { account, .. }
            | Self::Sessions { account } => account,
            Self::Issuer { token } => token.as_str(),
        }
    }
}

/// An id in which no slash stands alone, so that it ends where one does.
fn alone(source: &SourceId) -> Cow<'_, str> {
    match source.contains('/') {
        true => source.replace('/', "//").into(),
        false => source.as_str().into(),
    }
}

/// Bytes that are kept under a [`BlobKey`], sealed by whoever writes them. A store does not look into them.
#[derive(Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Blob {
    /// The content.
    pub data: Vec<u8>,
    /// Which of several contents over time it is.
    pub version: BlobVersion,
}

impl Blob {
    /// A content and its version.
    pub fn new(data: impl Into<Vec<u8>>, version: BlobVersion) -> Self {
        Self { data: data.into(), version }
    }
}

impl fmt::Debug for Blob {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Blob").field("data", &"[redacted]").field("version", &self.version).finish()
    }
}

/// The version of a blob, of no meaning but its store's: a number, an entity tag. A key never has the same version with
/// another content again.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BlobVersion(String);

impl BlobVersion {
    /// A version by its store's text.
    pub fn new(text: impl Into<String>) -> Self {
        Self(text.into())
    }

    /// The store's text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// What became of the attempt to write a blob.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum BlobWrite {
    /// It is written, and has this version now.
    Written(BlobVersion),
    /// Someone else wrote before: read it again.
    Conflict,
}

macro_rules! forward {
    ($($pointer:ty),*) => {$(
        #[async_trait]
        impl<S: BlobStore + ?Sized> BlobStore for $pointer {
            async fn read_blob(&self, key: &BlobKey) -> Result<Option<Blob>, BackendError> {
                (**self).read_blob(key).await
            }

            async fn write_blob(
                &self,
                key: &BlobKey,
                expected: Option<&BlobVersion>,
                data: &[u8],
            ) -> Result<BlobWrite, BackendError> {
                (**self).write_blob(key, expected, data).await
            }

            async fn remove_blob(&self, key: &BlobKey) -> Result<bool, BackendError> {
                (**self).remove_blob(key).await
            }
        }
    )*};
}

forward!(&S, Box<S>, Arc<S>);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_two_keys_share_their_texts() {
        let id = |text: &str| SourceId::try_from(text).unwrap();
        let account = String::from("alice");
        let mut keys = vec![
            BlobKey::Sessions { account: account.clone() },
            BlobKey::Issuer { token: "0123456789abcdef".parse().unwrap() },
        ];
        for name in
            ["oidc", "oidc/", "/oidc", "oidc/created", "oidc/adopted/a", "/sessions", "token-auth/issuer-of"]
        {
            let (source, account) = (id(name), account.clone());
            keys.push(BlobKey::Grant { source: source.clone(), account: account.clone() });
            keys.push(BlobKey::Created { source: source.clone(), account: account.clone() });
            for origin in ["", "a", "/a", "created"] {
                let (source, account, origin) = (source.clone(), account.clone(), origin.to_owned());
                keys.push(BlobKey::AdoptedGrant { source, origin, account });
            }
        }
        let texts: std::collections::BTreeSet<_> =
            keys.iter().map(|key| (key.room().into_owned(), key.name())).collect();
        assert_eq!(texts.len(), keys.len());
    }

    /// What is in stores has to be found there.
    #[test]
    fn the_texts_stay() {
        let (source, account) = (SourceId::try_from("oidc").unwrap(), String::from("alice"));
        let token: TokenId = "0123456789abcdef".parse().unwrap();
        for (key, room) in [
            (BlobKey::Grant { source: source.clone(), account: account.clone() }, "oidc"),
            (
                BlobKey::AdoptedGrant {
                    source: source.clone(),
                    origin: "x".into(),
                    account: account.clone(),
                },
                "oidc/adopted/x",
            ),
            (BlobKey::Created { source, account: account.clone() }, "oidc/created"),
            (BlobKey::Sessions { account }, "/sessions"),
            (BlobKey::Issuer { token }, "token-auth/issuer-of"),
        ] {
            assert_eq!(key.room(), room);
        }
    }
}
