//! Opening a file once in a process.

use std::collections::HashMap;
use std::fs::{self, File, OpenOptions, Permissions};
use std::io;
use std::os::unix::fs::{MetadataExt as _, OpenOptionsExt as _, PermissionsExt as _};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError, Weak};

use redb::backends::FileBackend;
use redb::{Database, DatabaseError};

use super::tables::Writing;
use super::writer::Writer;
use super::{Inner, RedbStoreError, RedbTokenStore};

/// Enough for the upper levels of the trees; the operating system keeps the rest.
const CACHE_BYTES: usize = 16 << 20;

/// Device and inode.
type FileId = (u64, u64);

/// What this process has open, by file: redb's lock would refuse it a second time.
static OPEN: Mutex<Option<HashMap<FileId, Weak<Inner>>>> = Mutex::new(None);

/// The store in this file: the one that is open already, or a new one.
pub(super) fn shared(path: &Path) -> Result<RedbTokenStore, RedbStoreError> {
    let failed = |source| RedbStoreError::File { path: path.to_owned(), source };
    let mut open = OPEN.lock().unwrap_or_else(PoisonError::into_inner);
    let open = open.get_or_insert_default();
    open.retain(|_, store| store.strong_count() > 0);
    let file = private(path).map_err(failed)?;
    let metadata = file.metadata().map_err(failed)?;
    let id = (metadata.dev(), metadata.ino());
    if let Some(store) = open.get(&id).and_then(Weak::upgrade) {
        return Ok(RedbTokenStore(store));
    }
    let path = fs::canonicalize(path).map_err(failed)?;
    let store = Arc::new(inner(file, path)?);
    open.insert(id, Arc::downgrade(&store));
    Ok(RedbTokenStore(store))
}

/// The file, made if it is not there, and nobody else's to read.
fn private(path: &Path) -> io::Result<File> {
    let file =
        OpenOptions::new().read(true).write(true).create(true).truncate(false).mode(0o600).open(path)?;
    if file.metadata()?.permissions().mode() & 0o077 != 0 {
        tracing::warn!(file = %path.display(), "the token store was open to other users: it is private now");
        file.set_permissions(Permissions::from_mode(0o600))?;
    }
    Ok(file)
}

fn inner(file: File, path: PathBuf) -> Result<Inner, RedbStoreError> {
    let unusable = |source: Box<dyn std::error::Error + Send + Sync>| RedbStoreError::Content {
        path: path.clone(),
        source,
    };
    let failed = |error| match error {
        DatabaseError::DatabaseAlreadyOpen => RedbStoreError::InUse { path: path.clone() },
        error => unusable(Box::new(error)),
    };
    let backend = FileBackend::new(file).map_err(failed)?;
    let database =
        Database::builder().set_cache_size(CACHE_BYTES).create_with_backend(backend).map_err(failed)?;
    Writing::prepare(&database).map_err(|fault| unusable(Box::new(fault)))?;
    let database = Arc::new(database);
    let writer = Writer::start(Arc::clone(&database))
        .map_err(|source| RedbStoreError::File { path: path.clone(), source })?;
    Ok(Inner { writer, database, path })
}
