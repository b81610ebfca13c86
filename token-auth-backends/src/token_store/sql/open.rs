//! A database that is named by a URL.

use std::str::FromStr as _;
use std::sync::Arc;

use sqlx::mysql::MySqlConnectOptions;
use sqlx::postgres::{PgConnectOptions, PgSslMode};
use sqlx::sqlite::{SqliteConnectOptions, SqliteJournalMode, SqliteSynchronous};

use super::address::Address;
use super::{SqlOptions, SqlStoreError};
use crate::database::{Bounds, Opened, Tls};

pub(super) fn open(options: &SqlOptions) -> Result<Opened, SqlStoreError> {
    let url = options.url.expose();
    let SqlOptions { connections, timeout, answer_bytes, .. } = *options;
    let bounds = Bounds { connections, timeout, answer_bytes };
    let opened = match url.split_once(':').map(|(scheme, _)| scheme) {
        Some("postgres" | "postgresql") => {
            let connect = PgConnectOptions::from_str(url).map_err(|_| SqlStoreError::Address)?;
            let tls = postgres_tls(url, connect.get_ssl_mode())?;
            Opened::postgres(connect, tls, bounds)
        }
        Some("mysql" | "mariadb") => {
            Opened::mysql(MySqlConnectOptions::from_str(url).map_err(|_| SqlStoreError::Address)?, bounds)
        }
        Some("sqlite") => {
            let connect = SqliteConnectOptions::from_str(url).map_err(|_| SqlStoreError::Address)?;
            let connect = connect.journal_mode(SqliteJournalMode::Wal).synchronous(SqliteSynchronous::Full);
            Opened::sqlite(connect, bounds)
        }
        _ => return Err(SqlStoreError::Scheme),
    };
    Ok(opened?)
}

fn postgres_tls(url: &str, mode: PgSslMode) -> Result<Tls, SqlStoreError> {
    let tls = || Address::of(url)?.postgres_tls(mode).map_err(SqlStoreError::Tls).map(Arc::new);
    Ok(match mode {
        PgSslMode::Disable | PgSslMode::Allow => Tls::Not,
        PgSslMode::Prefer => Tls::IfThere(tls()?),
        PgSslMode::Require | PgSslMode::VerifyCa | PgSslMode::VerifyFull => Tls::Always(tls()?),
    })
}
