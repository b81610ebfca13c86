//! Redis as the store: one server or a cluster, for as many replicas as there are.

mod dial;
#[cfg(all(feature = "oauth2", feature = "password"))]
mod docker_auth;
mod error;
mod keys;
mod link;
mod options;
mod scripts;
mod walk;

use std::borrow::Cow;
use std::fmt;
use std::sync::Arc;
use std::time::SystemTime;

use futures_util::{StreamExt as _, TryStreamExt as _, stream};
use redis::{Cmd, ErrorKind, Value, cmd};
use token_auth_core::{
    BackendError, Blob, BlobKey, BlobStore, BlobVersion, BlobWrite, LastUse, Memory, PageCursor, RandomIds,
    Succeed, TOUCH_RESOLUTION, TokenId, TokenIds as _, TokenKind, TokenPage, TokenQuery, TokenRecord,
    TokenStore, async_trait, unix_seconds,
};
use tokio::sync::OnceCell;

#[cfg(all(feature = "oauth2", feature = "password"))]
pub use docker_auth::DockerAuthPasswords;
pub use error::RedisStoreError;
pub use options::{RedisAddress, RedisOptions, RedisServers, RedisTls};

use super::coded::{Unreadable, decode, encode};
use super::implement::implement_token_store;
use super::listed::{page, surplus};
use error::{Fault, NAME};
use keys::{IndexEntry, Keys};
use link::Link;
use scripts::script;
use walk::{AT_ONCE, Walk};

/// What the keys of docker_auth's token database begin with; then comes the account.
const DOCKER_AUTH_PREFIX: &str = "t:";
/// How long a record stays in Redis after its end, for clocks that differ. Whether a token is good, its record says.
const GRACE_SECONDS: u64 = 3600;
/// How long an insertion may take.
const PENDING_SECONDS: u64 = 60;
/// Times beyond this one (in the year 33658) are no times for Redis to expire at.
const LAST_SECOND: u64 = 1_000_000_000_000;

/// A [`TokenStore`] in Redis 6.2 or later (also Valkey), single or cluster. Needs a tokio runtime.
///
/// * Replicas share it, and nothing is remembered in the process: a revocation counts on all of them at once.
/// * What has been answered is as safe as Redis is set to keep it: only with `appendonly yes` and `appendfsync always` does
///   it survive a power failure, and a replica that takes over may lack the last seconds. See the guide.
/// * `maxmemory-policy` must be `noeviction`, or one of `volatile-…`: otherwise Redis removes the index by which the tokens
///   of an account are revoked.
/// * Records leave Redis by themselves an hour after they have ended.
/// * Connections are made when they are needed, and again after every failure.
///
/// ```no_run
/// use token_auth_backends::token_store::redis::{RedisOptions, RedisServers, RedisTokenStore};
///
/// let options = RedisOptions::new(RedisServers::Single("redis.example.com:6379".parse()?));
/// let store = RedisTokenStore::new(&options)?;
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone)]
pub struct RedisTokenStore(Arc<Inner>);

struct Inner {
    link: Link,
    keys: Keys,
    servers: RedisServers,
    docker_auth: Vec<String>,
    /// Set once it has been looked at.
    policy: OnceCell<()>,
}

/// What is under the key of an id.
enum Found {
    Nothing,
    /// An insertion is under way.
    Pending,
    Record(Box<TokenRecord>),
}

impl RedisTokenStore {
    /// A store at these servers, which are not asked for anything yet.
    ///
    /// # Errors
    ///
    /// When the options make no sense.
    pub fn new(options: &RedisOptions) -> Result<Self, RedisStoreError> {
        let (link, keys) = (Link::new(options)?, Keys(options.prefix.clone()));
        let servers = options.servers.clone();
        let docker_auth = options.docker_auth.clone();
        Ok(Self(Arc::new(Inner { link, keys, servers, docker_auth, policy: OnceCell::new() })))
    }

