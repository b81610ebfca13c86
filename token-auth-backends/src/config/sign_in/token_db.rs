use std::path::PathBuf;

use crate::config::foreign;
use crate::config::section::Section;

/// The keys by which docker_auth chooses where tokens are kept. Nothing if that is none that can be used, which is said.
pub(super) fn read(section: &Section<'_>, has_store: bool) -> Option<PathBuf> {
    let level = section.get("level_token_db");
    let others = [("gcs_token_db", &foreign::GCS_TOKEN_DB), ("redis_token_db", &foreign::REDIS_TOKEN_DB)];
    let mut refused = 0;
    for (key, shape) in others {
        if let Some(field) = section.get(key) {
            field.error("is not supported yet by this build: use `level_token_db`");
            shape.check(&field);
            refused += 1;
        }
    }
    match level {
        None if refused > 0 || has_store => None,
        None => {
            section
                .missing("level_token_db", "is required, or `tokens.store`: it says where tokens are kept");
            None
        }
        Some(field) => {
            if has_store {
                field.warn("does not count beside `tokens.store`: remove it");
            }
            let level = field.section()?;
            let path = level.require("path").and_then(|path| path.filled().map(PathBuf::from));
            // Tokens are long and random: their digests need no cost.
            if let Some(cost) = level.get("token_hash_cost") {
                cost.integer(4, 31);
            }
            level.finish();
            path
        }
    }
}
