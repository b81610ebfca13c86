use std::collections::BTreeSet;

use token_auth_core::acl::LintContext;

use super::exposed::Secrets;
use super::field::Field;
use super::key_pair::LocatedPair;
#[cfg(feature = "ldap")]
use super::ldap;
use super::reader::Reader;
use super::section::Section;
#[cfg(feature = "oauth2")]
use super::sign_in;
use super::yaml::{self, Budget, Position};
use super::{
    Config, Finding, Limits, acl, foreign, key_pair, labels, limits, policy_test, published_keys, server,
    token, tokens, users,
};
use crate::htpasswd::HtpasswdOptions;

/// Room for some hundred thousand users or rules.
const BUDGET: Budget = Budget { bytes: 64 << 20, nodes: 4_000_000, depth: 32 };

/// The configuration, or at least one error in the reader.
pub(super) fn read(bytes: &[u8], reader: &Reader) -> Option<Config> {
    let text = match std::str::from_utf8(bytes) {
        Ok(text) => text,
        Err(error) => {
            let before = bytes.get(..error.valid_up_to()).unwrap_or_default();
            let line = 1 + before.iter().filter(|byte| **byte == b'\n').count();
            reader.error(Position { line, column: 1 }, "", "is not UTF-8");
            return None;
        }
    };
    let (root, problems) = yaml::parse(text, BUDGET);
    if root.is_none() && problems.is_empty() {
        reader.error(Position { line: 1, column: 1 }, "", "says nothing");
    }
    for problem in problems {
        reader.error(problem.position, "", problem.message);
    }
    let root = root?;
    let root = Field::root(reader, &root);
    read_root(root.section()?, Secrets::of(&root))
}