    /// The answer of an operation, after a look at how Redis is set.
    async fn run<T>(&self, operation: impl Future<Output = Result<T, Fault>>) -> Result<T, BackendError> {
        let whole = async {
            self.0.policy.get_or_try_init(|| self.0.look_at_policy()).await?;
            operation.await
        };
        whole.await.map_err(|fault| BackendError::new(NAME, fault))
    }
}

impl Inner {
    async fn insert(&self, record: &TokenRecord) -> Result<(), Fault> {
        let key = self.keys.record(&record.id);
        let pending = RandomIds.next_id().map_err(|_| Fault::NoRandomness)?;
        // First the id is taken, then the index made, then the record written, if the id is still taken. So there is
        // never a record without its entries, and an entry without anything under its id is none for good.
        let reserve = script(scripts::RESERVE, &key, (&pending, PENDING_SECONDS));
        if !self.link.ask::<bool>(&reserve).await? {
            return Err(Fault::Present);
        }
        let entry = IndexEntry::of(record);
        for set in self.sets(&entry) {
            let mut add = cmd("ZADD");
            add.arg(set).arg(0).arg(entry.bytes());
            self.link.ask::<()>(&add).await?;
        }
        let seconds = |time| unix_seconds(time).to_string();
        let idle = record.idle.map(|idle| idle.as_secs().to_string());
        let fields: [(&str, Vec<u8>); 6] = [
            ("record", encode(record)?),
            ("account", record.account.clone().into()),
            ("kind", record.kind.as_str().into()),
            ("expires", record.expires.map(seconds).unwrap_or_default().into()),
            ("idle", idle.unwrap_or_default().into()),
            ("active", seconds(record.last_active()).into()),
        ];
        let mut insert = script(scripts::INSERT, &key, &pending);
        insert.arg(remove_at(record).map(|second| second.to_string()).unwrap_or_default());
        for (name, value) in fields {
            insert.arg(name).arg(value);
        }
        match self.link.ask(&insert).await? {
            true => Ok(()),
            false => Err(Fault::Overtaken),
        }
    }

    async fn find(&self, id: &TokenId) -> Result<Found, Fault> {
        let mut get = cmd("HMGET");
        get.arg(self.keys.record(id)).arg("record").arg("use").arg("pending");
        let found = self.link.ask::<[Option<Vec<u8>>; 3]>(&get).await;
        let [record, last_use, pending] = match found {
            Err(Fault::Redis(error)) if error.code() == Some("WRONGTYPE") => return Err(Fault::NoRecord),
            found => found?,
        };
        let Some(record) = record else {
            return Ok(if pending.is_some() { Found::Pending } else { Found::Nothing });
        };
        let mut record = decode(&record)?;
        if let Some(json) = last_use {
            record.last_use = Some(serde_json::from_slice(&json).map_err(Unreadable::from)?);
        }
        Ok(Found::Record(Box::new(record)))
    }

    async fn get(&self, id: &TokenId) -> Result<Option<TokenRecord>, Fault> {
        Ok(match self.find(id).await? {
            Found::Record(record) => Some(*record),
            Found::Pending | Found::Nothing => None,
        })
    }

    async fn touch(&self, id: &TokenId, last_use: &LastUse) -> Result<(), Fault> {
        let json = serde_json::to_vec(last_use).map_err(Unreadable::from)?;
        let grace = GRACE_SECONDS + TOUCH_RESOLUTION.as_secs();
        let arguments = (json, unix_seconds(last_use.time), grace, LAST_SECOND);
        self.link.ask(&script(scripts::TOUCH, &self.keys.record(id), arguments)).await
    }

    async fn list(
        &self,
        query: &TokenQuery,
        after: Option<&PageCursor>,
        limit: usize,
    ) -> Result<TokenPage, Fault> {
        let after = after.map(|cursor| cursor.as_str().parse::<TokenId>()).transpose();
        let after = after.map_err(|_| Fault::Cursor)?;
        let mut walk = Walk::new(self, query, after.as_ref());
        let mut found = Vec::new();
        // One more than asked for tells whether there is another page.
        while found.len() <= limit {
            match walk.records(limit.saturating_add(1) - found.len()).await? {
                Some(some) => found.extend(some),
                None => break,
            }
        }
        Ok(page(found, limit))
    }

