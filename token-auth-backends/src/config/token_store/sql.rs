//! A database: `tokens.store.sql`.

use std::path::PathBuf;
use std::sync::Arc;

use token_auth_core::Store;

use super::{ServedStore, TokenStoreConfig};
use crate::config::field::Field;
use crate::token_store::sql::{SqlOptions, SqlTokenStore};

/// A database: `tokens.store.sql`.
#[derive(Debug)]
struct SqlStoreConfig {
    options: SqlOptions,
    /// The file that holds the address.
    url_file: Option<PathBuf>,
}

pub(super) fn read(field: &Field<'_>) -> Option<TokenStoreConfig> {
    let section = field.section()?;
    let (url, url_file) = (section.get("url"), section.get("url_file"));
    let url = match (&url, &url_file) {
        (Some(url), None) => url.filled().map(str::to_owned),
        (None, Some(_)) => Some(String::new()),
        (None, None) => {
            section.missing("url", "is required, or `url_file`");
            None
        }
        (Some(url), Some(_)) => {
            url.error("stands beside `url_file`: keep one of them");
            None
        }
    };
    let mut options = SqlOptions::new(url.unwrap_or_default());
    if let Some(prefix) = section.get("prefix").and_then(|field| field.text()) {
        prefix.clone_into(&mut options.prefix);
    }
    if let Some(count) = section.get("connections").and_then(|field| field.integer()) {
        options.connections = u32::try_from(count).unwrap_or(options.connections);
    }
    if let Some(timeout) = section.get("timeout").and_then(|field| field.duration()) {
        options.timeout = timeout;
    }
    if let Some(most) = super::answer_bytes(&section) {
        options.answer_bytes = most;
    }
    let url_file = url_file.and_then(|field| field.file());
    section.finish();
    Some(TokenStoreConfig::served(SqlStoreConfig { options, url_file }))
}

impl SqlStoreConfig {
    /// With what stands in the file.
    fn options(&self) -> Result<SqlOptions, String> {
        let mut options = self.options.clone();
        if let Some(file) = &self.url_file {
            options.url = super::secret(file)?;
        }
        Ok(options)
    }
}

impl ServedStore for SqlStoreConfig {
    fn open(&self) -> Result<Arc<dyn Store>, String> {
        Ok(Arc::new(SqlTokenStore::new(&self.options()?).map_err(|error| error.to_string())?))
    }

    fn examine(&self) -> Result<(), String> {
        self.options().map(drop)
    }
}
