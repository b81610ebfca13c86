//! A database that is opened when it is first asked, and again when its file is another one.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use tokio::time::timeout;

use super::SqlDatabase;
use super::fault::Fault;
use super::table::Table;
use crate::database::{Bounds, Opened};
use crate::file_id::Moved;

pub(super) struct Link {
    database: SqlDatabase,
    table: Table,
    bounds: Bounds,
    opened: Mutex<Option<Arc<Opened>>>,
}

impl Link {
    pub(super) fn new(database: SqlDatabase, table: Table, bounds: Bounds) -> Self {
        let bounds = Bounds { timeout: database.within(bounds.timeout), ..bounds };
        Self { database, table, bounds, opened: Mutex::default() }
    }

    /// Goes on with the connections of an earlier one of the same table, if it would have made the same.
    pub(super) fn succeed(&self, previous: &Self) -> bool {
        let is_same = (&self.database, self.table) == (&previous.database, previous.table);
        if is_same && self.bounds == previous.bounds {
            let opened = previous.opened.lock().unwrap_or_else(PoisonError::into_inner).clone();
            *self.opened.lock().unwrap_or_else(PoisonError::into_inner) = opened;
        }
        is_same
    }

    pub(super) fn answer_bytes(&self) -> usize {
        self.bounds.answer_bytes
    }

    /// The answer to a question, within this time at most. A table that is not there is made, and asked again.
    pub(super) async fn ask<T, F>(
        &self,
        limit: Duration,
        question: impl Fn(Arc<Opened>) -> F,
    ) -> Result<T, Fault>
    where
        F: Future<Output = Result<T, Fault>>,
    {
        let limit = limit.min(self.bounds.timeout);
        let whole = async {
            let opened = self.open()?;
            match question(Arc::clone(&opened)).await {
                Err(fault) if fault.is_missing_table() => {
                    self.table.make(&opened.database).await?;
                    question(opened).await
                }
                answer => answer,
            }
        };
        timeout(limit, whole).await.unwrap_or(Err(Fault::TimedOut(limit)))
    }

    fn open(&self) -> Result<Arc<Opened>, Fault> {
        let mut known = self.opened.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(opened) = &*known {
            match opened.file.as_ref().map(|(path, id)| id.check(path)) {
                None | Some(Ok(())) => return Ok(Arc::clone(opened)),
                // Put in its place by somebody who has written all of it beforehand.
                Some(Err(Moved::Replaced(_))) => {}
                // An empty one in its place would be a table without accounts.
                Some(Err(Moved::Away(path) | Moved::Unknown { path, .. })) => return Err(Fault::Away(path)),
            }
        }
        // The time of the question ends first: it says more.
        let bounds = Bounds { timeout: self.bounds.timeout * 2, ..self.bounds };
        let opened = Arc::new(self.database.open(bounds)?);
        *known = Some(Arc::clone(&opened));
        Ok(opened)
    }
}
