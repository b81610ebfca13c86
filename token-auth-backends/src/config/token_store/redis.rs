use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use token_auth_core::{Password, Store};

use crate::config::field::Field;
use crate::config::section::Section;
use crate::named_file;
#[cfg(feature = "oauth2")]
use crate::oauth2::SignInSource;
#[cfg(feature = "oauth2")]
use crate::password::PasswordVerifier;
#[cfg(feature = "oauth2")]
use crate::token_store::redis::DockerAuthPasswords;
use crate::token_store::redis::{RedisAddress, RedisOptions, RedisServers, RedisTls, RedisTokenStore};

/// Redis: `tokens.store.redis`, or docker_auth's `redis_token_db`.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct RedisStoreConfig {
    options: RedisOptions,
    password_file: Option<PathBuf>,
    ca_certificate: Option<PathBuf>,
    docker_passwords: DockerPasswords,
}

/// What is otherwise under docker_auth's keys.
#[derive(Clone, Copy)]
pub(super) struct Names {
    pub(super) connect_timeout: &'static str,
    pub(super) timeout: &'static str,
    /// Whether docker_auth's users are served if the configuration does not say.
    pub(super) docker_passwords: DockerPasswords,
}

/// Whether the docker passwords of a token database that docker_auth has kept there are good.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::config) enum DockerPasswords {
    Refused,
    /// If it is clear which provider to ask about them.
    Offered,
    Wanted,
}

const OURS: Names = Names {
    connect_timeout: "connect_timeout",
    timeout: "timeout",
    docker_passwords: DockerPasswords::Refused,
};

pub(super) fn read(section: Section<'_>) -> Option<RedisStoreConfig> {
    let servers = match (section.get("addr"), section.get("addrs")) {
        (Some(one), None) => single(&one),
        (None, Some(nodes)) => cluster(&nodes),
        (None, None) => {
            section.missing("addr", "is required, or `addrs` of a cluster");
            None
        }
        (Some(one), Some(_)) => {
            one.error("stands beside `addrs` of a cluster: keep one of them");
            None
        }
    };
    let config = read_rest(&section, servers, OURS);
    section.finish();
    config
}

pub(super) fn single(field: &Field<'_>) -> Option<RedisServers> {
    field.parsed(str::parse).map(RedisServers::Single)
}

pub(super) fn cluster(field: &Field<'_>) -> Option<RedisServers> {
    let nodes: Vec<RedisAddress> = field.list(|node| node.parsed(str::parse));
    if nodes.is_empty() {
        field.error("must name at least one node");
        return None;
    }
    Some(RedisServers::Cluster(nodes))
}

/// What is there beside the addresses.
pub(super) fn read_rest(
    section: &Section<'_>,
    servers: Option<RedisServers>,
    names: Names,
) -> Option<RedisStoreConfig> {
    let path = |key| section.get(key).and_then(|field| field.filled()).map(PathBuf::from);
    let (password_file, ca_certificate) = (path("password_file"), path("ca_certificate"));
    let text = |key| section.get(key).and_then(|field| field.text()).filter(|text| !text.is_empty());
    let (username, password) = (text("username"), text("password"));
    let database = section.get("db").and_then(|field| field.integer(0, i64::from(u16::MAX)));
    let tls = section.get("tls").and_then(|field| field.flag());
    let prefix = text("prefix");
    let docker_passwords = section.get("docker_passwords").and_then(|field| {
        let wanted = field.flag()?;
        if wanted && cfg!(not(feature = "oauth2")) {
            field.error("needs a build with the feature `oauth2`");
        }
        Some(wanted)
    });
    let positive = |key| -> Option<Duration> {
        let field = section.get(key)?;
        let time = field.duration()?;
        if time.is_zero() {
            field.error("must be longer than nothing");
        }
        Some(time)
    };
    let (connect_timeout, timeout) = (positive(names.connect_timeout), positive(names.timeout));
    let answer_bytes = super::answer_bytes(section);
    let mut options = RedisOptions::new(servers?);
    options.username = username.map(str::to_owned);
    options.password = password.map(Password::new);
    options.database = database.and_then(|number| u16::try_from(number).ok()).unwrap_or_default();
    options.tls = tls.unwrap_or(ca_certificate.is_some()).then(RedisTls::default);
    if let Some(prefix) = prefix {
        prefix.clone_into(&mut options.prefix);
    }
    let docker_passwords = match docker_passwords {
        Some(true) => DockerPasswords::Wanted,
        Some(false) => DockerPasswords::Refused,
        None => names.docker_passwords,
    };
    if docker_passwords != DockerPasswords::Refused {
        options.docker_auth = vec![String::new()];
    }
    options.connect_timeout = connect_timeout.unwrap_or(options.connect_timeout);
    options.timeout = timeout.unwrap_or(options.timeout);
    options.answer_bytes = answer_bytes.unwrap_or(options.answer_bytes);
    Some(RedisStoreConfig { options, password_file, ca_certificate, docker_passwords })
}

impl RedisStoreConfig {
    #[cfg(feature = "oauth2")]
    pub(in crate::config) fn docker_passwords(&self) -> DockerPasswords {
        self.docker_passwords
    }

    /// Accounts have these prefixes before the names that docker_auth knows them by.
    #[cfg(feature = "oauth2")]
    pub(super) fn set_prefixes(&mut self, prefixes: &[String]) {
        if self.docker_passwords != DockerPasswords::Refused {
            self.options.docker_auth = prefixes.to_vec();
        }
    }

    /// The source of those passwords, of people who have signed in at this provider.
    #[cfg(feature = "oauth2")]
    pub(in crate::config) fn docker_auth(
        &self,
        verifier: Arc<PasswordVerifier>,
        provider: SignInSource,
    ) -> Result<DockerAuthPasswords, String> {
        DockerAuthPasswords::new(&self.options()?, verifier, provider).map_err(|error| error.to_string())
    }

    /// With what stands in the files.
    pub(super) fn options(&self) -> Result<RedisOptions, String> {
        let mut options = self.options.clone();
        if let Some(file) = &self.password_file {
            options.password = Some(super::secret(file)?);
        }
        if let (Some(file), Some(_)) = (&self.ca_certificate, &options.tls) {
            let pem = named_file::read(file, named_file::PEM_BYTES)
                .map_err(|error| format!("{}: {error}", file.display()))?;
            options.tls = Some(RedisTls::trusting(pem));
        }
        Ok(options)
    }

    pub(super) fn open(&self) -> Result<Arc<dyn Store>, String> {
        Ok(Arc::new(RedisTokenStore::new(&self.options()?).map_err(|error| error.to_string())?))
    }
}
