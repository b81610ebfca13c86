use std::path::PathBuf;

use super::common;
use crate::config::field::Field;
use crate::oauth2::PageOptions;

/// The block `sign_in`, which docker_auth does not have.
pub(super) fn read(field: &Field<'_>) -> Option<(PageOptions, Option<PathBuf>)> {
    let section = field.section()?;
    let mut options = PageOptions::default();
    let public_url = section.get("public_url").and_then(|field| common::http_url(&field));
    options.public_url = public_url.and_then(|url| url.parse().ok());
    options.registry = section.get("registry").and_then(|field| field.filled()).map(common::registry);
    if let Some(time) = section.get("session").and_then(|field| field.duration()) {
        options.session = time;
    }
    if let Some(count) = section.get("tokens_per_account").and_then(|field| field.count(1)) {
        options.tokens = count;
    }
    let key_file = section.get("key_file").and_then(|field| field.filled()).map(PathBuf::from);
    section.finish();
    Some((options, key_file))
}
