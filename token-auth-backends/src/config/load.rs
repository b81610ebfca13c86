//! From a configuration to a service.

use std::fmt;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use http::Extensions;
use token_auth_core::TokenService;

use super::settled::Settling;
use super::{
    Assembly, CertificateExpiry, Config, ConfigErrors, ConfigOptions, Finding, Limits, ServerConfig,
    TokensConfig,
};
use crate::FileStamps;
use crate::registry::RegistryTrust;

/// A configuration, ready to serve.
#[derive(Clone)]
#[non_exhaustive]
pub struct Loaded {
    /// Answers requests.
    pub service: TokenService,
    /// What registries must trust to accept its tokens.
    pub trust: RegistryTrust,
    /// How a server listens for them.
    pub server: ServerConfig,
    /// How much requests may cost.
    pub limits: Limits,
    /// Refresh tokens and personal access tokens, if there are any; the service has them already.
    pub tokens: Option<TokensConfig>,
    /// What was read and does not look after itself: when one of these files changes, load again.
    pub files: Vec<PathBuf>,
    /// These files as they were when they were read.
    pub stamps: FileStamps,
    /// What the blocks have provided beside the service, by its type.
    pub(super) products: Extensions,
    /// What an operator should know.
    pub warnings: Vec<Finding>,
    /// What in the rules is probably not meant ([`Config::lint`]), and the policy tests that fail. Rules are used nevertheless.
    pub policy: Vec<Finding>,
    /// What is good to know, and no warning.
    pub notes: Vec<Finding>,
    /// When the certificate that tokens carry ends, if they carry one: to be looked at while a server runs.
    pub expiry: Option<CertificateExpiry>,
}

/// Why a configuration cannot be loaded.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum LoadError {
    /// The configuration file cannot be read.
    #[error("cannot read {file}")]
    Read {
        /// The file.
        file: String,
        /// Why.
        source: io::Error,
    },
    /// Somebody has been writing to a file [all the time](ConfigOptions::PATIENCE).
    #[error("{file} is being written all the time: write another file, and rename it")]
    Unsettled {
        /// The file.
        file: String,
    },
    /// The configuration, or a file that it names, is wrong.
    #[error(transparent)]
    Invalid(#[from] ConfigErrors),
}

impl Config {
    /// Reads a configuration file and all files that it names, once nobody is [writing](ConfigOptions::settle_time) them. Blocks
    /// while it does.
    ///
    /// Nothing is shared with what was loaded before, apart from a store of tokens in a file that this process has open
    /// already, until it [succeeds](Loaded::succeed) that.
    ///
    /// ```no_run
    /// use token_auth_backends::config::{Config, ConfigOptions};
    ///
    /// let loaded = Config::load("auth_config.yml", &ConfigOptions::default())?;
    /// for warning in &loaded.warnings {
    ///     eprintln!("warning: {warning}");
    /// }
    /// let service = loaded.service;
    /// # Ok::<(), token_auth_backends::config::LoadError>(())
    /// ```
    ///
    /// # Errors
    ///
    /// When a file cannot be read, or anything is wrong: everything that is. When somebody writes to a file all the time.
    pub fn load(file: impl AsRef<Path>, options: &ConfigOptions) -> Result<Loaded, LoadError> {
        let path = file.as_ref();
        let file = path.display().to_string();
        let (mut settling, mut further) = (Settling::new(options), Vec::new());
        loop {
            settling.begin();
            settling.wait([path.to_owned()])?;
            let text = fs::read(path).map_err(|source| LoadError::Read { file: file.clone(), source });
            if !settling.holds() {
                continue;
            }
            let (config, mut warnings) = Self::from_yaml(text?, &file, options)?;
            settling.wait(config.files_to_read().chain(further.clone()))?;
            let assembled = config.assemble();
            if !settling.holds() {
                continue;
            }
            let mut loaded = assembled?;
            loaded.files.insert(0, path.to_owned());
            let Some(stamps) = settling.of(&loaded.files) else {
                further.clone_from(&loaded.files);
                continue;
            };
            warnings.append(&mut loaded.warnings);
            return Ok(Loaded { warnings, stamps, ..loaded });
        }
    }

    /// Reads the files that the configuration names, and joins everything to a service. Blocks while it does.
    ///
    /// # Errors
    ///
    /// When one of the files cannot be used.
    pub fn assemble(mut self) -> Result<Loaded, ConfigErrors> {
        let failed = self.run_policy_tests().filter_map(|result| result.failure);
        let failed: Vec<Finding> = failed.map(|failure| failure.finding).collect();
        let policy = self.lint().into_iter().chain(failed).collect();
        let mut assembly = Assembly::new(&self)?;
        self.secrets.exposed().into_iter().for_each(|finding| assembly.warn(finding));
        for file in std::mem::take(&mut self.files) {
            assembly.watch(file);
        }
        for block in std::mem::take(&mut self.blocks) {
            block.join(&mut self, &mut assembly);
        }
        assembly.finish(self, policy)
    }
}

impl Loaded {
    /// What a block has [provided](Assembly::provide).
    pub fn product<T: Send + Sync + 'static>(&self) -> Option<&T> {
        self.products.get()
    }
}

impl fmt::Debug for Loaded {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Loaded")
            .field("server", &self.server)
            .field("limits", &self.limits)
            .field("tokens", &self.tokens)
            .field("files", &self.files)
            .field("warnings", &self.warnings)
            .finish_non_exhaustive()
    }
}

#[cfg(feature = "http")]
impl Loaded {
    /// The service as an HTTP endpoint, with these limits and behind these proxies.
    pub fn endpoint(&self) -> token_auth_core::http::TokenEndpoint {
        let endpoint = token_auth_core::http::TokenEndpoint::new(self.service.clone());
        endpoint
            .with_limits(self.limits.request)
            .with_addresses(self.server.addresses())
            .with_answer_time(self.limits.answer_time)
    }
}
