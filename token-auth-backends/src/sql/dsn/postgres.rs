//! `user=… password=… host=…` or `postgres://user:password@host/database`, as lib/pq reads it.

use std::iter::Peekable;
use std::path::Path;
use std::str::{Chars, FromStr as _};
use std::sync::Arc;
use std::time::Duration;

use percent_encoding::percent_decode_str;
use sqlx::postgres::{PgConnectOptions, PgSslMode};
use url::Url;

use super::{AddressError, boolean, shorter};
use crate::database::Tls;
use crate::named_file;
use crate::peer_tls::{Material, Verify};

const PAIRS: AddressError =
    AddressError::Form("host=HOST port=PORT user=USER password=PASSWORD dbname=DATABASE, or a URL");
const URL: AddressError = AddressError::Form("postgres://USER:PASSWORD@HOST:PORT/DATABASE?PARAMETER=VALUE");

/// Parameters that change nothing of what is asked here: how the driver of Go encodes and shows values.
const WITHOUT_MEANING: [&str; 6] = [
    "binary_parameters",
    "datestyle",
    "disable_prepared_binary_result",
    "extra_float_digits",
    "fallback_application_name",
    "timezone",
];
/// Settings of the session that lib/pq hands on to the server, and that make sense here.
const OF_THE_SESSION: [&str; 6] = [
    "idle_in_transaction_session_timeout",
    "lock_timeout",
    "role",
    "row_security",
    "search_path",
    "statement_timeout",
];

/// Where a PostgreSQL server is.
#[derive(Clone)]
pub(in crate::sql) struct PostgresAddress {
    pub(in crate::sql) connect: PgConnectOptions,
    pub(in crate::sql) tls: Tls,
    /// What the address says of time, which bounds that of a question.
    pub(in crate::sql) limit: Option<Duration>,
}

impl PostgresAddress {
    /// Reads the certificates that it names. Blocks.
    pub(in crate::sql) fn parse(text: &str) -> Result<Self, AddressError> {
        let scheme = text.split_once("://").map(|(scheme, _)| scheme);
        let given = match scheme {
            Some("postgres" | "postgresql") => from_url(text)?,
            _ => pairs(text)?,
        };
        let environment = |variable: &str| std::env::var(variable).ok().filter(|value| !value.is_empty());
        // lib/pq asks the host itself where libpq would look for a socket.
        let host = environment("PGHOST").unwrap_or_else(|| "localhost".to_owned());
        let mut connect = PgConnectOptions::new_without_pgpass().host(&host);
        let mut ssl = Ssl {
            mode: environment("PGSSLMODE").unwrap_or_else(|| "require".to_owned()),
            authority: environment("PGSSLROOTCERT"),
            certificate: environment("PGSSLCERT"),
            key: environment("PGSSLKEY"),
        };
        let mut limit = None;
        for (name, value) in given {
            connect = match &*name {
                "host" | "hostaddr" if value.contains(',') => {
                    return Err(AddressError::value(&name, "several hosts are not supported"));
                }
                "host" | "hostaddr" => connect.host(&value),
                "port" => connect.port(value.parse().map_err(|_| AddressError::value(&name, "not a port"))?),
                "user" => connect.username(&value),
                "password" => connect.password(&value),
                "dbname" => connect.database(&value),
                "application_name" => connect.application_name(&value),
                "connect_timeout" => {
                    let seconds =
                        value.parse().map_err(|_| AddressError::value(&name, "not a number of seconds"))?;
                    limit = shorter(limit, Duration::from_secs(seconds));
                    connect
                }
                "client_encoding" if is_utf8(&value) => connect,
                "client_encoding" => return Err(AddressError::value(&name, "only UTF8 is")),
                "sslmode" => {
                    ssl.mode = value;
                    connect
                }
                "sslrootcert" => {
                    ssl.authority = Some(value);
                    connect
                }
                "sslcert" => {
                    ssl.certificate = Some(value);
                    connect
                }
                "sslkey" => {
                    ssl.key = Some(value);
                    connect
                }
                // PEM in the place of a file is known by its beginning.
                "sslinline" | "sslsni" => {
                    boolean(&name, &value)?;
                    connect
                }
                "passfile" | "service" | "krbsrvname" | "krbspn" => {
                    return Err(AddressError::parameter(&name, "is not supported: give user and password"));
                }
                "options" => {
                    return Err(AddressError::parameter(
                        &name,
                        "is not supported: give the settings by their names",
                    ));
                }
                name if WITHOUT_MEANING.contains(&name.to_ascii_lowercase().as_str()) => connect,
                name if OF_THE_SESSION.contains(&name) => connect.options([(name, value)]),
                name => return Err(AddressError::unknown(name)),
            };
        }
        Ok(Self { tls: ssl.tls()?, connect, limit })
    }
}

