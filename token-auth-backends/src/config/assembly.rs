//! A service in the making: what the blocks of a configuration join.

use std::path::PathBuf;
use std::sync::Arc;

use http::Extensions;
use token_auth_core::{
    Authenticator, AuthenticatorChain, Authorizer, AuthorizerChain, Prefixed, SourceError, SourceId,
    StoredTokens, TokenService,
};

use super::finding::{Finding, Spot};
use super::signer::Keys;
use super::source::{self, SourceName};
use super::{Config, ConfigErrors, Loaded};
use crate::FileStamps;
use crate::password::{PasswordHash, PasswordVerifier};

/// A service in the making.
pub struct Assembly {
    pub(super) verifier: Arc<PasswordVerifier>,
    pub(super) keys: Option<Keys>,
    pub(super) stored: Option<StoredTokens>,
    /// Hashes of a table of passwords, which the next one computes for unknown names, too.
    pub(super) decoys: Vec<PasswordHash>,
    pub(super) examine: bool,
    authenticators: AuthenticatorChain,
    authorizers: AuthorizerChain,
    files: Vec<PathBuf>,
    products: Extensions,
    /// What is made of all sources of accounts together.
    last: Vec<Last>,
    /// The sources whose accounts nobody has listed.
    names: Vec<SourceName>,
    errors: Vec<Finding>,
    warnings: Vec<Finding>,
}

type Last = Box<dyn FnOnce(Arc<dyn Authenticator>, &mut Extensions)>;

impl Assembly {
    pub(super) fn new(config: &Config) -> Result<Self, ConfigErrors> {
        let verifier = PasswordVerifier::new(config.limits.passwords)
            .map_err(|error| ConfigErrors::new(vec![config.start.finding(error.to_string())]))?;
        Ok(Self {
            verifier: Arc::new(verifier),
            keys: None,
            stored: None,
            decoys: Vec::new(),
            examine: config.examine,
            authenticators: AuthenticatorChain::new(),
            authorizers: AuthorizerChain::new(),
            files: Vec::new(),
            products: Extensions::new(),
            last: Vec::new(),
            names: Vec::new(),
            errors: Vec::new(),
            warnings: Vec::new(),
        })
    }

    /// Asks this source who someone is, after those that have joined before. The id is what the log and tokens call it; that
    /// another source has it is said at the place.
    pub fn authenticator(
        &mut self,
        id: impl TryInto<SourceId, Error: Into<SourceError>>,
        source: impl Authenticator + 'static,
        spot: &Spot,
    ) {
        let pushed = self.authenticators.push(id, source);
        self.take(pushed, spot);
    }

    /// The same for a source whose accounts nobody has listed, by its name and with its prefix. It is a warning that they can
    /// have the names of others.
    pub fn source(&mut self, name: &SourceName, source: impl Authenticator + 'static) {
        self.can_meet(name);
        self.authenticator(name.id.clone(), Prefixed::new(name.account_prefix.as_str(), source), &name.spot);
    }

    /// Warns if accounts of this source can have the names of others.
    pub(super) fn can_meet(&mut self, name: &SourceName) {
        self.names.push(name.clone());
    }

    /// Asks this source what someone may do, after those that have joined before.
    pub fn authorizer(&mut self, source: impl Authorizer + 'static) {
        self.authorizers.push(source);
    }

    /// What checks passwords, a bounded number at once.
    pub fn verifier(&self) -> &Arc<PasswordVerifier> {
        &self.verifier
    }

    /// Refresh tokens and personal access tokens, if there are any.
    pub fn stored_tokens(&self) -> Option<&StoredTokens> {
        self.stored.as_ref()
    }

    /// Whether the configuration is only [looked at](super::ConfigOptions::examine).
    pub fn is_examined(&self) -> bool {
        self.examine
    }

    /// Loads the configuration again when this file changes, as it does for those that it
    /// [describes](super::Kind::File).
    pub fn watch(&mut self, file: impl Into<PathBuf>) {
        let file = file.into();
        if !self.files.contains(&file) {
            self.files.push(file);
        }
    }

    /// Hands something to whoever loads the configuration: [`Loaded::product`].
    pub fn provide<T: Clone + Send + Sync + 'static>(&mut self, product: T) {
        self.products.insert(product);
    }

    /// The same for what is made of all sources of accounts together, once they have joined.
    pub fn provide_last<T: Clone + Send + Sync + 'static>(
        &mut self,
        make: impl FnOnce(Arc<dyn Authenticator>) -> T + 'static,
    ) {
        self.last.push(Box::new(|accounts, products| drop(products.insert(make(accounts)))));
    }

    /// The service cannot be made.
    pub fn error(&mut self, finding: Finding) {
        self.errors.push(finding);
    }

    /// The service can be made, and its operator should know of this.
    pub fn warn(&mut self, finding: Finding) {
        self.warnings.push(finding);
    }

    /// What came of it, or the error, which is told at this place.
    pub(super) fn take<T>(&mut self, outcome: Result<T, impl std::fmt::Display>, spot: &Spot) -> Option<T> {
        outcome.map_err(|error| self.error(spot.finding(error.to_string()))).ok()
    }

    /// Whether it is known already that the service cannot be made.
    pub fn has_errors(&self) -> bool {
        !self.errors.is_empty()
    }

    /// The service; `policy` is what is to be said of its rules.
    pub(super) fn finish(self, config: Config, policy: Vec<Finding>) -> Result<Loaded, ConfigErrors> {
        let (Some(keys), true) = (self.keys, self.errors.is_empty()) else {
            return Err(ConfigErrors::new(self.errors));
        };
        let Config { server, token, limits, start, tokens, notes, .. } = config;
        let Keys { signer, published, trust, warnings: of_keys, expiry } = keys;
        let accounts: Arc<dyn Authenticator> = Arc::new(self.authenticators);
        let mut products = self.products;
        self.last.into_iter().for_each(|make| make(Arc::clone(&accounts), &mut products));
        let service = TokenService::new(token.issuer, accounts, self.authorizers, signer)
            .and_then(|service| service.with_lifetime(token.expiration))
            .and_then(|service| service.with_attempt_limits(limits.attempts))
            .map_err(|error| ConfigErrors::new(vec![start.finding(error.to_string())]))?
            .with_published_keys(published)
            .with_timer(|moment: std::time::Instant| tokio::time::sleep_until(moment.into()));
        let service = match token.services.is_empty() {
            true => service,
            false => service.with_services(token.services),
        };
        let service = match self.stored {
            Some(stored) => service.with_stored_tokens(stored),
            None => service,
        };
        let mut warnings = source::meetings(&self.names);
        warnings.extend(self.warnings);
        warnings.extend(of_keys);
        let tokens = tokens.map(|located| located.tokens);
        let files = self.files;
        Ok(Loaded {
            service,
            trust,
            server,
            limits,
            tokens,
            files,
            stamps: FileStamps::default(),
            products,
            warnings,
            policy,
            notes,
            expiry,
        })
    }
}