    async fn revoke(&self, id: &TokenId) -> Result<bool, Fault> {
        let revoke = script(scripts::REVOKE, &self.keys.record(id), &[] as &[&str]);
        let of: Option<[Vec<u8>; 2]> = self.link.ask(&revoke).await?;
        let Some(of) = of else { return Ok(false) };
        // It is gone. What is left in the index of one that cannot be read is taken out when it is seen there.
        let [kind, account] = of.map(String::from_utf8);
        if let (Ok(kind), Ok(account)) = (kind, account)
            && let Ok(kind) = kind.parse()
        {
            self.forget(&[IndexEntry { id: id.clone(), kind, account }]).await;
        }
        Ok(true)
    }

    async fn revoke_account(&self, account: &str, kind: Option<TokenKind>) -> Result<u64, Fault> {
        let mut query = TokenQuery::all().of_account(account);
        query.kind = kind;
        let mut walk = Walk::new(self, &query, None);
        let mut removed = 0;
        while let Some(entries) = walk.entries(usize::MAX).await? {
            let revoke = |entry: &IndexEntry| {
                let key = self.keys.record(&entry.id);
                script(scripts::REVOKE_OF, &key, (entry.kind.as_str(), account))
            };
            removed += self.sum(entries.iter().map(revoke).collect()).await?;
            self.forget(&entries).await;
        }
        if kind != Some(TokenKind::Refresh) {
            let names = self.docker_auth.iter().filter_map(|prefix| account.strip_prefix(prefix.as_str()));
            for name in names.filter(|name| !name.is_empty()) {
                let mut remove = cmd("DEL");
                remove.arg(format!("{DOCKER_AUTH_PREFIX}{name}"));
                removed += self.link.ask::<u64>(&remove).await?;
            }
        }
        Ok(removed)
    }

    async fn purge(&self, now: SystemTime) -> Result<u64, Fault> {
        let mut walk = Walk::new(self, &TokenQuery::all(), None);
        let mut removed = 0;
        while let Some(records) = walk.records(usize::MAX).await? {
            let ended: Vec<_> = records
                .into_iter()
                .filter_map(|token| token.record.filter(|record| record.has_ended(now)))
                .collect();
            let remove = |record: &TokenRecord| {
                let active = unix_seconds(record.last_active());
                script(scripts::REMOVE_UNUSED, &self.keys.record(&record.id), active)
            };
            removed += self.sum(ended.iter().map(remove).collect()).await?;
        }
        Ok(removed)
    }

    async fn trim(&self, account: &str, kind: TokenKind, keep: usize) -> Result<u64, Fault> {
        let query = TokenQuery::all().of_account(account).of_kind(kind);
        let (mut walk, mut count) = (Walk::new(self, &query, None), 0);
        while count <= keep
            && let Some(entries) = walk.entries(usize::MAX).await?
        {
            count += entries.len();
        }
        if count <= keep {
            return Ok(0);
        }
        let (mut walk, mut found) = (Walk::new(self, &query, None), Vec::new());
        while let Some(records) = walk.records(usize::MAX).await? {
            found.extend(records);
        }
        let mut removed = 0;
        for id in surplus(found, keep) {
            removed += u64::from(self.revoke(&id).await?);
        }
        Ok(removed)
    }

