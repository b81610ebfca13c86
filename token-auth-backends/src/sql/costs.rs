//! What is computed for names that are not in the table: learnt from the hashes of its newest rows.

use std::sync::Arc;
use std::time::Duration;

use arc_swap::ArcSwapOption;
use tokio::sync::Mutex;
use tokio::time::Instant;

use super::fault::Fault;
use super::link::Link;
use crate::database::{Database, each};
use crate::decoys::Decoys;
use crate::password::{HashLimits, PasswordHash};

/// How often they are learnt anew.
const LIFETIME: Duration = Duration::from_secs(5 * 60);

const ASK: [&str; 3] = [
    "SELECT password_hash::text FROM xorm_user ORDER BY id DESC LIMIT 1000",
    "SELECT CAST(password_hash AS CHAR) FROM xorm_user ORDER BY id DESC LIMIT 1000",
    "SELECT CAST(password_hash AS TEXT) FROM xorm_user ORDER BY id DESC LIMIT 1000",
];

#[derive(Default)]
pub(super) struct Costs {
    known: ArcSwapOption<Known>,
    learning: Mutex<()>,
}

struct Known {
    decoys: Arc<Decoys>,
    since: Instant,
}

impl Costs {
    pub(super) fn succeed(&self, previous: &Self) {
        self.known.store(previous.known.load_full());
    }

    /// Those that are known, however long; and whether it is time to learn them anew.
    pub(super) fn known(&self) -> Option<(Arc<Decoys>, bool)> {
        let known = self.known.load();
        let known = known.as_ref()?;
        Some((Arc::clone(&known.decoys), known.since.elapsed() >= LIFETIME))
    }

    /// One asks; who comes meanwhile waits for that answer.
    pub(super) async fn learn(
        &self,
        link: &Link,
        limits: &HashLimits,
        limit: Duration,
    ) -> Result<Arc<Decoys>, Fault> {
        let whole = async {
            let _learning = self.learning.lock().await;
            if let Some((decoys, false)) = self.known() {
                return Ok(decoys);
            }
            let hashes = link.ask(limit, |opened| async move { hashes(&opened.database).await }).await?;
            let parsed = hashes.iter().flatten().filter_map(|hash| PasswordHash::parse(hash, limits).ok());
            let decoys = Arc::new(parsed.collect());
            self.known.store(Some(Arc::new(Known { decoys: Arc::clone(&decoys), since: Instant::now() })));
            Ok(decoys)
        };
        tokio::time::timeout(limit, whole).await.unwrap_or(Err(Fault::TimedOut(limit)))
    }
}

async fn hashes(database: &Database) -> Result<Vec<Option<String>>, Fault> {
    let [postgres, mysql, sqlite] = ASK;
    let ask = match database {
        Database::Postgres(_) => postgres,
        Database::MySql(_) => mysql,
        Database::Sqlite(_) => sqlite,
    };
    Ok(each!(database, pool => sqlx::query_scalar(ask).fetch_all(pool).await)?)
}
