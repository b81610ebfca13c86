//! The open database: closed and opened again after a failure of the disk, which redb itself does not get over.

use std::fs::File;
use std::path::{Path, PathBuf};
use std::sync::{PoisonError, RwLock};

use redb::backends::FileBackend;
use redb::{Database, StorageError};

use super::error::Fault;
use super::file::{self, Found};
use super::tables::Writing;
use crate::file_id::{FileId, Moved};

/// Enough for the upper levels of the trees; the operating system keeps the rest.
const CACHE_BYTES: usize = 16 << 20;

pub(super) struct Held {
    path: PathBuf,
    id: FileId,
    state: RwLock<State>,
}

struct State {
    /// Nothing after it could not be opened again.
    database: Option<Database>,
    /// Tells one opening from the next.
    generation: u64,
}

impl Held {
    /// The database in this file, which is the one under this name.
    pub(super) fn new(file: File, path: PathBuf, id: FileId) -> Result<Self, Fault> {
        let database = database(file)?;
        Writing::prepare(&database)?;
        let state = RwLock::new(State { database: Some(database), generation: 0 });
        Ok(Self { path, id, state })
    }

    pub(super) fn path(&self) -> &Path {
        &self.path
    }

    pub(super) fn id(&self) -> FileId {
        self.id
    }

    /// Runs an operation, if the file is still where it was. One that finds the database broken is run a second time after
    /// the database has been opened again.
    pub(super) fn run<T>(
        &self,
        mut operation: impl FnMut(&Database) -> Result<T, Fault>,
    ) -> Result<T, Fault> {
        self.id.check(&self.path)?;
        let (answer, generation) = self.attempt(&mut operation);
        match answer {
            Err(fault) if fault.breaks_the_database() => {
                self.open_again(generation)?;
                match self.attempt(&mut operation).0 {
                    Err(Fault::OnlyOnce) => Err(fault),
                    answer => answer,
                }
            }
            answer => answer,
        }
    }

    fn attempt<T>(
        &self,
        operation: &mut impl FnMut(&Database) -> Result<T, Fault>,
    ) -> (Result<T, Fault>, u64) {
        let state = self.state.read().unwrap_or_else(PoisonError::into_inner);
        let answer = state.database.as_ref().ok_or(Fault::Closed).and_then(operation);
        (answer, state.generation)
    }

    /// Once for all who have found the same opening broken.
    fn open_again(&self, broken: u64) -> Result<(), Fault> {
        let mut state = self.state.write().unwrap_or_else(PoisonError::into_inner);
        if state.generation != broken {
            return Ok(());
        }
        // With it goes its lock on the file.
        drop(state.database.take());
        let Found::Store(file) = file::find(&self.path).map_err(StorageError::Io)? else {
            return Err(Moved::Replaced(self.path.clone()).into());
        };
        if FileId::of(&file.metadata().map_err(StorageError::Io)?) != self.id {
            return Err(Moved::Replaced(self.path.clone()).into());
        }
        state.database = Some(database(file)?);
        state.generation += 1;
        tracing::info!(file = %self.path.display(), "opened the token store again after a failure");
        Ok(())
    }
}

fn database(file: File) -> Result<Database, Fault> {
    let backend = FileBackend::new(file)?;
    Ok(Database::builder().set_cache_size(CACHE_BYTES).create_with_backend(backend)?)
}
