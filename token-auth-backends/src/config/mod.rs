//! docker_auth's configuration file.
//!
//! [`Config::from_yaml`] reads a text and nothing else; it says everything that is wrong at once, each with its line and
//! key. [`Config::load`] also reads the files that the text names, and makes the service.
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
//! | `workload_auth.issuers` | signed identities of build jobs and pods, asked before `users`: feature `workload`, and its module |
//! | `ldap_auth` | may also be a list of directories, which are asked in order |
//! | `ldap_auth.{id,account_prefix}` | names the source, in the log and in tokens (`ldap`); what its account names begin with, also when their users log in |
//! | `ldap_auth.{id,account_prefix}` | of each, where there is a list of directories: what tokens and the log call it (`ldap`), and what its accounts begin with |
//! | `ldap_auth.servers` | list of `ldap://` and `ldaps://` URLs, asked in order, in place of `addr` |
//! | `ldap_auth.{client_certificate,client_key}` | what this client shows to the servers |
//! | `ldap_auth.{search_bind_dn,search_bind_password_file}` | with `initial_bind_as_user`: who looks accounts up when their password is not at hand |
//! | `ldap_auth.users` | further searches, each with `base` and `filter`, for accounts that the first does not find |
//! | `ldap_auth.account.{attribute,lower_case}` | what an account is called, whatever its user logs in with: the attribute (default: the first that the filter names), and whether in lower case (default true) |
//! | `ldap_auth.labels.<name>.{pattern,value}` | a regular expression that takes some values only, or parts of them, and what the label has instead (`${1}`) |
//! | `ldap_auth.groups` | list of searches for groups: `base`, `filter` (with `${dn}`, `${account}`, `${user:ATTRIBUTE}`), `name` (the attribute; default `cn`), `nested`, `nested_filter`, `primary_group`, `label`, `lower_case`, `labels.<name>.{pattern,value,lower_case}` |
//! | `ldap_auth.{check_account_status,hide_unknown_accounts}` | `false` turns off what `LdapOptions` describes |
//! | `ldap_auth.timeouts.{connect,bind,search,total,retry,max_retry}` | durations; `LdapTimeouts` has the defaults |
//! | `ldap_auth.pool.{connections,queue,idle,lifetime}` | `LdapPool` has the defaults |
//! | `ldap_auth.limits.{account_bytes,password_bytes,groups,nesting,message_bytes,answer_bytes}` | `LdapLimits` has the defaults |
//! | `ldap_auth.{cache_ttl,grace,owned_ttl,remembered_logins}` | how long a login is good for the next one, and while the directory is away, both off by default; how long it is remembered whether the directory has an account (30s); how much is remembered |
//! | `oidc_auth`, `google_auth`, `github_auth`, `gitlab_auth` | may also be lists of blocks, each with an `id` of its own |
//! | `….{id,name,account_prefix}` | of each of them: the source and the path `/ID_auth`; what stands on the button; what its account names begin with |
//! | `….{revalidate_after,ca_certificate}` | after what time the provider is asked again (1h); PEM file of further certificates |
//! | `google_auth.{redirect_url,registry_url,label_claims,issuer}`, `github_auth.redirect_url` | as with the others |
//! | `oidc_auth.dangerous_unverified_email`, also of `google_auth` | `true`: addresses count of which the provider never says whether they are verified. Default `false` |
//! | `oidc_auth.{clock_skew,discovery_ttl}` | how far clocks may differ (1m); how long the provider's keys are kept (1h) |
//! | `github_auth.scopes`, `gitlab_auth.scopes` | what is asked for instead of the least that is needed |
//! | `sign_in.{public_url,registry}` | where browsers find the pages; the registry's name on them |
//! | `sign_in.{session,tokens_per_account}` | how long one is signed in to the pages (30m); how many tokens an account may have (50) |
//! | `sign_in.key_file` | keys of cookies and of providers' tokens, which replicas share; by default made beside the token store |
//! | `token.services` | list of the services that tokens are issued for; without it any, as in docker_auth |
//! | `token.x5c` | `false`: tokens carry no certificate chain, only the key id. Default `true` |
//! | `token.published_keys` | list of `{file, until}`: keys that do not sign, and are published in the JWK set all the same: the next one, or an earlier one while its tokens live. `file` is a certificate or a public key (PEM); from `until` (RFC 3339) on it is left out |
//! | `server.trusted_proxies` | list of the addresses and networks (`10.0.0.0/8`) from which `real_ip_header` is believed; without `real_ip_pos` the client is then the last address there that is none of them. The header may also be `Forwarded` (RFC 7239) |
//! | `server.timeouts.{header,request,write,shutdown}` | durations; [`Timeouts`] has the defaults |
//! | `tests` | requests and what the rules are to grant for them, run by `docker-auth check`: see [`PolicyTest`] |
//! | `limits.{scopes_per_request,actions_per_scope}` | counts; [`RequestLimits`](token_auth_core::RequestLimits) has the defaults |
//! | `limits.{query_bytes,body_bytes,authorization_bytes}` | sizes of the parts of a request |
//! | `limits.{connections,connections_per_address,header_bytes}` | for the server: open connections (4096), of one address (1024), and the head of a request (64 KiB) |
//! | `limits.answer_time` | how long a request may take to be answered, whatever is slow behind the server: 5s without it, then 503 |
//! | `limits.{password_concurrency,password_queue,password_queue_time}` | password checks that run, and that wait: how many, and no more than can be computed in that time; [`VerifierOptions`] has the defaults |
//! | `limits.{password_cache_entries,password_cache_ttl}` | how many verified credentials are remembered, and how long |
//! | `limits.password_attempts` | different wrong passwords for one account from one address before it has to wait; 0 for no limit. [`AttemptLimits`](token_auth_core::AttemptLimits) has the defaults |
//! | `limits.password_attempts_address_total` | different wrong pairs of account and password from one address over all accounts; 0 for no limit but that of memory |
//! | `limits.password_attempts_refused` | how many different pairs from one address may be refused before a password that was right from there has to wait, too |
//! | `limits.password_attempts_per_account` | the same from all addresses together; without it no limit |
//! | `limits.password_attempts_window` | within how long, and so how long an account waits at most |
//! | `tokens.store.path` | the file in which refresh tokens and personal access tokens are kept, by one server. Without the block `tokens` there are none |
//! | `tokens.store.redis.{addr,addrs,username,password,password_file,db,tls,ca_certificate,prefix,connect_timeout,timeout,answer_bytes}` | in its place: Redis, which several servers share; `addrs` are nodes of a cluster. `RedisOptions` has the defaults |
//! | `tokens.store.{level_token_db,redis_token_db}` | in its place: docker_auth's keys for the same, with `docker_passwords`: whether the docker passwords in docker_auth's database are good (default yes) |
//! | `tokens.store.sql.{url,url_file,prefix,connections,timeout,answer_bytes}` | in its place: a database, by its address (`postgres://`, `mariadb://`, `sqlite://`). `SqlOptions` has the defaults |
//! | `tokens.refresh.{enabled,lifetime,idle,per_account}` | refresh tokens (`docker login` then keeps one in the place of the password): whether there are, how long they live, how long unused, how many an account may have. `0` is no limit; [`RefreshPolicy`](token_auth_core::RefreshPolicy) has the defaults |
//! | `tokens.personal.{enabled,max_lifetime,idle,exchanged_per_account}` | personal access tokens, and how many passwords a build job's account may have; [`PersonalPolicy`](token_auth_core::PersonalPolicy) has the defaults |
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
mod expiry;
mod exposed;
mod field;
mod finding;
mod foreign;
mod key_pair;
mod labels;
#[cfg(feature = "ldap")]
mod ldap;
mod limits;
mod load;
mod policy_test;
mod published_keys;
mod reader;
mod root;
mod section;
mod server;
mod settled;
#[cfg(feature = "oauth2")]
mod sign_in;
mod signer;
#[cfg(any(feature = "ldap", feature = "oauth2"))]
mod source;
mod succession;
mod suggest;
#[cfg(test)]
mod tests;
mod tls;
mod token;
mod token_store;
mod tokens;
mod users;
#[cfg(feature = "workload")]
mod workload;
mod yaml;

