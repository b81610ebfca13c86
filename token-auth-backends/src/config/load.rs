use std::fmt;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;

#[cfg(feature = "ldap")]
use token_auth_core::Prefixed;
use token_auth_core::{
    Authenticator, AuthenticatorChain, AuthorizerChain, SourceError, SourceId, TokenService,
};

use super::finding::Spot;
use super::settled::Settling;
use super::signer::Keys;
use super::{
    CertificateExpiry, Config, ConfigErrors, ConfigOptions, FileStamps, Finding, Limits, ServerConfig,
    TokensConfig, signer,
};
use crate::htpasswd::{Htpasswd, HtpasswdError};
use crate::password::PasswordVerifier;
use crate::registry::RegistryTrust;
use crate::static_users::StaticUsers;

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
    /// The pages of the sign-in with the browser, if a provider is configured.
    #[cfg(feature = "oauth2")]
    pub sign_in: Option<crate::oauth2::SignInPages>,
    /// Refresh tokens and personal access tokens, if there are any; the service has them already.
    pub tokens: Option<TokensConfig>,
    /// What was read and does not look after itself: when one of these files changes, load again.
    pub files: Vec<PathBuf>,
    /// These files as they were when they were read.
    pub stamps: FileStamps,
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
            settling.wait(config.files_to_read().into_iter().chain(further.clone()))?;
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
    pub fn assemble(self) -> Result<Loaded, ConfigErrors> {
        #[cfg_attr(not(feature = "oauth2"), expect(unused_mut, reason = "only a sign-in adds files"))]
        let mut files = self.named_files();
        let failed = self.run_policy_tests().filter_map(|result| result.failure);
        let failed: Vec<Finding> = failed.map(|failure| failure.finding).collect();
        let policy: Vec<Finding> = self.lint().into_iter().chain(failed).collect();
        let (mut errors, mut warnings) = (Vec::new(), self.secrets.exposed());
        let keys = signer::read(&self.token, &self.signing_pair, &self.published_keys)
            .map_err(|found| errors.extend(found))
            .ok();
        let mut authenticators = AuthenticatorChain::new();
        #[cfg(feature = "workload")]
        let workload = self.workload(&mut errors);
        // A JWT of one of these issuers is nobody's password: no hash is computed for it.
        #[cfg(feature = "workload")]
        if let Some(identities) = &workload {
            push(&mut authenticators, "workload", Arc::clone(identities), &self.start, &mut errors);
        }
        let verifier = PasswordVerifier::new(self.limits.passwords).map(Arc::new);
        let verifier = verifier.map_err(|error| errors.push(self.start.finding(error.to_string()))).ok();
        if let Some(verifier) = &verifier {
            self.push_authenticators(&mut authenticators, verifier, &mut errors);
        }
        let stored =
            self.tokens.as_ref().map(|tokens| tokens.open(&self.token.issuer, self.examine)).transpose();
        let stored = stored.map_err(|error| errors.push(error)).ok().flatten();
        let tokens = self.tokens().cloned();
        #[cfg(feature = "oauth2")]
        let sign_in = self.assemble_sign_in(stored.as_ref(), &mut errors);
        #[cfg(feature = "oauth2")]
        self.push_sign_in(&mut authenticators, &sign_in, verifier.as_ref(), &mut errors);
        warnings.extend(self.meetings());
        let authenticator: Arc<dyn Authenticator> = Arc::new(authenticators);
        #[cfg(feature = "oauth2")]
        let sign_in = sign_in.map(|mut assembled| {
            files.append(&mut assembled.files);
            warnings.append(&mut assembled.warnings);
            assembled.pages(Arc::clone(&authenticator))
        });
        let Self { server, token, acl, limits, start, notes, .. } = self;
        let mut authorizers = AuthorizerChain::new();
        if let Some(acl) = acl {
            authorizers.push(acl);
        }
        let (Some(Keys { signer, published, trust, warnings: mut of_keys, expiry }), true) =
            (keys, errors.is_empty())
        else {
            return Err(ConfigErrors::new(errors));
        };
        warnings.append(&mut of_keys);
        let service = TokenService::new(token.issuer, authenticator, authorizers, signer)
            .and_then(|service| service.with_lifetime(token.expiration))
            .and_then(|service| service.with_attempt_limits(limits.attempts))
            .map_err(|error| ConfigErrors::new(vec![start.finding(error.to_string())]))?
            .with_published_keys(published)
            .with_timer(|moment: std::time::Instant| tokio::time::sleep_until(moment.into()));
        let service = match token.services.is_empty() {
            true => service,
            false => service.with_services(token.services),
        };
        let service = match stored {
            Some(stored) => service.with_stored_tokens(stored),
            None => service,
        };
        Ok(Loaded {
            service,
            trust,
            server,
            limits,
            #[cfg(feature = "oauth2")]
            sign_in,
            tokens,
            files,
            stamps: FileStamps::default(),
            warnings,
            policy,
            notes,
            expiry,
        })
    }

    #[cfg(feature = "workload")]
    fn workload(&self, errors: &mut Vec<Finding>) -> Option<Arc<crate::workload::WorkloadIdentities>> {
        let identities = self.workload.as_ref()?.open();
        identities.map(Arc::new).map_err(|error| errors.push(error)).ok()
    }

    #[cfg(feature = "oauth2")]
    fn assemble_sign_in(
        &self,
        stored: Option<&token_auth_core::StoredTokens>,
        errors: &mut Vec<Finding>,
    ) -> Option<super::sign_in::Assembled> {
        let (sign_in, stored) = (self.sign_in.as_ref()?, stored?);
        let assembled =
            sign_in.assemble(self.tokens()?, stored, &self.server, &self.token.issuer, self.examine);
        assembled.map_err(|mut found| errors.append(&mut found)).ok()
    }

    /// The providers; in the place of the only one, docker_auth's passwords of its users.
    #[cfg(feature = "oauth2")]
    fn push_sign_in(
        &self,
        chain: &mut AuthenticatorChain,
        sign_in: &Option<super::sign_in::Assembled>,
        verifier: Option<&Arc<PasswordVerifier>>,
        errors: &mut Vec<Finding>,
    ) {
        let sources = sign_in.as_ref().map_or(&[][..], |assembled| &assembled.sources);
        #[cfg(feature = "token-store-redis")]
        if let (Some(tokens), Some(verifier), true) = (&self.tokens, verifier, errors.is_empty()) {
            match (tokens.docker_auth(verifier, sources), sources) {
                (Ok(Some(legacy)), [(_, spot)]) => return push(chain, "legacy", legacy, spot, errors),
                (Ok(_), _) => {}
                (Err(error), _) => errors.push(error),
            }
        }
        #[cfg(not(feature = "token-store-redis"))]
        let _ = verifier;
        for (source, spot) in sources {
            push(chain, source.id().clone(), source.clone(), spot, errors);
        }
    }

    /// Which accounts of sources that nobody has listed can have one name.
    fn meetings(&self) -> Vec<Finding> {
        #[cfg_attr(not(feature = "workload"), expect(unused_mut, reason = "only workloads add to them"))]
        let mut found = Vec::new();
        #[cfg(any(feature = "ldap", feature = "oauth2"))]
        {
            let names: Vec<&super::source::SourceName> = Vec::new();
            #[cfg(feature = "ldap")]
            let names = names.into_iter().chain(self.ldap.iter().map(|directory| &directory.name));
            #[cfg(feature = "oauth2")]
            let names = names.into_iter().chain(self.sign_in.iter().flat_map(super::sign_in::SignIn::names));
            found.extend(super::source::meetings(names));
        }
        #[cfg(feature = "workload")]
        found.extend(self.workload.iter().flat_map(super::workload::Workload::meetings));
        found
    }

    /// docker_auth's order.
    fn push_authenticators(
        &self,
        chain: &mut AuthenticatorChain,
        verifier: &Arc<PasswordVerifier>,
        errors: &mut Vec<Finding>,
    ) {
        self.push_tables(chain, verifier, errors);
        #[cfg(feature = "ldap")]
        for super::ldap::Directory { name, options, spot } in &self.ldap {
            match crate::ldap::LdapAuthenticator::new(options.clone()) {
                Ok(directory) => {
                    let directory = Prefixed::new(name.account_prefix.as_str(), directory);
                    push(chain, name.id.clone(), directory, &name.spot, errors);
                }
                Err(error) => errors.push(spot.finding(error.to_string())),
            }
        }
    }

    /// The static users, and the password file.
    fn push_tables(
        &self,
        chain: &mut AuthenticatorChain,
        verifier: &Arc<PasswordVerifier>,
        errors: &mut Vec<Finding>,
    ) {
        let users = self.users.as_ref().map(|users| {
            let named = users.iter().map(|(name, user)| (&**name, user.clone()));
            StaticUsers::new(Arc::clone(verifier), named)
        });
        let Some((options, spot)) = &self.htpasswd else {
            return users.into_iter().for_each(|users| push(chain, "users", users, &self.start, errors));
        };
        // Of two tables of passwords the second spends the time of an unknown name.
        let mut decoys = Vec::new();
        if let Some(mut users) = users {
            decoys = users.take_decoys();
            push(chain, "users", users, &self.start, errors);
        }
        match Htpasswd::open(options.clone(), Arc::clone(verifier)) {
            Ok(htpasswd) => push(chain, "htpasswd", htpasswd.with_decoys(decoys), spot, errors),
            Err(HtpasswdError::Invalid { file, problems }) => {
                let file: Arc<str> = file.display().to_string().into();
                errors.extend(problems.into_iter().map(|problem| Finding::of_line(&file, problem)));
            }
            Err(error) => errors.push(spot.finding(error.to_string())),
        }
    }

    /// The keys of the tokens and of the server, and those of issuers.
    pub(super) fn named_files(&self) -> Vec<PathBuf> {
        let server = self.server.tls.as_ref().map(|tls| &tls.key_pair);
        let mut files = Vec::new();
        let pairs = [Some(&self.signing_pair.pair), server].into_iter().flatten();
        let published = self.published_keys.iter().map(|(key, _)| &key.file);
        for file in pairs.flat_map(|pair| [&pair.certificate, &pair.key]).chain(published) {
            if !files.contains(file) {
                files.push(file.clone());
            }
        }
        #[cfg(feature = "workload")]
        files.extend(self.workload.iter().flat_map(super::workload::Workload::files).cloned());
        files
    }
}

/// Puts a source into the chain; an id that another one has is said where it stands.
fn push(
    chain: &mut AuthenticatorChain,
    id: impl TryInto<SourceId, Error: Into<SourceError>>,
    source: impl Authenticator + 'static,
    spot: &Spot,
    errors: &mut Vec<Finding>,
) {
    errors.extend(chain.push(id, source).map_err(|error| spot.finding(error.to_string())).err());
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
