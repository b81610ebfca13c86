//! A service that says who somebody is.

use std::fmt;
use std::time::Duration;

use arc_swap::ArcSwap;
use token_auth_core::{
    AccountRequest, Authenticator, Authn, AuthnRequest, BackendError, ClientNetwork, Credentials, Memory,
    Password, Succeed, async_trait,
};

use super::answer::Verdict;
use super::peer::{Answered, Asker, Peer};
use super::{WebhookError, WebhookForm, WebhookOptions, opa};
use crate::outside::{KnownAccounts, Outcomes, Question, is_plain};

/// How long it is remembered whether an account is the service's.
const KNOWN_FOR: Duration = Duration::from_secs(60);

/// Asks a service about each login with a user name and a password.
///
/// Its labels are literals, and never act as patterns. Only an account that it accepts is remembered, as long as its
/// `Cache-Control` says.
///
/// A service that knows passwords only cannot be asked about accounts later: there are no refresh tokens and no personal access
/// tokens for its accounts, and which ones are its own is known only of those that it has accepted since the start, 10,000 of
/// them. [`answering_about_accounts`](Self::answering_about_accounts) is for one that can.
///
/// One that [succeeds](Succeed) another that was made in the same way goes on as that one, with its connections and all that it
/// remembers.
///
/// ```no_run
/// use token_auth_backends::core::{Authenticator, AuthnRequest, Credentials};
/// use token_auth_backends::webhook::{WebhookAuthenticator, WebhookOptions};
///
/// # async fn example() -> Result<(), Box<dyn std::error::Error>> {
/// let service = WebhookAuthenticator::new(&WebhookOptions::new("https://accounts.example/token-auth"))?;
/// let alice = Credentials::password("alice", "wonderland");
/// println!("{:?}", service.authenticate(&AuthnRequest::new(&alice)).await?);
/// # Ok(())
/// # }
/// ```
pub struct WebhookAuthenticator {
    options: WebhookOptions,
    accounts: bool,
    held: ArcSwap<Held>,
}

struct Held {
    peer: Peer,
    remembered: Outcomes<Authn>,
    known: KnownAccounts,
}

impl WebhookAuthenticator {
    /// Connects to nothing yet.
    ///
    /// # Errors
    ///
    /// When the options make no sense, or certificates cannot be read.
    pub fn new(options: &WebhookOptions) -> Result<Self, WebhookError> {
        if options.form == WebhookForm::AuthZen {
            return Err(WebhookError::NoLogins);
        }
        let no_randomness = |_| WebhookError::NoRandomness;
        let held = Held {
            peer: Peer::new(options)?,
            remembered: Outcomes::new(options.limits.cache_entries).map_err(no_randomness)?,
            known: KnownAccounts::new().map_err(no_randomness)?,
        };
        Ok(Self { options: options.clone(), accounts: false, held: ArcSwap::from_pointee(held) })
    }

    /// The same, which is asked about accounts without their passwords, too. Then there are refresh tokens and personal access
    /// tokens.
    #[must_use]
    pub fn answering_about_accounts(self) -> Self {
        Self { accounts: true, ..self }
    }

    async fn login(
        &self,
        request: &AuthnRequest<'_>,
        username: &str,
        password: &Password,
    ) -> Result<Authn, WebhookError> {
        let question = Question::login(request, username, password);
        let network = request.address.map(ClientNetwork::of);
        let asker = Asker { network, deadline: request.deadline, repeatable: false };
        let held = self.held.load_full();
        let outcome = self.ask(&held, asker, &question, username, password.expose()).await?;
        if let Authn::Accept(identity) = &outcome {
            match self.accounts {
                true => held.known.told(&identity.account, true, KNOWN_FOR),
                false => held.known.accepted(&identity.account),
            }
        }
        Ok(outcome)
    }

    async fn account(&self, request: &AccountRequest<'_>) -> Result<Authn, WebhookError> {
        let question = Question::Account { account: request.account };
        let asker = Asker { network: None, deadline: request.deadline, repeatable: true };
        let held = self.held.load_full();
        let outcome = self.ask(&held, asker, &question, request.account, "").await?;
        if let Authn::Accept(identity) = &outcome
            && *identity.account != *request.account
        {
            return Err(WebhookError::Answer("it is about another account than was asked about".to_owned()));
        }
        held.known.told(request.account, outcome != Authn::Abstain, KNOWN_FOR);
        Ok(outcome)
    }

    async fn ask(
        &self,
        held: &Held,
        asker: Asker,
        question: &Question<'_>,
        name: &str,
        secret: &str,
    ) -> Result<Authn, WebhookError> {
        let question = question.to_json();
        let tag = held.remembered.tag(&question);
        if let Some(outcome) = held.remembered.get(&tag) {
            return Ok(outcome);
        }
        let question = match self.options.form {
            WebhookForm::OpenPolicyAgent => opa::input(&question),
            _ => question,
        };
        let Answered { content, fresh } = held.peer.ask(asker, question).await?;
        let outcome = match self.options.form {
            WebhookForm::OpenPolicyAgent => opa::verdict(&content, name, secret)?,
            _ => {
                let verdict: Verdict =
                    serde_json::from_slice(&content).map_err(|error| WebhookError::unreadable(&error))?;
                verdict.into_authn(name, secret)?
            }
        };
        // Guesses would take the places of those who are right.
        if matches!(outcome, Authn::Accept(_)) {
            held.remembered.insert(tag, outcome.clone(), fresh);
        }
        Ok(outcome)
    }
}

fn failed(error: WebhookError) -> BackendError {
    BackendError::new("webhook", error)
}

#[async_trait]
impl Authenticator for WebhookAuthenticator {
    async fn authenticate(&self, request: &AuthnRequest<'_>) -> Result<Authn, BackendError> {
        let Credentials::Password { username, password } = request.credentials else {
            return Ok(Authn::Abstain);
        };
        if username.is_empty() {
            return Ok(Authn::Abstain);
        }
        if !is_plain(username) || password.expose().is_empty() {
            return Ok(Authn::Reject("no account has such a name, or an empty password".into()));
        }
        self.login(request, username, password).await.map_err(failed)
    }

    async fn revalidate(&self, request: &AccountRequest<'_>) -> Result<Authn, BackendError> {
        match self.accounts && is_plain(request.account) {
            true => self.account(request).await.map_err(failed),
            false => Ok(Authn::Abstain),
        }
    }

    async fn owns(&self, request: &AccountRequest<'_>) -> Result<bool, BackendError> {
        match self.held.load().known.owned(request.account) {
            Some(owned) => Ok(owned),
            None => Ok(self.revalidate(request).await? != Authn::Abstain),
        }
    }

    fn memory(&self) -> Option<&dyn Memory> {
        Some(self)
    }
}

impl Succeed for WebhookAuthenticator {
    fn succeed(&self, previous: &Self) {
        if self.accounts == previous.accounts && self.options == previous.options {
            self.held.store(previous.held.load_full());
        }
    }
}

impl fmt::Debug for WebhookAuthenticator {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("WebhookAuthenticator").field("peer", &self.held.load().peer).finish_non_exhaustive()
    }
}
