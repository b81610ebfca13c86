//! Redis: `tokens.store.redis`, or docker_auth's `redis_token_db`.

use std::path::PathBuf;
use std::sync::Arc;

use token_auth_core::{Password, Store};

use super::{DockerPasswords, ServedStore, TokenStoreConfig, docker_auth};
use crate::config::field::Field;
use crate::config::section::Section;
use crate::named_file;
use crate::token_store::redis::{RedisAddress, RedisOptions, RedisServers, RedisTls, RedisTokenStore};

/// Redis: `tokens.store.redis`, or docker_auth's `redis_token_db`.
#[derive(Clone, Debug)]
struct RedisStoreConfig {
    options: RedisOptions,
    password_file: Option<PathBuf>,
    ca_certificate: Option<PathBuf>,
    docker_passwords: DockerPasswords,
}

/// What is otherwise under docker_auth's keys.
#[derive(Clone, Copy)]
struct Names {
    connect_timeout: &'static str,
    timeout: &'static str,
    /// Whether docker_auth's users are served if the configuration does not say.
    docker_passwords: DockerPasswords,
}

const OURS: Names = Names {
    connect_timeout: "connect_timeout",
    timeout: "timeout",
    docker_passwords: DockerPasswords::Refused,
};

const DOCKER_AUTHS: Names = Names {
    connect_timeout: "dialtimeout",
    timeout: "readtimeout",
    docker_passwords: DockerPasswords::Offered,
};

pub(super) fn read(field: &Field<'_>) -> Option<TokenStoreConfig> {
    let section = field.section()?;
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
    config.map(TokenStoreConfig::served)
}

/// docker_auth's keys.
pub(super) fn redis_token_db(field: &Field<'_>) -> Option<TokenStoreConfig> {
    let section = field.section()?;
    docker_auth::hash_cost(&section);
    let (one, nodes) = (section.get("redis_options"), section.get("redis_cluster_options"));
    if let (Some(one), Some(_)) = (&one, &nodes) {
        one.warn("does not count beside `redis_cluster_options`: remove one of them");
    }
    section.finish();
    let Some(options) = nodes.as_ref().or(one.as_ref()) else {
        field.error("needs `redis_options` or `redis_cluster_options`");
        return None;
    };
    let options = options.section()?;
    let servers = match nodes {
        Some(_) => options.require("addrs").and_then(|addresses| cluster(&addresses)),
        None => options.require("addr").and_then(|address| single(&address)),
    };
    let config = read_rest(&options, servers, DOCKER_AUTHS);
    // How go-redis keeps its connections means nothing here: known, and of no effect.
    options.check_others();
    options.finish();
    config.map(TokenStoreConfig::served)
}

fn single(field: &Field<'_>) -> Option<RedisServers> {
    field.parsed(str::parse).map(RedisServers::Single)
}

fn cluster(field: &Field<'_>) -> Option<RedisServers> {
    let nodes: Vec<RedisAddress> = field.list(|node| node.parsed(str::parse));
    if nodes.is_empty() {
        field.error("must name at least one node");
        return None;
    }
    Some(RedisServers::Cluster(nodes))
}

/// What is there beside the addresses.
fn read_rest(section: &Section<'_>, servers: Option<RedisServers>, names: Names) -> Option<RedisStoreConfig> {
    let path = |key| section.get(key).and_then(|field| field.filled()).map(PathBuf::from);
    let (password_file, ca_certificate) = (path("password_file"), path("ca_certificate"));
    let text = |key| section.get(key).and_then(|field| field.text()).filter(|text| !text.is_empty());
    let (username, password) = (text("username"), text("password"));
    let database = section.get("db").and_then(|field| field.integer());
    let tls = section.get("tls").and_then(|field| field.flag());
    let prefix = text("prefix");
    let docker_passwords = section.get("docker_passwords").and_then(|field| {
        let wanted = field.flag()?;
        if wanted && cfg!(not(feature = "oauth2")) {
            field.error("needs a build with the feature `oauth2`");
        }
        Some(wanted)
    });
    let time = |key| section.get(key).and_then(|field| field.duration());
    let (connect_timeout, timeout) = (time(names.connect_timeout), time(names.timeout));
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
    /// With what stands in the files.
    fn options(&self) -> Result<RedisOptions, String> {
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
}

impl ServedStore for RedisStoreConfig {
    fn open(&self) -> Result<Arc<dyn Store>, String> {
        Ok(Arc::new(RedisTokenStore::new(&self.options()?).map_err(|error| error.to_string())?))
    }

    fn examine(&self) -> Result<(), String> {
        self.options().map(drop)
    }

    fn docker_passwords(&self) -> DockerPasswords {
        self.docker_passwords
    }

    fn with_prefixes(&self, prefixes: &[String]) -> Option<Arc<dyn ServedStore>> {
        if self.docker_passwords == DockerPasswords::Refused {
            return None;
        }
        let mut prefixed = self.clone();
        prefixed.options.docker_auth = prefixes.to_vec();
        Some(Arc::new(prefixed))
    }

    #[cfg(feature = "oauth2")]
    fn docker_auth(
        &self,
        verifier: Arc<crate::password::PasswordVerifier>,
        provider: crate::oauth2::SignInSource,
    ) -> Result<Arc<dyn token_auth_core::Authenticator>, String> {
        use crate::token_store::redis::DockerAuthPasswords;

        let source = DockerAuthPasswords::new(&self.options()?, verifier, provider);
        Ok(Arc::new(source.map_err(|error| error.to_string())?))
    }
}