use std::time::Duration;

use crate::htpasswd::HtpasswdOptions;
use crate::static_users::StaticUser;

pub use crate::stamp::FileStamps;
pub use expiry::CertificateExpiry;
pub use finding::{ConfigErrors, Finding};
pub use key_pair::KeyPair;
pub use limits::Limits;
pub use load::{LoadError, Loaded};
pub use policy_test::{PolicyFailure, PolicyResult, PolicyTest};
pub use published_keys::PublishedKeyFile;
pub use server::{ListenAddress, RealIp, ServerConfig, Timeouts};
pub use tls::{CipherSuite, Curve, TlsConfig, TlsVersion};
pub use token::TokenConfig;
#[cfg(feature = "token-store-object")]
pub use token_store::ObjectStoreConfig;
#[cfg(feature = "token-store-redis")]
pub use token_store::RedisStoreConfig;
#[cfg(feature = "token-store-sql")]
pub use token_store::SqlStoreConfig;
pub use token_store::TokenStoreConfig;
pub use tokens::TokensConfig;

use token_auth_core::acl::{Acl, LintContext};

#[cfg(doc)]
use crate::password::VerifierOptions;
use exposed::Secrets;
use finding::Spot;
use key_pair::LocatedPair;
use reader::Reader;

/// How a configuration is read.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct ConfigOptions {
    /// Unknown keys are warnings. Not so within users and rules, where they would leave out a password or a condition.
    pub lenient: bool,
    /// The configuration is only looked at, perhaps beside a server that runs with it: nothing is opened that one process
    /// alone can have open, and nothing is written. What [`Config::load`] then makes keeps its tokens in memory.
    pub examine: bool,
    /// For how long nobody must have written to a file before [`Config::load`] reads it, which waits for that: a configuration that
    /// is written in place, by a writer who pauses, may have a rule without its last conditions meanwhile. Files that were changed
    /// before that are read at once. Whatever it is, files that change while they are read are read again. Default 2 seconds.
    ///
    /// A writer who pauses for longer is not told from one who is done: whoever writes slowly writes another file, and renames it.
    pub settle_time: Duration,
}

