//! A service in the making: what the blocks of a configuration join.

use std::path::PathBuf;
use std::sync::Arc;

use http::Extensions;
use token_auth_core::{
    Authenticator, AuthenticatorChain, Authorizer, AuthorizerChain, StoredTokens, TokenService,
};

use super::finding::{Finding, Spot};
use super::signer::Keys;
use super::{Config, ConfigErrors, Loaded};
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
    errors: Vec<Finding>,
    warnings: Vec<Finding>,
}

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
            errors: Vec::new(),
            warnings: Vec::new(),
        })
    }

    /// Asks this source who someone is, after those that have joined before.
    pub fn authenticator(&mut self, source: impl Authenticator + 'static) {
        self.authenticators.push(source);
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

    pub(super) fn has_errors(&self) -> bool {
        !self.errors.is_empty()
    }

    /// The service; `policy` is what is to be said of its rules.
    pub(super) fn finish(self, config: Config, policy: Vec<Finding>) -> Result<Loaded, ConfigErrors> {
        let (Some(keys), true) = (self.keys, self.errors.is_empty()) else {
            return Err(ConfigErrors::new(self.errors));
        };
        let Config { server, token, limits, start, tokens, notes, .. } = config;
        let Keys { signer, published, trust, warnings: of_keys, expiry } = keys;
        let service = TokenService::new(token.issuer, self.authenticators, self.authorizers, signer)
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
        let mut warnings = self.warnings;
        warnings.extend(of_keys);
        let tokens = tokens.map(|located| located.tokens);
        let (files, products) = (self.files, self.products);
        Ok(Loaded {
            service,
            trust,
            server,
            limits,
            tokens,
            files,
            products,
            warnings,
            policy,
            notes,
            expiry,
        })
    }
}
