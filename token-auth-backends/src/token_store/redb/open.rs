//! Opening a file once in a process.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError, Weak};

use super::error::Fault;
use super::file::{self, Found};
use super::held::Held;
use super::writer::Writer;
use super::{Inner, RedbStoreError, RedbTokenStore};
use crate::file_id::{FileId, Moved};

/// What this process has open: redb's lock would refuse it a second time.
static OPEN: Mutex<Vec<Weak<Inner>>> = Mutex::new(Vec::new());

/// The store in this file: the one that is open already, or a new one. While a store is open, nothing else takes its name.
pub(super) fn shared(path: &Path) -> Result<RedbTokenStore, RedbStoreError> {
    let failed = |source| RedbStoreError::File { path: path.to_owned(), source };
    let moved = |why| RedbStoreError::Moved { path: path.to_owned(), source: Box::new(why) };
    let mut open = OPEN.lock().unwrap_or_else(PoisonError::into_inner);
    open.retain(|store| store.strong_count() > 0);
    let stores: Vec<Arc<Inner>> = open.iter().filter_map(Weak::upgrade).collect();
    let real = real_path(path).map_err(failed)?;
    let namesake = stores.iter().find(|store| store.held.path() == real);
    let file = match (file::find(path).map_err(failed)?, namesake) {
        (Found::Store(file), _) => file,
        (_, Some(_)) => return Err(moved(Moved::Away(real))),
        (Found::Nothing, None) => file::make(path).map_err(failed)?,
        (Found::Foreign(what), None) => {
            return Err(RedbStoreError::Content { path: path.to_owned(), source: what.into() });
        }
    };
    let id = FileId::of(&file.metadata().map_err(failed)?);
    if let Some(store) = stores.iter().find(|store| store.held.id() == id) {
        id.check(store.held.path()).map_err(moved)?;
        return Ok(RedbTokenStore(Arc::clone(store)));
    }
    if namesake.is_some() {
        return Err(moved(Moved::Replaced(real)));
    }
    let held = Held::new(file, real, id).map_err(|fault| unusable(path, fault))?;
    let held = Arc::new(held);
    let writer = Writer::start(Arc::clone(&held)).map_err(failed)?;
    let store = Arc::new(Inner { writer, held });
    open.push(Arc::downgrade(&store));
    Ok(RedbTokenStore(store))
}

/// The path without links, also of a file that is not there yet.
fn real_path(path: &Path) -> io::Result<PathBuf> {
    match fs::canonicalize(path) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => {
            let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty());
            let folder = fs::canonicalize(folder.unwrap_or(Path::new(".")))?;
            Ok(path.file_name().map_or_else(|| folder.clone(), |name| folder.join(name)))
        }
        real => real,
    }
}

fn unusable(path: &Path, fault: Fault) -> RedbStoreError {
    let path = path.to_owned();
    match fault {
        Fault::Database(error) if matches!(*error, redb::Error::DatabaseAlreadyOpen) => {
            RedbStoreError::InUse { path }
        }
        fault => RedbStoreError::Content { path, source: Box::new(fault) },
    }
}