    /// Warns of a Redis that removes what it likes.
    async fn look_at_policy(&self) -> Result<(), Fault> {
        let mut info = cmd("INFO");
        let answer: Value = match self.link.ask(info.arg("memory")).await {
            Ok(answer) => answer,
            // Without the right to ask, or behind something that does not know the question.
            Err(Fault::Redis(error))
                if matches!(error.kind(), ErrorKind::Server(_) | ErrorKind::Extension) =>
            {
                Value::Nil
            }
            Err(fault) => return Err(fault),
        };
        // Of a cluster, one from each node.
        let answer = format!("{answer:?}");
        let policies = answer.split("maxmemory_policy:").skip(1);
        let mut policies = policies
            .filter_map(|rest| rest.split(|byte: char| !byte.is_ascii_lowercase() && byte != '-').next());
        if let Some(policy) = policies.find(|policy| policy.starts_with("allkeys")) {
            tracing::warn!(
                policy,
                "Redis removes what it likes when its memory is full, also what tokens are revoked by: set \
                 `maxmemory-policy noeviction`"
            );
        }
        Ok(())
    }

    async fn read_blob(&self, key: &BlobKey) -> Result<Option<Blob>, Fault> {
        let mut get = cmd("HMGET");
        get.arg(self.keys.blob(key)).arg("version").arg("data");
        let (version, data): (Option<String>, Option<Vec<u8>>) = self.link.ask(&get).await?;
        Ok(version.zip(data).map(|(version, data)| Blob::new(data, BlobVersion::new(version))))
    }

    async fn write_blob(
        &self,
        key: &BlobKey,
        expected: Option<&BlobVersion>,
        data: &[u8],
    ) -> Result<BlobWrite, Fault> {
        let version = RandomIds.next_id().map_err(|_| Fault::NoRandomness)?;
        let expected = expected.map_or("", BlobVersion::as_str);
        let write = script(scripts::WRITE_BLOB, &self.keys.blob(key), (expected, &version, data));
        Ok(match self.link.ask(&write).await? {
            true => BlobWrite::Written(BlobVersion::new(version)),
            false => BlobWrite::Conflict,
        })
    }

    async fn remove_blob(&self, key: &BlobKey) -> Result<bool, Fault> {
        let mut remove = cmd("DEL");
        remove.arg(self.keys.blob(key));
        self.link.ask(&remove).await
    }

    /// The sorted sets in which an entry is.
    fn sets(&self, entry: &IndexEntry) -> [Vec<u8>; 2] {
        [self.keys.account(&entry.account), self.keys.all_with(&entry.id)]
    }

    /// Takes entries out of the index whose records are gone for good. Whatever is left of them is passed over, and tried
    /// again when it is next seen.
    async fn forget(&self, entries: &[IndexEntry]) {
        let remove = |entry: &IndexEntry| {
            self.sets(entry).map(|set| {
                let mut remove = cmd("ZREM");
                remove.arg(set).arg(entry.bytes());
                remove
            })
        };
        if let Err(fault) = self.sum(entries.iter().flat_map(remove).collect()).await {
            tracing::debug!(error = %fault, "the index of tokens is cleared up later");
        }
    }

    /// The sum of what these are answered with.
    async fn sum(&self, commands: Vec<Cmd>) -> Result<u64, Fault> {
        let ask = |command: Cmd| async move { self.link.ask::<u64>(&command).await };
        let mut counts = stream::iter(commands).map(ask).buffer_unordered(AT_ONCE);
        let mut sum = 0;
        while let Some(count) = counts.try_next().await? {
            sum += count;
        }
        Ok(sum)
    }
}

/// When Redis may remove a record.
fn remove_at(record: &TokenRecord) -> Option<u64> {
    let second = unix_seconds(record.end()?).saturating_add(GRACE_SECONDS);
    (second <= LAST_SECOND).then_some(second)
}

implement_token_store!(
    RedisTokenStore,
    fn memory(&self) -> Option<&dyn Memory> {
        Some(self)
    }
);

/// Goes on with the connection.
impl Succeed for RedisTokenStore {
    fn succeed(&self, previous: &Self) {
        self.0.link.succeed(&previous.0.link);
    }
}

impl fmt::Debug for RedisTokenStore {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("RedisTokenStore").field("servers", &self.0.servers).finish_non_exhaustive()
    }
}
