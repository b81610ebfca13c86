//! The block `xorm_auth`: accounts in a database.

use super::database::{BYTES, DATABASE};
use crate::config::block::{Block, with_feature};
use crate::config::kind::{Key, Kind};
use crate::config::source::SourceName;

pub(in crate::config) static BLOCK: Block =
    Block::authenticator(KEY).labels(|_| None).built("sql", with_feature!("sql", served::HANDLING));

const KEY: Key = Key::new(
    "xorm_auth",
    Kind::Keys(&[DATABASE, BOUNDS, SourceName::KEYS]),
    "Accounts in the table `xorm_user` of a database. Their labels act as patterns in `${labels:…}`.",
);

const BOUNDS: &[Key] = &[
    Key::new("connections", Kind::COUNT, "How many connections there may be.").ours().default("8"),
    Key::new("answer_bytes", BYTES, "Bytes of an answer.").ours().default("8388608"),
    Key::new(
        "owned_ttl",
        Kind::TIME_OR_ZERO,
        "How long it is remembered whether the table has an account, for the logins of other sources.",
    )
    .ours()
    .default("30s"),
];

#[cfg(feature = "sql")]
mod served {
    use std::sync::Arc;
    use std::time::Duration;

    use crate::config::block::Handling;
    use crate::config::blocks::database::Located;
    use crate::config::field::Field;
    use crate::config::parts::Parts;
    use crate::config::source::SourceName;
    use crate::config::{Assembly, Config, Limits};
    use crate::password::HashLimits;
    use crate::sql::{SqlUsers, SqlUsersOptions};

    /// The block, as it was read.
    #[derive(Debug)]
    struct XormAuth {
        located: Located,
        name: SourceName,
        timeout: Duration,
        connections: u32,
        answer_bytes: usize,
        owned: Duration,
        hash_limits: HashLimits,
    }

    pub(super) const HANDLING: Handling = Handling::new(read, join);

    fn read(field: &Field<'_>, parts: &mut Parts) {
        let Some(section) = field.section() else { return };
        let (located, name) = (Located::read(&section), SourceName::read(&section, "xorm"));
        let duration = |key| section.get(key).and_then(|field| field.duration());
        let count = |key| section.get(key).and_then(|field| field.count());
        let timeout = duration("timeout").unwrap_or(SqlUsersOptions::TIMEOUT);
        let connections = count("connections").and_then(|count| u32::try_from(count).ok());
        let connections = connections.unwrap_or(SqlUsersOptions::CONNECTIONS);
        let answer_bytes = count("answer_bytes").unwrap_or(SqlUsersOptions::ANSWER_BYTES);
        let owned = duration("owned_ttl").unwrap_or(SqlUsersOptions::OWNED);
        section.finish();
        let hash_limits = parts.get::<Limits>().map(|limits| limits.hashes.clone()).unwrap_or_default();
        if let (Some(located), Some(name)) = (located, name) {
            parts.insert(XormAuth { located, name, timeout, connections, answer_bytes, owned, hash_limits });
        }
    }

    fn join(config: &mut Config, assembly: &mut Assembly) {
        let Some(block) = config.part::<XormAuth>() else { return };
        let Some(database) = assembly.take(block.located.database(), &block.located.spot) else { return };
        let mut options = SqlUsersOptions::new(database);
        options.timeout = block.timeout;
        options.connections = block.connections;
        options.answer_bytes = block.answer_bytes;
        options.owned = block.owned;
        options.hash_limits = block.hash_limits.clone();
        let decoys = std::mem::take(&mut assembly.decoys);
        let users = SqlUsers::with_decoys(options, Arc::clone(assembly.verifier()), decoys);
        assembly.source(&block.name, users);
    }
}
