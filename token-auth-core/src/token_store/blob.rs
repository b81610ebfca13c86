use std::fmt;

/// Whose blob: an account of a source.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct BlobKey {
    /// The source that the blob belongs to.
    pub source: String,
    /// Its account.
    pub account: String,
}

impl BlobKey {
    /// The key of this account of this source.
    pub fn new(source: impl Into<String>, account: impl Into<String>) -> Self {
        Self { source: source.into(), account: account.into() }
    }
}

/// Bytes that a source keeps for an account: an identity provider's refresh token, sealed by whoever writes it. A store
/// does not look into it.
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
