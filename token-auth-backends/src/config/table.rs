//! The blocks that a configuration may have.

use super::block::Block;
use super::blocks;

/// In the order in which they are read, and in which the sources among them are asked.
pub(super) static BLOCKS: &[&Block] = &[
    &blocks::server::BLOCK,
    &blocks::token::BLOCK,
    &blocks::limits::BLOCK,
    &blocks::tokens::BLOCK,
    &blocks::workload_auth::BLOCK,
    &blocks::users::BLOCK,
    &blocks::htpasswd_auth::BLOCK,
    &blocks::ext_auth::BLOCK,
    &blocks::ldap_auth::BLOCK,
    &blocks::google_auth::BLOCK,
    &blocks::github_auth::BLOCK,
    &blocks::oidc_auth::BLOCK,
    &blocks::gitlab_auth::BLOCK,
    &blocks::sign_in::BLOCK,
    &blocks::mongo_auth::BLOCK,
    &blocks::xorm_auth::BLOCK,
    &blocks::plugin_authn::BLOCK,
    &blocks::webhook_auth::BLOCK,
    &blocks::acl::BLOCK,
    &blocks::acl_mongo::BLOCK,
    &blocks::acl_xorm::BLOCK,
    &blocks::ext_authz::BLOCK,
    &blocks::plugin_authz::BLOCK,
    &blocks::webhook_authz::BLOCK,
    &blocks::casbin_authz::BLOCK,
    &blocks::policy_tests::BLOCK,
];
