//! The block `casbin_authz`.

use crate::config::block::{Block, NOT_YET};
use crate::config::kind::{Key, Kind};

pub(in crate::config) static BLOCK: Block = Block::authorizer(KEY.refused(NOT_YET));

const KEY: Key = Key::new(
    "casbin_authz",
    Kind::Keys(&[&[
        Key::new("model_path", Kind::File, "The model.").example("/etc/docker-auth/model.conf"),
        Key::new("policy_path", Kind::File, "The policy.").example("/etc/docker-auth/policy.csv"),
    ]]),
    "A model and a policy of Casbin.",
);