impl Default for ConfigOptions {
    fn default() -> Self {
        Self { lenient: false, examine: false, settle_time: Duration::from_secs(2) }
    }
}

impl ConfigOptions {
    /// How long [`Config::load`] waits for files to which somebody writes all the time, before it gives up: 30 seconds.
    pub const PATIENCE: Duration = Duration::from_secs(30);

    /// Unknown keys are warnings.
    pub fn lenient() -> Self {
        Self { lenient: true, ..Self::default() }
    }

    /// The same for a configuration that is only looked at.
    #[must_use]
    pub fn examining(self) -> Self {
        Self { examine: true, ..self }
    }

    /// The same with another [settle time](Self::settle_time).
    #[must_use]
    pub fn with_settle_time(self, settle_time: Duration) -> Self {
        Self { settle_time, ..self }
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
    /// The rules, if that method is configured.
    pub acl: Option<Acl>,
    /// How much requests may cost.
    pub limits: Limits,
    htpasswd: Option<(HtpasswdOptions, Spot)>,
    tokens: Option<tokens::LocatedTokens>,
    examine: bool,
    #[cfg(feature = "workload")]
    workload: Option<workload::Workload>,
    #[cfg(feature = "ldap")]
    ldap: Vec<ldap::Directory>,
    #[cfg(feature = "oauth2")]
    sign_in: Option<sign_in::SignIn>,
    signing_pair: LocatedPair,
    published_keys: Vec<(PublishedKeyFile, Spot)>,
    policy_tests: Vec<PolicyTest>,
    notes: Vec<Finding>,
    secrets: Secrets,
    /// What the rules are to be examined with.
    surroundings: LintContext,
    /// The first line.
    start: Spot,
}

impl Config {
    /// The password file, if that method is configured.
    pub fn htpasswd(&self) -> Option<&HtpasswdOptions> {
        self.htpasswd.as_ref().map(|(options, _)| options)
    }

    /// The directories, in the order in which they are asked.
    #[cfg(feature = "ldap")]
    pub fn ldap(&self) -> impl Iterator<Item = &crate::ldap::LdapOptions> {
        self.ldap.iter().map(|directory| &directory.options)
    }

    /// What the configuration says of an account under `users`, if it is there.
    pub fn user(&self, account: &str) -> Option<&StaticUser> {
        self.users.iter().flatten().find(|(name, _)| name == account).map(|(_, user)| user)
    }

    /// What the account of someone who logs in with this name is called, as far as the configuration tells: the accounts of a
    /// directory are in lower case unless it says otherwise. The rules are asked about that name.
    pub fn account_of_login<'a>(&self, name: &'a str) -> std::borrow::Cow<'a, str> {
        #[cfg(feature = "ldap")]
        if let Some(directory) = ldap::unprefixed(&self.ldap)
            && self.user(name).is_none()
        {
            return ldap::account_of(directory, name);
        }
        name.into()
    }

    /// What in the rules is probably not meant: see [`Acl::lint`]. What is written is used nevertheless.
    pub fn lint(&self) -> Vec<Finding> {
        self.acl.as_ref().map(|acl| acl::lint(acl, &self.surroundings, &self.start)).unwrap_or_default()
    }

    /// What is good to know of this configuration, and no warning.
    pub fn notes(&self) -> &[Finding] {
        &self.notes
    }

    /// The keys that are published without signing.
    pub fn published_keys(&self) -> impl Iterator<Item = &PublishedKeyFile> {
        self.published_keys.iter().map(|(key, _)| key)
    }

    /// Refresh tokens and personal access tokens, if there are any.
    pub fn tokens(&self) -> Option<&TokensConfig> {
        self.tokens.as_ref().map(|located| &located.tokens)
    }

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
        let config = root::read(text.as_ref(), &reader);
        match (config, reader.finish()) {
            (Some(config), (errors, warnings)) if errors.is_empty() => {
                Ok((Self { examine: options.examine, ..config }, warnings))
            }
            (_, (errors, _)) => Err(ConfigErrors::sorted(errors)),
        }
    }
}
