//! What the address of a database says of TLS, where we make it and not the driver.

use std::path::Path;

use rustls::ClientConfig;
use sqlx::postgres::PgSslMode;
use url::Url;

use super::SqlStoreError;
use crate::named_file;
use crate::peer_tls::{Material, Verify};

pub(super) struct Address(Url);

impl Address {
    pub(super) fn of(url: &str) -> Result<Self, SqlStoreError> {
        Url::parse(url).map(Self).map_err(|_| SqlStoreError::Address)
    }

    /// As the driver reads it: by these names in the address, or in the environment.
    pub(super) fn postgres_tls(&self, mode: PgSslMode) -> Result<ClientConfig, String> {
        let verify = match mode {
            PgSslMode::VerifyFull => Verify::Full,
            PgSslMode::VerifyCa => Verify::Authority,
            _ => Verify::DangerousNothing,
        };
        let authorities = self.pem(&["sslrootcert", "ssl-root-cert", "ssl-ca"], "PGSSLROOTCERT")?;
        let certificate = self.pem(&["sslcert", "ssl-cert"], "PGSSLCERT")?;
        let key = self.pem(&["sslkey", "ssl-key"], "PGSSLKEY")?;
        Material { verify, authorities, client: certificate.zip(key) }
            .config()
            .map_err(|error| error.to_string())
    }

    /// The content of a file, or what stands there itself.
    fn pem(&self, names: &[&str], variable: &str) -> Result<Option<Vec<u8>>, String> {
        let named = self.0.query_pairs().filter(|(name, _)| names.contains(&&**name)).last();
        let value = named.map(|(_, value)| value.into_owned()).or_else(|| std::env::var(variable).ok());
        match value {
            Some(pem) if pem.trim_start().starts_with("-----BEGIN") => Ok(Some(pem.into_bytes())),
            Some(file) => named_file::read(Path::new(&file), named_file::PEM_BYTES)
                .map(Some)
                .map_err(|error| format!("{file}: {error}")),
            None => Ok(None),
        }
    }
}
