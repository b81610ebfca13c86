//! Who searches, and on which connection.

use super::connection::{Entries, Search};
use super::failure::Failure;
use super::pool::{Lease, Pool, Role};

/// Who searches.
pub(super) enum Searcher<'s, 'p> {
    /// The service account, on whichever server answers.
    Service(&'p Pool),
    /// The user who is bound on this connection.
    User(&'s mut Lease<'p>),
}

impl Searcher<'_, '_> {
    pub(super) async fn search(&mut self, search: &Search<'_>) -> Result<Entries, Failure> {
        let pool = match self {
            Self::User(lease) => return lease.connection().search(search).await,
            Self::Service(pool) => pool,
        };
        let mut attempts = pool.begin(Role::Service).await?;
        loop {
            let mut lease = attempts.connection().await?;
            match lease.connection().search(search).await {
                Ok(found) => {
                    lease.keep();
                    return Ok(found);
                }
                Err(failure) => attempts.failed(lease, failure)?,
            }
        }
    }
}