fn is_utf8(value: &str) -> bool {
    ["utf8", "utf-8", "unicode"].iter().any(|name| name.eq_ignore_ascii_case(value.trim_matches('\'')))
}

struct Ssl {
    mode: String,
    authority: Option<String>,
    certificate: Option<String>,
    key: Option<String>,
}

impl Ssl {
    fn tls(self) -> Result<Tls, AddressError> {
        let mode = PgSslMode::from_str(&self.mode).map_err(|_| {
            AddressError::value("sslmode", "write disable, require, verify-ca or verify-full")
        })?;
        // lib/pq, and libpq: with an authority, `require` verifies it.
        let mode = match (mode, &self.authority) {
            (PgSslMode::Require, Some(_)) => PgSslMode::VerifyCa,
            (mode, _) => mode,
        };
        let verify = match mode {
            PgSslMode::VerifyFull => Verify::Full,
            PgSslMode::VerifyCa => Verify::Authority,
            PgSslMode::Disable | PgSslMode::Allow => return Ok(Tls::Not),
            PgSslMode::Prefer | PgSslMode::Require => Verify::DangerousNothing,
        };
        let (certificate, key) = (pem("sslcert", self.certificate)?, pem("sslkey", self.key)?);
        let material = Material {
            verify,
            authorities: pem("sslrootcert", self.authority)?,
            client: certificate.zip(key),
        };
        let config = material.config().map(Arc::new).map_err(|error| AddressError::Tls(error.to_string()))?;
        Ok(match mode {
            PgSslMode::Prefer => Tls::IfThere(config),
            _ => Tls::Always(config),
        })
    }
}

/// The content of a file, or what stands there itself.
fn pem(name: &str, value: Option<String>) -> Result<Option<Vec<u8>>, AddressError> {
    match value {
        None => Ok(None),
        Some(pem) if pem.trim_start().starts_with("-----BEGIN") => Ok(Some(pem.into_bytes())),
        Some(file) => named_file::read(Path::new(&file), named_file::PEM_BYTES)
            .map(Some)
            .map_err(|error| AddressError::value(name, format!("{file}: {error}"))),
    }
}

fn from_url(text: &str) -> Result<Vec<(String, String)>, AddressError> {
    let url = Url::parse(text).map_err(|_| URL)?;
    let decoded = |text: &str| percent_decode_str(text).decode_utf8().map(String::from).map_err(|_| URL);
    let mut given = Vec::new();
    let mut give = |name: &str, value: String| {
        if !value.is_empty() {
            given.push((name.to_owned(), value));
        }
    };
    give("user", decoded(url.username())?);
    give("password", decoded(url.password().unwrap_or_default())?);
    give("host", decoded(url.host_str().unwrap_or_default())?);
    give("port", url.port().map(|port| port.to_string()).unwrap_or_default());
    give("dbname", decoded(url.path().trim_start_matches('/'))?);
    given.extend(url.query_pairs().map(|(name, value)| (name.into_owned(), value.into_owned())));
    Ok(given)
}

/// `name = value`, with quotes and backslashes as libpq has them.
fn pairs(text: &str) -> Result<Vec<(String, String)>, AddressError> {
    let mut given = Vec::new();
    let mut rest = text.chars().peekable();
    loop {
        skip_blanks(&mut rest);
        if rest.peek().is_none() {
            return Ok(given);
        }
        let mut name = String::new();
        while let Some(c) = rest.next_if(|c| *c != '=' && !c.is_whitespace()) {
            name.push(c);
        }
        skip_blanks(&mut rest);
        if rest.next() != Some('=') {
            return Err(PAIRS);
        }
        skip_blanks(&mut rest);
        given.push((name, value(&mut rest)?));
    }
}

fn value(rest: &mut Peekable<Chars<'_>>) -> Result<String, AddressError> {
    let quoted = rest.next_if_eq(&'\'').is_some();
    let mut value = String::new();
    loop {
        match rest.next() {
            Some('\'') if quoted => return Ok(value),
            Some(c) if !quoted && c.is_whitespace() => return Ok(value),
            Some('\\') => value.push(rest.next().ok_or(PAIRS)?),
            Some(c) => value.push(c),
            None if quoted => return Err(PAIRS),
            None => return Ok(value),
        }
    }
}

fn skip_blanks(rest: &mut Peekable<Chars<'_>>) {
    while rest.next_if(|c| c.is_whitespace()).is_some() {}
}
