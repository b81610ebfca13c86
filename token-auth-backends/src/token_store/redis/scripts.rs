//! What has to happen in one step. Each script touches one key, so that it works in a cluster, too. They are sent as they
//! are each time: short, and nothing can be forgotten by a server that was started again.
//!
//! A record is a hash:
//!
//! | field | |
//! |---|---|
//! | `pending` | who is about to insert it; nothing else is there then |
//! | `record` | JSON, as it was inserted |
//! | `account`, `kind` | of it |
//! | `expires`, `idle` | seconds, or empty |
//! | `active` | when it was last used, or else made |
//! | `use` | JSON of the last use that was noted since |

use redis::{Cmd, ToRedisArgs, cmd};

/// `pending`, seconds: takes an id for an insertion. Says whether it was free, or is taken
/// for this one already.
pub(super) const RESERVE: &str = "
if redis.call('HGET', KEYS[1], 'pending') == ARGV[1] then return 1 end
if redis.call('EXISTS', KEYS[1]) == 1 then return 0 end
redis.call('HSET', KEYS[1], 'pending', ARGV[1])
redis.call('EXPIRE', KEYS[1], ARGV[2])
return 1";

/// `pending`, end, fields: inserts what the id was taken for. Says whether it still was.
pub(super) const INSERT: &str = "
if redis.call('HGET', KEYS[1], 'pending') ~= ARGV[1] then return 0 end
redis.call('DEL', KEYS[1])
redis.call('HSET', KEYS[1], unpack(ARGV, 3))
if ARGV[2] ~= '' then redis.call('EXPIREAT', KEYS[1], ARGV[2]) end
return 1";

/// `use`, its time, seconds of grace, latest time to expire at: notes a use unless a later one is noted.
pub(super) const TOUCH: &str = "
local f = redis.call('HMGET', KEYS[1], 'active', 'expires', 'idle')
if not f[1] or tonumber(f[1]) > tonumber(ARGV[2]) then return 0 end
redis.call('HSET', KEYS[1], 'use', ARGV[1], 'active', ARGV[2])
if f[3] == '' then return 1 end
local till = tonumber(ARGV[2]) + tonumber(f[3])
if f[2] ~= '' then till = math.min(till, tonumber(f[2])) end
till = till + tonumber(ARGV[3])
if till > tonumber(ARGV[4]) then return redis.call('PERSIST', KEYS[1]) end
return redis.call('EXPIREAT', KEYS[1], string.format('%.0f', till))";

/// Removes a record, and whatever insertion is under way. Gives kind and account of the record, empty where they are missing;
/// nothing if there was none.
pub(super) const REVOKE: &str = "
local f = redis.pcall('HMGET', KEYS[1], 'kind', 'account', 'pending')
local there = redis.call('DEL', KEYS[1]) == 1
if not there or (f[3] and not f[1]) then return false end
return {f[1] or '', f[2] or ''}";

/// Kind, account: the same if the record is such a one. Says whether there was one.
pub(super) const REVOKE_OF: &str = "
local f = redis.pcall('HMGET', KEYS[1], 'kind', 'account')
if f[1] and (f[1] ~= ARGV[1] or f[2] ~= ARGV[2]) then return 0 end
redis.call('DEL', KEYS[1])
return f[1] and 1 or 0";

/// `active`: removes a record that has not been used since. Says whether.
pub(super) const REMOVE_UNUSED: &str = "
if redis.call('HGET', KEYS[1], 'active') ~= ARGV[1] then return 0 end
return redis.call('DEL', KEYS[1])";

/// Expected version, new version, content: writes a blob. Says whether, also if it has been done already.
pub(super) const WRITE_BLOB: &str = "
local version = redis.call('HGET', KEYS[1], 'version') or ''
if version == ARGV[2] then return 1 end
if version ~= ARGV[1] then return 0 end
redis.call('HSET', KEYS[1], 'version', ARGV[2], 'data', ARGV[3])
return 1";

/// The command that runs a script on a key.
pub(super) fn script(code: &str, key: &[u8], arguments: impl ToRedisArgs) -> Cmd {
    let mut command = cmd("EVAL");
    command.arg(code).arg(1).arg(key).arg(arguments);
    command
}
