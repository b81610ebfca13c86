//! docker_auth's configuration file.
//!
//! [`Config::from_yaml`] reads a text and nothing else; it says everything that is wrong at once, each with its line and
//! key. `Config::load` also reads the files that the text names, and makes the service.
//!
//! Every key of docker_auth 1.14 is known. An unknown key is an error (a warning if [`ConfigOptions::lenient`]), since
//! what a misplaced block or a mistyped condition was meant to forbid would otherwise be allowed in silence. Blocks whose
//! backends this build does not have are refused by name.
//!
//! # Beyond docker_auth
//!
//! | key | meaning |
//! |---|---|
//! | `htpasswd_auth.{file,group_file}` | accounts of a password file, asked after `users`; the groups of an account become its label `group` |
//! | `token.services` | list of the services that tokens are issued for; without it any, as in docker_auth |
//! | `token.x5c` | `false`: tokens carry no certificate chain, only the key id. Default `true` |
//! | `server.trusted_proxies` | list of the addresses and networks (`10.0.0.0/8`) from which `real_ip_header` is believed |
//! | `server.timeouts.{header,request,idle,shutdown}` | durations; [`Timeouts`] has the defaults |
//! | `limits.{scopes_per_request,actions_per_scope}` | counts; [`RequestLimits`](token_auth_core::RequestLimits) has the defaults |
//! | `limits.{query_bytes,body_bytes,authorization_bytes}` | sizes of the parts of a request |
//! | `limits.{password_concurrency,password_queue}` | password checks that run, and that wait; [`VerifierOptions`] has the defaults |
//! | `limits.{password_cache_entries,password_cache_ttl}` | how many verified credentials are remembered, and how long |
//! | `limits.bcrypt_cost` | the highest cost of a stored hash; default 16 |
//!
//! Password hashes may also be Argon2 or SHA-crypt, with the features `argon2` and `sha-crypt`.
//!
//! # Reading as Go's YAML library reads
//!
//! Any scalar is a text where a text is expected (`account: 123`); `yes` and `on` are true; aliases and merge keys work;
//! durations are Go's (`1h30m`). What that library lets pass in silence is an error here: duplicate keys, a second document,
//! a condition without a value, a duration without a unit, a number with leading zeros.

mod acl;
mod duration;
mod finding;
mod foreign;
mod key_pair;
mod limits;
mod reader;
mod server;
mod suggest;
#[cfg(test)]
mod tests;
mod tls;
mod token;
mod users;
mod yaml;

use crate::htpasswd::HtpasswdOptions;
use crate::static_users::StaticUser;

pub use finding::{ConfigErrors, Finding};
pub use key_pair::KeyPair;
pub use limits::Limits;
pub use server::{ListenAddress, RealIp, ServerConfig, Timeouts};
pub use tls::{CipherSuite, Curve, TlsConfig, TlsVersion};
pub use token::TokenConfig;

use token_auth_core::acl::Acl;

#[cfg(doc)]
use crate::password::VerifierOptions;
use reader::{Field, Reader, Section};
use yaml::{Budget, Position};

/// Room for some hundred thousand users or rules.
const BUDGET: Budget = Budget { bytes: 64 << 20, nodes: 4_000_000, depth: 32 };

/// How a configuration is read.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct ConfigOptions {
    /// Unknown keys are warnings. Not so within users and rules, where they would leave out a password or a condition.
    pub lenient: bool,
}

impl ConfigOptions {
    /// Unknown keys are warnings.
    pub fn lenient() -> Self {
        Self { lenient: true }
    }
}

/// A configuration that makes sense.
#[derive(Debug)]
#[non_exhaustive]
pub struct Config {
    /// How the server listens.
    pub server: ServerConfig,
    /// What tokens say.
    pub token: TokenConfig,
    /// Static users by name, if that method is configured.
    pub users: Option<Vec<(String, StaticUser)>>,
    /// The password file, if that method is configured.
    pub htpasswd: Option<HtpasswdOptions>,
    /// The rules, if that method is configured.
    pub acl: Option<Acl>,
    /// How much requests may cost.
    pub limits: Limits,
}

