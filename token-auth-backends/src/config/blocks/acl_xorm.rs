//! The block `acl_xorm`: rules in a database.

use super::database::{BYTES, DATABASE};
use crate::config::block::{Block, with_feature};
use crate::config::kind::{Key, Kind};

pub(in crate::config) static BLOCK: Block =
    Block::authorizer(KEY).built("sql", with_feature!("sql", served::HANDLING));

const KEY: Key = Key::new(
    "acl_xorm",
    Kind::Keys(&[DATABASE, TIMES]),
    "Rules in the table `xorm_acl_entry` of a database, in the order of `seq`.",
);

const TIMES: &[Key] = &[
    Key::new("cache_ttl", Kind::TIME, "After how long a change of the table counts at the latest.")
        .usual()
        .default("1m"),
    Key::new(
        "keep_while_away",
        Kind::TIME_OR_ZERO,
        "For how much longer the last rules count while the database is away; then answers are 503.",
    )
    .ours()
    .default("0"),
    Key::new(
        "keep_while_wrong",
        Kind::TIME_OR_ZERO,
        "For how much longer the last good rules count while a row is no rule; then answers are 503.",
    )
    .ours()
    .default("1h"),
    Key::new("rules", Kind::COUNT, "How many rules there may be.").ours().default("200000"),
    Key::new("answer_bytes", BYTES, "Bytes of all rules together.").ours().default("67108864"),
];

#[cfg(feature = "sql")]
mod served {
    use std::time::Duration;

    use crate::config::block::Handling;
    use crate::config::blocks::database::Located;
    use crate::config::field::Field;
    use crate::config::parts::Parts;
    use crate::config::{Assembly, Config};
    use crate::sql::{SqlAcl, SqlAclOptions};

    /// The block, as it was read.
    #[derive(Debug)]
    struct AclXorm {
        located: Located,
        timeout: Duration,
        cache_ttl: Duration,
        keep_while_away: Duration,
        keep_while_wrong: Duration,
        rules: usize,
        answer_bytes: usize,
    }

    pub(super) const HANDLING: Handling = Handling::new(read, join);

    fn read(field: &Field<'_>, parts: &mut Parts) {
        let Some(section) = field.section() else { return };
        let located = Located::read(&section);
        let duration = |key| section.get(key).and_then(|field| field.duration());
        let count = |key| section.get(key).and_then(|field| field.count());
        let timeout = duration("timeout").unwrap_or(SqlAclOptions::TIMEOUT);
        let cache_ttl = duration("cache_ttl").unwrap_or(SqlAclOptions::CACHE_TTL);
        let keep_while_away = duration("keep_while_away").unwrap_or_default();
        let keep_while_wrong = duration("keep_while_wrong").unwrap_or(SqlAclOptions::KEEP_WHILE_WRONG);
        let rules = count("rules").unwrap_or(SqlAclOptions::RULES);
        let answer_bytes = count("answer_bytes").unwrap_or(SqlAclOptions::ANSWER_BYTES);
        section.finish();
        let Some(located) = located else { return };
        parts.insert(AclXorm {
            located,
            timeout,
            cache_ttl,
            keep_while_away,
            keep_while_wrong,
            rules,
            answer_bytes,
        });
    }

    fn join(config: &mut Config, assembly: &mut Assembly) {
        let Some(block) = config.part::<AclXorm>() else { return };
        let Some(database) = assembly.take(block.located.database(), &block.located.spot) else { return };
        let mut options = SqlAclOptions::new(database);
        options.timeout = block.timeout;
        options.cache_ttl = block.cache_ttl;
        options.keep_while_away = block.keep_while_away;
        options.keep_while_wrong = block.keep_while_wrong;
        options.rules = block.rules;
        options.answer_bytes = block.answer_bytes;
        assembly.authorizer(SqlAcl::new(options));
    }
}
