use token_auth_core::LabelValue;

use super::field::Field;
use super::labels;
use crate::password::{HashLimits, PasswordHash};
use crate::static_users::StaticUser;

/// The block `users`.
pub(super) fn read(users: &Field<'_>, limits: &HashLimits) -> Vec<(String, StaticUser)> {
    let entries = users.entries().unwrap_or_default();
    entries
        .iter()
        .filter_map(|(name, user)| Some(((*name).to_owned(), user_of(name, user, limits)?)))
        .collect()
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
        Some(password) => {
            let parse = |text: &str| PasswordHash::parse(text, limits).map_err(|error| error.to_string());
            password.parsed(parse).map(StaticUser::new)
        }
    };
    // The administrator writes them: they act as patterns where a rule says `${labels:…}`.
    let labels = section.get("labels").map(|field| labels::read(&field, LabelValue::dangerous_pattern));
    section.finish_strictly();
    user.map(|user| user.with_labels(labels.unwrap_or_default()))
}
