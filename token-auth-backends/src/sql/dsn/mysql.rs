//! `user:password@tcp(host:port)/database?parameter=value`, as go-sql-driver/mysql reads it.

use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use percent_encoding::percent_decode_str;
use sqlx::mysql::{MySqlConnectOptions, MySqlSslMode};

use super::{AddressError, boolean, shorter};
use crate::go_duration;

const FORM: AddressError = AddressError::Form("USER:PASSWORD@tcp(HOST:PORT)/DATABASE?PARAMETER=VALUE");

/// Parameters that change nothing of what is asked here: how Go reads values, and the texts of statements.
const WITHOUT_MEANING: [&str; 12] = [
    "allowNativePasswords",
    "charset",
    "checkConnLiveness",
    "clientFoundRows",
    "collation",
    "columnsWithAlias",
    "connectionAttributes",
    "interpolateParams",
    "loc",
    "maxAllowedPacket",
    "multiStatements",
    "parseTime",
];

/// Where a MySQL or MariaDB server is.
#[derive(Clone)]
pub(in crate::sql) struct MySqlAddress {
    pub(in crate::sql) connect: MySqlConnectOptions,
    /// What the address says of time, which bounds that of a question.
    pub(in crate::sql) limit: Option<Duration>,
}

impl MySqlAddress {
    pub(in crate::sql) fn parse(text: &str) -> Result<Self, AddressError> {
        // As the driver: the last slash, and before it the last @.
        let (before, after) = text.rsplit_once('/').ok_or(FORM)?;
        let (database, parameters) = after.split_once('?').unwrap_or((after, ""));
        let (user, place) = before.rsplit_once('@').unwrap_or(("", before));
        let (user, password) = user.split_once(':').unwrap_or((user, ""));
        if database.is_empty() {
            return Err(AddressError::Form("USER:PASSWORD@tcp(HOST:PORT)/DATABASE, and names a database"));
        }
        let connect = MySqlConnectOptions::new().username(user).password(password).database(database);
        // The driver of Go begins no TLS unless it is told to.
        let connect = at(place, connect.ssl_mode(MySqlSslMode::Disabled).charset("utf8mb4"))?;
        let mut address = Self { connect, limit: None };
        for parameter in parameters.split('&').filter(|parameter| !parameter.is_empty()) {
            let (name, value) = parameter.split_once('=').ok_or_else(|| AddressError::unknown(parameter))?;
            let value = percent_decode_str(value)
                .decode_utf8()
                .map_err(|_| AddressError::value(name, "it is not UTF-8 behind its percent signs"))?;
            address = address.with(name, &value)?;
        }
        Ok(address)
    }

    fn with(self, name: &str, value: &str) -> Result<Self, AddressError> {
        let Self { connect, limit } = self;
        match name {
            "tls" => Ok(Self { connect: tls(connect, value)?, limit }),
            "timeout" | "readTimeout" | "writeTimeout" => {
                let time = go_duration::parse(value).map_err(|why| AddressError::value(name, why))?;
                Ok(Self { connect, limit: shorter(limit, time) })
            }
            "allowCleartextPasswords" => {
                let allowed = boolean(name, value)?;
                Ok(Self { connect: connect.enable_cleartext_plugin(allowed), limit })
            }
            "allowAllFiles" | "allowOldPasswords" | "rejectReadOnly" if !boolean(name, value)? => {
                Ok(Self { connect, limit })
            }
            "allowAllFiles" | "allowOldPasswords" | "rejectReadOnly" => {
                Err(AddressError::parameter(name, "cannot be true here"))
            }
            "serverPubKey" => {
                Err(AddressError::parameter(name, "is a name within a Go program: use tls=true"))
            }
            name if WITHOUT_MEANING.contains(&name) => Ok(Self { connect, limit }),
            name => Err(AddressError::unknown(name)),
        }
    }
}

/// `tcp(host:port)`, `unix(/socket)`, or nothing.
fn at(place: &str, connect: MySqlConnectOptions) -> Result<MySqlConnectOptions, AddressError> {
    let (network, address) = match place.split_once('(') {
        Some((network, address)) => (network, address.strip_suffix(')').ok_or(FORM)?),
        None => (place, ""),
    };
    match (network, address) {
        ("" | "tcp", "") => Ok(connect.host("127.0.0.1").port(3306)),
        ("unix", "") => Ok(connect.socket("/tmp/mysql.sock")),
        ("unix", path) => Ok(connect.socket(path)),
        ("" | "tcp", address) => {
            let (host, port) = match address.rsplit_once(':') {
                // An IPv6 address has more of them, in brackets.
                Some((host, port)) if !host.contains(':') || host.ends_with(']') => {
                    (host, port.parse().map_err(|_| FORM)?)
                }
                _ => (address, 3306),
            };
            let host = host.strip_prefix('[').and_then(|host| host.strip_suffix(']')).unwrap_or(host);
            Ok(connect.host(host).port(port))
        }
        _ => Err(AddressError::Form(
            "USER:PASSWORD@tcp(HOST:PORT)/DATABASE or USER:PASSWORD@unix(SOCKET)/DATABASE",
        )),
    }
}

fn tls(connect: MySqlConnectOptions, value: &str) -> Result<MySqlConnectOptions, AddressError> {
    Ok(match value {
        "preferred" => connect.ssl_mode(MySqlSslMode::Preferred),
        "skip-verify" => connect.ssl_mode(MySqlSslMode::Required),
        _ => match boolean("tls", value) {
            Ok(false) => connect.ssl_mode(MySqlSslMode::Disabled),
            // The authorities that the system trusts, as Go has them: the driver here brings its own list.
            Ok(true) => connect.ssl_mode(MySqlSslMode::VerifyIdentity).ssl_ca_from_pem(system_authorities()),
            Err(_) => {
                let why = "write true, skip-verify, preferred or false: a name of a Go program's means nothing here";
                return Err(AddressError::value("tls", why));
            }
        },
    })
}

fn system_authorities() -> Vec<u8> {
    let mut pem = String::new();
    for certificate in rustls_native_certs::load_native_certs().certs {
        pem.push_str("-----BEGIN CERTIFICATE-----\n");
        pem.push_str(&STANDARD.encode(&certificate));
        pem.push_str("\n-----END CERTIFICATE-----\n");
    }
    pem.into_bytes()
}