impl Config {
    /// Reads a configuration from its text; `file` is what findings call it. Beside the configuration there may be
    /// warnings.
    ///
    /// ```
    /// use token_auth_backends::config::{Config, ConfigOptions};
    ///
    /// let text = r#"
    /// server: {addr: ":5001"}
    /// token: {issuer: Acme, expiration: 900, certificate: auth.pem, key: auth.key}
    /// users:
    ///   "": {}
    /// acl:
    ///   - match: {acount: ""}
    ///     actions: [pull]
    /// "#;
    /// let errors = Config::from_yaml(text, "auth.yml", &ConfigOptions::default()).unwrap_err();
    /// assert_eq!(
    ///     errors.to_string(),
    ///     "auth.yml:7: acl[1].match.acount: unknown key: did you mean `account`?"
    /// );
    /// ```
    ///
    /// # Errors
    ///
    /// When anything is wrong: everything that is.
    pub fn from_yaml(
        text: impl AsRef<[u8]>,
        file: &str,
        options: &ConfigOptions,
    ) -> Result<(Self, Vec<Finding>), ConfigErrors> {
        let reader = Reader::new(file, options.lenient);
        let config = read_text(text.as_ref(), &reader);
        match (config, reader.finish()) {
            (Some(config), (errors, warnings)) if errors.is_empty() => Ok((config, warnings)),
            (_, (errors, _)) => Err(ConfigErrors::new(errors)),
        }
    }
}

/// The configuration, or at least one error in the reader.
fn read_text(bytes: &[u8], reader: &Reader) -> Option<Config> {
    let text = match std::str::from_utf8(bytes) {
        Ok(text) => text,
        Err(error) => {
            let before = bytes.get(..error.valid_up_to()).unwrap_or_default();
            let line = 1 + before.iter().filter(|byte| **byte == b'\n').count();
            reader.error(Position { line, column: 1 }, "", "is not UTF-8");
            return None;
        }
    };
    let (root, problems) = yaml::parse(text, BUDGET);
    if root.is_none() && problems.is_empty() {
        reader.error(Position { line: 1, column: 1 }, "", "says nothing");
    }
    for problem in problems {
        reader.error(problem.position, "", problem.message);
    }
    read_root(Field::root(reader, &*root?).section()?)
}

fn read_root(root: Section<'_>) -> Option<Config> {
    let limits = root.get("limits").and_then(|field| limits::read(field.section()?)).unwrap_or_default();
    let server = root.require("server").and_then(|field| field.section());
    let token_field = root.require("token");
    let token = token_field.as_ref().and_then(Field::section);
    if let (Some(field), Some(server), Some(token)) = (token_field, &server, &token)
        && !key_pair::is_begun(server)
        && !key_pair::is_begun(token)
    {
        field.error("needs `certificate` and `key`, here or under `server`, to sign tokens with");
    }
    let (server, token) = (server.and_then(server::read), token.and_then(token::read));

    let users = configured(&root, "users").map(|field| users::read(&field, &limits.hashes));
    let htpasswd_auth = root.get("htpasswd_auth");
    let htpasswd = htpasswd_auth.as_ref().and_then(|field| htpasswd(field.section()?, &limits));
    let rules = configured(&root, "acl");
    let acl = rules.as_ref().and_then(acl::read);
    let refuse = |blocks: &[foreign::Block]| {
        let found = blocks.iter().filter_map(|block| Some((block, root.get(block.key)?)));
        found.map(|(block, field)| block.refuse(&field)).count()
    };
    if refuse(&foreign::AUTHENTICATORS) == 0 && users.is_none() && htpasswd_auth.is_none() {
        root.missing("users", "no way to authenticate is configured: write `users: {}` to deny everyone");
    }
    if refuse(&foreign::AUTHORIZERS) == 0 && rules.is_none() {
        root.missing("acl", "no way to authorize is configured: write `acl: []` to deny everything");
    }
    root.finish();
    Some(Config { server: server?, token: token?, users, htpasswd, acl, limits })
}

/// A method that counts even when it is empty, but not when it is null.
fn configured<'a>(root: &Section<'a>, key: &'static str) -> Option<Field<'a>> {
    let field = root.present(key)?;
    if field.is_null() {
        field.warn("has no value, and so is not configured");
        return None;
    }
    Some(field)
}

fn htpasswd(section: Section<'_>, limits: &Limits) -> Option<HtpasswdOptions> {
    let file = section.require("file").and_then(|field| field.filled());
    let group_file = section.get("group_file").and_then(|field| field.filled());
    section.finish();
    let mut options = HtpasswdOptions::new(file?);
    options.group_file = group_file.map(Into::into);
    options.hash_limits = limits.hashes.clone();
    Some(options)
}