fn read_root(root: Section<'_>, secrets: Secrets) -> Option<Config> {
    let limits = root.get("limits").and_then(|field| limits::read(field.section()?)).unwrap_or_default();
    let server = root.require("server").and_then(|field| field.section());
    let token_field = root.require("token");
    let token = token_field.as_ref().and_then(Field::section);
    if let (Some(field), Some(server), Some(token)) = (token_field, &server, &token)
        && !key_pair::is_begun(server)
        && !key_pair::is_begun(token)
    {
        field.error("needs `certificate` and `key`, here or under `server`, to sign tokens with");
    }
    let server_pair = server.as_ref().and_then(key_pair::read);
    let token_pair = token.as_ref().and_then(key_pair::read);
    let published_keys = token.as_ref().map(published_keys::read).unwrap_or_default();
    let of = |pair: &Option<LocatedPair>| pair.as_ref().map(|located| located.pair.clone());
    let server = server.and_then(|section| server::read(section, of(&server_pair)));
    let notes: Vec<Finding> = token.as_ref().and_then(token::note).into_iter().collect();
    let token = token.and_then(|section| token::read(section, of(&token_pair)));
    let signing_pair = token_pair.or(server_pair);

    let users = configured(&root, "users").map(|field| users::read(&field, &limits.hashes));
    let htpasswd_auth = root.get("htpasswd_auth");
    let htpasswd =
        htpasswd_auth.as_ref().and_then(|field| Some((htpasswd(field.section()?, &limits)?, field.spot())));
    let tokens = root.get("tokens").and_then(|field| tokens::read(field.section()?));
    let workload_auth = root.get("workload_auth");
    #[cfg(feature = "workload")]
    let workload = workload_auth.as_ref().and_then(super::workload::read);
    #[cfg(not(feature = "workload"))]
    if let Some(field) = &workload_auth {
        field.error("needs a build with the feature `workload`");
    }
    #[cfg(feature = "ldap")]
    let ldap_auth = root.get("ldap_auth");
    #[cfg(feature = "ldap")]
    let ldap = ldap_auth.as_ref().map(ldap::read_all).unwrap_or_default();
    let rules = configured(&root, "acl");
    let acl = rules.as_ref().and_then(acl::read);
    #[cfg(feature = "ldap")]
    if let (Some(rules), Some(directory)) = (&rules, ldap::unprefixed(&ldap)) {
        ldap::examine(rules, directory, |name| users.iter().flatten().any(|(user, _)| user == name));
    }
    let tests = root.get("tests");
    let policy_tests = tests.as_ref().map(policy_test::read).unwrap_or_default();
    if let (Some(tests), None) = (&tests, &rules) {
        tests.error("needs `acl`, whose rules it is about");
    }
    let mut surroundings = LintContext::default();
    surroundings.anonymous = Some(users.iter().flatten().any(|(name, _)| name.is_empty()));
    surroundings.labels = labels::known(&root, users.as_deref());
    surroundings.dn_labels = labels::distinguished(&root);
    surroundings.accounts = labels::accounts(&root, users.as_deref());
    let services = token.as_ref().map(|token| token.services.iter().cloned().collect::<BTreeSet<_>>());
    surroundings.services = services.filter(|services| !services.is_empty());
    let refuse = |blocks: &[foreign::Block]| {
        let found = blocks.iter().filter_map(|block| Some((block, root.get(block.key)?)));
        found.map(|(block, field)| block.refuse(&field)).count()
    };
    let others = [
        htpasswd_auth.is_some(),
        workload_auth.is_some(),
        #[cfg(feature = "ldap")]
        ldap_auth.is_some(),
        #[cfg(feature = "oauth2")]
        (sign_in::count(&root) > 0),
    ];
    #[cfg(feature = "oauth2")]
    let sign_in = sign_in::read(&root, tokens.as_ref().map(|located| &located.tokens));
    // docker_auth's keys say where tokens are kept, where ours do not.
    #[cfg(feature = "oauth2")]
    let mut tokens = tokens.or_else(|| sign_in.as_ref()?.tokens());
    #[cfg(feature = "oauth2")]
    if let (Some(located), Some(sign_in)) = (&mut tokens, &sign_in) {
        located.tokens.store.set_prefixes(&sign_in.account_prefixes());
    }
    #[cfg(feature = "workload")]
    if let (Some(field), Some(workload)) = (&workload_auth, &workload)
        && workload.gives_passwords()
        && tokens.as_ref().is_none_or(|located| located.tokens.personal.is_none())
    {
        field.error(
            "`password_lifetime` needs the block `tokens`, with personal access tokens: they are kept there",
        );
    }
    if refuse(foreign::AUTHENTICATORS) == 0 && users.is_none() && !others.contains(&true) {
        root.missing("users", "no way to authenticate is configured: write `users: {}` to deny everyone");
    }
    if refuse(&foreign::AUTHORIZERS) == 0 && rules.is_none() {
        root.missing("acl", "no way to authorize is configured: write `acl: []` to deny everything");
    }
    let start = root.spot();
    root.finish();
    let (server, token, signing_pair) = (server?, token?, signing_pair?);
    Some(Config {
        server,
        token,
        users,
        acl,
        limits,
        htpasswd,
        tokens,
        examine: false,
        #[cfg(feature = "workload")]
        workload,
        #[cfg(feature = "ldap")]
        ldap,
        #[cfg(feature = "oauth2")]
        sign_in,
        signing_pair,
        published_keys,
        policy_tests,
        notes,
        secrets,
        surroundings,
        start,
    })
}

/// A method that counts even when it is empty, but not when it is null.
fn configured<'a>(root: &Section<'a>, key: &'static str) -> Option<Field<'a>> {
    let field = root.present(key)?;
    if field.is_null() {
        field.warn("has no value, and so is not configured");
        return None;
    }
    Some(field)
}

fn htpasswd(section: Section<'_>, limits: &Limits) -> Option<HtpasswdOptions> {
    let file = section.require("file").and_then(|field| field.filled());
    let group_file = section.get("group_file").and_then(|field| field.filled());
    section.finish();
    let mut options = HtpasswdOptions::new(file?);
    options.group_file = group_file.map(Into::into);
    options.hash_limits = limits.hashes.clone();
    Some(options)
}
