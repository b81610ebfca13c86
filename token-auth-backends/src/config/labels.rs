//! Labels as they are written, and which labels there can be at all.

use std::collections::BTreeSet;

use token_auth_core::{LabelValue, Labels};

use super::field::Field;
use super::section::Section;
use crate::static_users::StaticUser;

/// `{group: [dev, ops]}`; `value` says whether the values may act as patterns.
pub(super) fn read(field: &Field<'_>, value: impl Fn(String) -> LabelValue) -> Labels {
    let mut labels = Labels::new();
    for (name, values) in field.entries().unwrap_or_default() {
        labels.declare(name);
        if values.is_null() {
            continue;
        }
        for text in values.texts() {
            labels.insert(name, value(text));
        }
    }
    labels
}

/// All labels that the configured sources can supply; nothing if one of them may supply any.
pub(super) fn known(root: &Section<'_>, users: Option<&[(String, StaticUser)]>) -> Option<BTreeSet<String>> {
    let mut known = BTreeSet::new();
    for (_, user) in users.unwrap_or_default() {
        known.extend(user.labels().iter().map(|(label, _)| label.to_owned()));
    }
    for (key, field) in root.entries() {
        match key {
            "htpasswd_auth" => known.extend(field.child("group_file").map(|_| "group".to_owned())),
            "ldap_auth" => {
                for directory in field.elements().iter().chain([field]) {
                    of_directory(directory, &mut known);
                }
            }
            "github_auth" => known.extend(["teams".to_owned()]),
            "google_auth" => {}
            // A key that nobody knows, which may be a warning, supplies nothing.
            "oidc_auth" | "gitlab_auth" | "workload_auth" | "ext_auth" | "mongo_auth" | "xorm_auth"
            | "plugin_authn" => return None,
            _ => {}
        }
    }
    Some(known)
}

fn of_directory(directory: &Field<'_>, known: &mut BTreeSet<String>) {
    let groups = directory.child("groups").map(|groups| groups.elements()).unwrap_or_default();
    for place in groups.iter().chain([directory]) {
        let labels = place.child("labels");
        known.extend(labels.iter().flat_map(Field::children).map(|(label, _)| label.to_owned()));
        let label = place.child("label").filter(Field::is_scalar);
        known.extend(label.and_then(|label| label.text()).map(str::to_owned));
    }
}

/// The labels whose values are distinguished names: those of `memberOf` and its like, unless something makes names of them.
pub(super) fn distinguished(root: &Section<'_>) -> BTreeSet<String> {
    const ATTRIBUTES: [&str; 5] = ["memberof", "member", "uniquemember", "manager", "distinguishedname"];
    let mut found = BTreeSet::new();
    let blocks = root.entries().filter(|(key, _)| *key == "ldap_auth").map(|(_, field)| field);
    let directories = blocks.flat_map(|field| field.elements().into_iter().chain([field.clone()]));
    for (name, label) in
        directories.filter_map(|directory| directory.child("labels")).flat_map(|labels| labels.children())
    {
        let text = |key| label.child(key).and_then(|field| field.text().map(str::to_ascii_lowercase));
        let is_name = text("attribute").is_some_and(|attribute| ATTRIBUTES.contains(&&*attribute));
        let is_made = label.child("pattern").is_some()
            || text("parse_cn").is_some_and(|flag| ["true", "yes", "on", "y"].contains(&&*flag));
        if is_name && !is_made {
            found.insert(name.to_owned());
        }
    }
    found
}

/// All accounts that there are, if the static users are all.
pub(super) fn accounts(
    root: &Section<'_>,
    users: Option<&[(String, StaticUser)]>,
) -> Option<BTreeSet<String>> {
    let others = |key: &str| key != "users" && (key.ends_with("_auth") || key == "plugin_authn");
    let named = users?.iter().map(|(name, _)| name.clone()).filter(|name| !name.is_empty());
    root.entries().all(|(key, _)| !others(key)).then(|| named.collect())
}
