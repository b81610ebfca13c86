//! Signed identities of build jobs and pods, in place of passwords.

#![doc = include_str!("../../guides/workload.md")]

mod claims;
mod issuer;
mod keys;
mod names;
mod remote;
mod requirement;
mod template;
mod times;

use std::borrow::Cow;
use std::sync::Arc;

use serde_json::{Map, Value};
use token_auth_core::token::VerifyError;
use token_auth_core::{
    AccountRequest, Authenticator, Authn, AuthnRequest, BackendError, Credentials, Identity, LabelValue,
    Labels, Memory, Precedence, Restriction, SourceId, Succeed, async_trait,
};

pub use crate::http_client::AddressError;
pub use crate::issuer::{KeyOptions, KeysError};
pub use issuer::{IssuerAccess, TrustedIssuer};
pub use template::{ClaimTemplate, TemplateError};

use crate::issuer::jwt;
use keys::Keys;

/// Accepts signed tokens of trusted issuers: as the password of whatever user name, or as a bearer token.
///
/// What is no token of one of these issuers is none of its business: it abstains. Several entries may be for one issuer;
/// the first that a token satisfies decides.
///
/// No refresh token is made of such an identity: the workload has a newer token of its own.
#[derive(Debug)]
pub struct WorkloadIdentities {
    entries: Vec<Trusted>,
}

#[derive(Debug)]
struct Trusted {
    issuer: TrustedIssuer,
    source: SourceId,
    /// What all its accounts begin with: nothing, if others may have accounts that begin so.
    prefix: String,
    keys: Keys,
}

impl WorkloadIdentities {
    /// Nobody's tokens, yet.
    pub const fn new() -> Self {
        Self { entries: Vec::new() }
    }

    /// Trusts an issuer. Nobody is asked for keys before there is a token to verify.
    ///
    /// # Errors
    ///
    /// When the address of the issuer, or of its keys, is not one that is asked; a certificate cannot be read; or its name is
    /// too long, or has control characters in it.
    pub fn trust(mut self, issuer: TrustedIssuer, access: IssuerAccess) -> Result<Self, KeysError> {
        let keys = issuer.source(access)?;
        let source = format!("workload {}", issuer.name).try_into().map_err(KeysError::Name)?;
        let prefix = issuer.account.own_prefix().to_owned();
        self.entries.push(Trusted { issuer, source, prefix, keys });
        Ok(self)
    }
}

/// Goes on with the keys of the same issuers, which may be away now.
impl Succeed for WorkloadIdentities {
    fn succeed(&self, previous: &Self) {
        for entry in &self.entries {
            previous.entries.iter().for_each(|known| entry.keys.succeed(&known.keys));
        }
    }
}

impl WorkloadIdentities {
    /// An account that begins with another issuer's longer prefix is that one's.
    fn settle(&self, entry: &Trusted, identity: Identity) -> Authn {
        let own = entry.precedence(&identity.account);
        let mut others = self.entries.iter().filter(|other| other.source != entry.source);
        match others.find(|other| other.precedence(&identity.account) > own) {
            None => Authn::Accept(identity),
            Some(owner) => {
                let (account, owner) = (&*identity.account, &owner.source);
                Authn::Reject(format!("the account {account:?} belongs to the source {owner}").into())
            }
        }
    }
}

impl Default for WorkloadIdentities {
    fn default() -> Self {
        Self::new()
    }
}

#[async_trait]
impl Authenticator for WorkloadIdentities {
    async fn authenticate(&self, request: &AuthnRequest<'_>) -> Result<Authn, BackendError> {
        let Some((token, claimed)) = claimed(request.credentials) else { return Ok(Authn::Abstain) };
        let mut outcome = Ok(Authn::Abstain);
        for entry in self.entries.iter().filter(|entry| entry.issuer.issuer == claimed) {
            match entry.judge(token).await {
                Ok(identity) => return Ok(self.settle(entry, identity)),
                Err(NotAccepted::Token(reason)) => {
                    if matches!(outcome, Ok(Authn::Abstain)) {
                        outcome = Ok(Authn::Reject(format!("{}: {reason}", entry.source).into()));
                    }
                }
                // Perhaps it would have been accepted.
                Err(NotAccepted::Keys(error)) => {
                    outcome = Err(BackendError::new(entry.source.to_string(), error));
                }
            }
        }
        outcome
    }

    /// A job that is over has no token: nothing can be said of it.
    async fn revalidate(&self, _: &AccountRequest<'_>) -> Result<Authn, BackendError> {
        Ok(Authn::Abstain)
    }

