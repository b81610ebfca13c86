//! docker_auth's configuration file.
//!
//! [`Config::from_yaml`] reads a text and nothing else; it says everything that is wrong at once, each with its line and
//! key. [`Config::load`] also reads the files that the text names, and makes the service.
//!
//! Every key of docker_auth 1.14 is known. An unknown key is an error (a warning if [`ConfigOptions::lenient`]), since
//! what a misplaced block or a mistyped condition was meant to forbid would otherwise be allowed in silence. Blocks whose
//! backends this build does not have are refused by name.
//!
//! A block is a key at the top of the file, and describes itself once, as a [`Block`]: its keys with what stands under
//! each, the labels that it can supply, the files that it reads, how it is read and becomes a part of the service.
//! Everything else follows from that: what is unknown or misplaced, [lint](Config::lint), the files to watch, the
//! [reference](ConfigOptions::reference), the [schema](ConfigOptions::schema) for editors, and the tables below. An embedder
//! [adds](ConfigOptions::with_block) blocks.
//!
//! # Reading as Go's YAML library reads
//!
//! Any scalar is a text where a text is expected (`account: 123`); `yes` and `on` are true; `2.592e+06` is a whole number;
//! aliases and merge keys work, and keys at the top that begin with `x-` are left alone; durations are Go's (`1h30m`). What
//! that library lets pass in silence is an error here: duplicate keys, a second document, a condition without a value, a
//! duration without a unit, a number with leading zeros.
//!
#![doc = include_str!("../../guides/configuration.md")]

mod account_case;
mod acl;
mod assembly;
mod block;
mod blocks;
mod duration;
mod expiry;
mod exposed;
mod field;
mod finding;
mod key_pair;
mod kind;
mod labels;
#[cfg(feature = "ldap")]
mod ldap;
mod limits;
mod load;
mod parts;
mod policy_test;
mod published_keys;
mod reader;
mod reference;
mod root;
mod schema;
mod section;
mod server;
mod settled;
#[cfg(feature = "oauth2")]
mod sign_in;
mod signer;
mod source;
mod succession;
mod suggest;
mod table;
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

use std::path::PathBuf;
use std::time::Duration;

use crate::htpasswd::HtpasswdOptions;
use crate::static_users::StaticUser;

pub use account_case::AccountCase;
pub use assembly::Assembly;
pub use block::Block;
pub use expiry::CertificateExpiry;
pub use field::Field;
pub use finding::{ConfigErrors, Finding, Spot};
pub use key_pair::KeyPair;
pub use kind::{Key, Kind};
pub use limits::Limits;
pub use load::{LoadError, Loaded};
pub use parts::Parts;
pub use policy_test::{PolicyFailure, PolicyResult, PolicyTest};
pub use published_keys::PublishedKeyFile;
pub use section::Section;
pub use server::{ListenAddress, RealIp, ServerConfig, Timeouts};
pub use source::SourceName;
pub use tls::{CipherSuite, Curve, TlsConfig, TlsVersion};
pub use token::TokenConfig;
pub use token_store::{DockerPasswords, ServedStore, TokenStoreConfig};
pub use tokens::TokensConfig;

use token_auth_core::acl::{Acl, LintContext};

use blocks::htpasswd_auth::LocatedHtpasswd;
use exposed::Secrets;
use key_pair::LocatedPair;
use published_keys::PublishedKeys;
use reader::Reader;
use tokens::LocatedTokens;

/// How a configuration is read.
#[derive(Clone, Debug)]
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
    /// Password files that change later are left alone for as long, too.
    pub settle_time: Duration,
    /// Blocks that the embedder adds.
    blocks: Vec<&'static Block>,
}

impl Default for ConfigOptions {
    fn default() -> Self {
        Self { lenient: false, examine: false, settle_time: Duration::from_secs(2), blocks: Vec::new() }
    }
}

impl ConfigOptions {
    /// How long [`Config::load`] waits for files to which somebody writes all the time, before it gives up: 30 seconds.
    pub const PATIENCE: Duration = Duration::from_secs(30);

    /// Unknown keys are warnings.
    pub fn lenient() -> Self {
        Self { lenient: true, ..Self::default() }
    }

    /// The same for configurations that may have this block, too. It is read, and its source asked, after all others.
    #[must_use]
    pub fn with_block(mut self, block: &'static Block) -> Self {
        self.blocks.push(block);
        self
    }

    /// A commented configuration with every key, which can be loaded once the files that it names are there.
    pub fn reference(&self) -> String {
        reference::reference(&self.all_blocks())
    }

    /// The same as Markdown: a table for each block.
    pub fn reference_tables(&self) -> String {
        reference::tables(&self.all_blocks())
    }

    /// A JSON Schema (2020-12) of configurations, for editors.
    pub fn schema(&self) -> serde_json::Value {
        schema::schema(&self.all_blocks())
    }

    /// All blocks that a configuration may have.
    fn all_blocks(&self) -> Vec<&'static Block> {
        table::BLOCKS.iter().chain(&self.blocks).copied().collect()
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
    tokens: Option<LocatedTokens>,
    /// What the other blocks have made.
    parts: Parts,
    /// All blocks that there may be.
    blocks: Vec<&'static Block>,
    examine: bool,
    /// How long files have to be left alone that are looked after.
    settle_time: Duration,
    notes: Vec<Finding>,
    secrets: Secrets,
    signing_pair: LocatedPair,
    /// What it names and is read when it is loaded.
    files: Vec<PathBuf>,
    /// The same of what its reader looks after from then on.
    tended_files: Vec<PathBuf>,
    /// What the rules are to be examined with.
    surroundings: LintContext,
    /// The first line.
    start: Spot,
}

impl Config {
    /// What a block has made of what stands under it.
    pub fn part<T: 'static>(&self) -> Option<&T> {
        self.parts.get()
    }

    /// The password file, if that method is configured.
    pub fn htpasswd(&self) -> Option<&HtpasswdOptions> {
        self.part::<LocatedHtpasswd>().map(|located| &located.options)
    }

    /// What the configuration says of an account under `users`, if it is there.
    pub fn user(&self, account: &str) -> Option<&StaticUser> {
        self.users.iter().flatten().find(|(name, _)| name == account).map(|(_, user)| user)
    }

    /// What the account of someone who logs in with this name is called, as far as the configuration tells: the accounts of a
    /// directory are in lower case unless it says otherwise. The rules are asked about that name.
    pub fn account_of_login<'a>(&self, name: &'a str) -> std::borrow::Cow<'a, str> {
        match self.part::<AccountCase>() {
            Some(case) if self.user(name).is_none() => case.account_of(name),
            _ => name.into(),
        }
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
        self.part::<PublishedKeys>().into_iter().flat_map(|keys| &keys.0).map(|(key, _)| key)
    }

    /// All files that are read when this is assembled, as far as the configuration names them.
    fn files_to_read(&self) -> impl Iterator<Item = PathBuf> {
        self.files.iter().chain(&self.tended_files).cloned()
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
        let reader = Reader::new(file, options.lenient, options.all_blocks());
        let config = root::read(text.as_ref(), &reader);
        let [errors, warnings, notes] = reader.finish();
        match config {
            Some(config) if errors.is_empty() => {
                let ConfigOptions { examine, settle_time, .. } = *options;
                Ok((Self { examine, settle_time, notes, ..config }, finding::by_line(warnings)))
            }
            _ => Err(ConfigErrors::sorted(errors, warnings)),
        }
    }
}
