//! Reads the block `sign_in`, which docker_auth does not have.

use super::{Pages, common};
use crate::config::section::Section;
use crate::oauth2::PageOptions;

pub(super) fn read(section: Section<'_>) -> Option<Pages> {
    let mut options = PageOptions::default();
    let public_url = section.get("public_url").and_then(|field| common::http_url(&field));
    options.public_url = public_url.and_then(|url| url.parse().ok());
    options.registry = section.get("registry").and_then(|field| field.filled()).map(common::registry);
    if let Some(time) = section.get("session").and_then(|field| field.duration()) {
        options.session = time;
    }
    if let Some(count) = section.get("tokens_per_account").and_then(|field| field.count()) {
        options.tokens = count;
    }
    let key_file = section.get("key_file").and_then(|field| field.file());
    section.finish();
    Some(Pages { options, key_file })
}
