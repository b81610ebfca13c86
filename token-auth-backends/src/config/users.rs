//! Reads the block `users`.

use std::sync::Arc;

use token_auth_core::LabelValue;

use super::field::Field;
use super::parts::Parts;
use super::{Assembly, Config, Limits, labels, limits};
use crate::password::{HashLimits, PasswordHash};
use crate::static_users::{StaticUser, StaticUsers};

pub(super) fn read(users: &Field<'_>, parts: &mut Parts) {
    let limits = parts.get::<Limits>().map(|limits| limits.hashes.clone()).unwrap_or_default();
    let entries = users.entries().unwrap_or_default();
    let users: Vec<(String, StaticUser)> = entries
        .iter()
        .filter_map(|(name, user)| Some(((*name).to_owned(), user_of(name, user, &limits)?)))
        .collect();
    parts.insert(users);
}

pub(super) fn join(config: &mut Config, assembly: &mut Assembly) {
    let Some(users) = &config.users else { return };
    let named = users.iter().map(|(name, user)| (&**name, user.clone()));
    let mut users = StaticUsers::new(Arc::clone(assembly.verifier()), named);
    // Of two tables of passwords the second spends the time of an unknown name.
    if config.htpasswd().is_some() || config.has_accounts_in_a_database() {
        assembly.decoys = users.take_decoys();
    }
    let spot = config.start.clone();
    assembly.authenticator("users", users, &spot);
}

/// A hash; a line break behind it is what a block scalar (`password: |`) leaves there.
fn hash(password: &Field<'_>, hash_limits: &HashLimits) -> Option<PasswordHash> {
    password.parsed(|text| {
        let hash = text.trim_end_matches(['\n', '\r']);
        if hash.len() < text.len() {
            password.warn("has a line break behind it, which does not count: write it on one line");
        }
        PasswordHash::parse(hash, hash_limits).map_err(|error| limits::name_key(error.to_string()))
    })
}

fn user_of(name: &str, field: &Field<'_>, limits: &HashLimits) -> Option<StaticUser> {
    if field.is_null() {
        field.warn("says nothing, and so there is no such user: write {} for one without a password");
        return None;
    }
    if name.contains(':') {
        field.warn("has a colon in its name: nobody can log in as it with Basic (RFC 7617, section 2), as docker does");
    }
    let section = field.section()?;
    let user = match section.present("password") {
        None => {
            if !name.is_empty() {
                field.warn("has no password: any password opens this account");
            }
            Some(StaticUser::dangerous_any_password())
        }
        Some(password) if password.is_null() => {
            password.error("is empty: write a bcrypt hash, or remove the key to accept any password");
            None
        }
        Some(password) => hash(&password, limits).map(StaticUser::new),
    };
    // The administrator writes them: they act as patterns where a rule says `${labels:…}`.
    let labels = section.get("labels").map(|field| labels::read(&field, LabelValue::dangerous_pattern));
    section.finish_strictly();
    user.map(|user| user.with_labels(labels.unwrap_or_default()))
}