    /// That of the longest prefix. Names without one are made of what others say: they are nobody's here.
    fn precedence(&self, request: &AccountRequest<'_>) -> Precedence {
        let named = |entry: &&Trusted| request.source.is_none_or(|source| *source == entry.source);
        self.entries
            .iter()
            .filter(named)
            .map(|entry| entry.precedence(request.account))
            .max()
            .unwrap_or(Precedence::None)
    }

    fn sources(&self) -> Vec<SourceId> {
        let mut sources: Vec<_> = self.entries.iter().map(|entry| entry.source.clone()).collect();
        sources.sort_unstable();
        sources.dedup();
        sources
    }

    fn memory(&self) -> Option<&dyn Memory> {
        Some(self)
    }

    /// Whatever says that it is of a trusted issuer.
    fn is_signed(&self, credentials: &Credentials) -> bool {
        claimed(credentials)
            .is_some_and(|(_, claimed)| self.entries.iter().any(|entry| entry.issuer.issuer == claimed))
    }
}

/// A token, and the issuer that it says it is of.
fn claimed(credentials: &Credentials) -> Option<(&str, String)> {
    let token = match credentials {
        Credentials::Password { password, .. } | Credentials::Bearer(password) => password.expose(),
        _ => return None,
    };
    Some((token, times::claimed_issuer(token)?))
}

/// Why an entry does not accept a token.
enum NotAccepted {
    Token(Cow<'static, str>),
    Keys(KeysError),
}

impl From<&'static str> for NotAccepted {
    fn from(reason: &'static str) -> Self {
        Self::Token(reason.into())
    }
}

impl From<VerifyError> for NotAccepted {
    fn from(error: VerifyError) -> Self {
        Self::Token(error.to_string().into())
    }
}

impl Trusted {
    fn precedence(&self, account: &str) -> Precedence {
        match Precedence::by_prefix(&self.prefix, account) {
            Precedence::Place => Precedence::None,
            by_prefix => by_prefix,
        }
    }

    async fn judge(&self, token: &str) -> Result<Identity, NotAccepted> {
        let payload = self.verify(token).await?;
        let claims = jwt::claims(&payload).ok_or(VerifyError::Malformed)?;
        if claims.get("iss").and_then(Value::as_str) != Some(&self.issuer.issuer) {
            return Err(VerifyError::Issuer.into());
        }
        if !times::is_for(&claims, &self.issuer.audiences) {
            return Err(VerifyError::Audience.into());
        }
        let end = self.issuer.times.judge(&claims, self.issuer.clock().now())?;
        if let Some(missing) = self.issuer.requirements.iter().find(|required| !required.holds(&claims)) {
            let reason = format!("the claim {} is missing, or not one that is required", missing.claim);
            return Err(NotAccepted::Token(reason.into()));
        }
        let restriction = Restriction::none().without_refresh_tokens();
        let restriction = match end {
            Some(end) => restriction.until(end),
            None => restriction,
        };
        let identity = Identity::new(self.account(&claims)?).with_labels(self.labels(&claims)?);
        let identity = identity.with_password_lifetime(self.issuer.password_lifetime);
        Ok(identity.with_source(self.source.clone()).restricted(restriction))
    }

    /// The payload, if a key of the issuer has signed it: one that is known, or one that is new.
    async fn verify(&self, token: &str) -> Result<Vec<u8>, NotAccepted> {
        let keys = self.keys.now().await.map_err(NotAccepted::Keys)?;
        match keys.verify(token) {
            // A token without a key id has a wrong signature where one with an id has an unknown key.
            Err(error @ (VerifyError::UnknownKey | VerifyError::Signature)) => {
                match self.keys.other_than(&keys).await {
                    Some(newer) => Ok(newer.verify(token)?),
                    None => Err(error.into()),
                }
            }
            verified => Ok(verified?),
        }
    }

    fn account(&self, claims: &Map<String, Value>) -> Result<Arc<str>, NotAccepted> {
        let mut accounts = self.issuer.account.fill(claims).ok_or("the claims give too long an account")?;
        match (accounts.pop(), accounts.is_empty()) {
            (Some(account), true) if account.chars().any(char::is_control) => {
                Err("the claims give an account with a control character".into())
            }
            (Some(account), true) if !account.is_empty() => Ok(account.into()),
            _ => Err("the claims give no account, or several".into()),
        }
    }

    fn labels(&self, claims: &Map<String, Value>) -> Result<Labels, NotAccepted> {
        let mut labels = Labels::new();
        for (label, templates) in &self.issuer.labels {
            labels.declare(label.as_str());
            for template in templates {
                let values =
                    template.fill(claims).ok_or("the claims give too many values, or too long ones")?;
                for value in values {
                    labels.insert(label.as_str(), LabelValue::literal(value));
                }
            }
        }
        Ok(labels)
    }
}
