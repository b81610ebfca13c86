//! A service that says what an account may do.

use std::borrow::Cow;
use std::fmt;
use std::time::Duration;

use arc_swap::ArcSwap;
use futures_util::future::try_join_all;
use token_auth_core::{
    AccessRequest, ActionSet, Authorizer, Authz, BackendError, ClientNetwork, Memory, Succeed, async_trait,
};
use zeroize::Zeroizing;

use super::answer::{Decision, granting};
use super::peer::{Answered, Asker, Peer};
use super::{WebhookError, WebhookForm, WebhookOptions, authzen, opa};
use crate::outside::{Outcomes, Question};

/// Asks a service about each scope. What it grants beyond what was asked for does not count.
///
/// An answer is remembered as long as its `Cache-Control` says, for the very same request.
///
/// One that [succeeds](Succeed) another with the same options goes on as that one, with its connections and all that it
/// remembers.
///
/// ```no_run
/// use token_auth_backends::core::{AccessRequest, Authorizer};
/// use token_auth_backends::webhook::{WebhookAuthorizer, WebhookForm, WebhookOptions};
///
/// # async fn example() -> Result<(), Box<dyn std::error::Error>> {
/// let options = WebhookOptions::new("https://pdp.example/access/v1/evaluation");
/// let service = WebhookAuthorizer::new(&options.with_form(WebhookForm::AuthZen))?;
/// let pull = ["pull"].into_iter().collect();
/// println!("{:?}", service.authorize(&AccessRequest::new("alice", "repository", "team/app", &pull)).await?);
/// # Ok(())
/// # }
/// ```
pub struct WebhookAuthorizer {
    options: WebhookOptions,
    held: ArcSwap<Held>,
}

struct Held {
    peer: Peer,
    remembered: Outcomes<Authz>,
}

impl WebhookAuthorizer {
    /// Connects to nothing yet.
    ///
    /// # Errors
    ///
    /// When the options make no sense, or certificates cannot be read.
    pub fn new(options: &WebhookOptions) -> Result<Self, WebhookError> {
        let remembered = Outcomes::new(options.limits.cache_entries);
        let held = Held {
            peer: Peer::new(options)?,
            remembered: remembered.map_err(|_| WebhookError::NoRandomness)?,
        };
        Ok(Self { options: options.clone(), held: ArcSwap::from_pointee(held) })
    }

    async fn decide(&self, request: &AccessRequest<'_>) -> Result<Authz, WebhookError> {
        let question = Question::access(request).to_json();
        let held = self.held.load_full();
        let tag = held.remembered.tag(&question);
        if let Some(decided) = held.remembered.get(&tag) {
            return Ok(decided);
        }
        let (decided, fresh) = self.ask(&held.peer, request, question).await?;
        held.remembered.insert(tag, decided.clone(), fresh);
        Ok(decided)
    }

    async fn ask(
        &self,
        peer: &Peer,
        request: &AccessRequest<'_>,
        question: Zeroizing<Vec<u8>>,
    ) -> Result<(Authz, Duration), WebhookError> {
        let network = request.address.map(ClientNetwork::of);
        let asker = Asker { network, deadline: request.deadline, repeatable: true };
        match self.options.form {
            WebhookForm::TokenAuth => {
                let Answered { content, fresh } = peer.ask(asker, question).await?;
                let decision: Decision =
                    serde_json::from_slice(&content).map_err(|error| WebhookError::unreadable(&error))?;
                Ok((decision.into_authz()?, fresh))
            }
            WebhookForm::OpenPolicyAgent => {
                let Answered { content, fresh } = peer.ask(asker, opa::input(&question)).await?;
                Ok((opa::decision(&content, request.actions)?, fresh))
            }
            WebhookForm::AuthZen => self.evaluate(peer, asker, request).await,
        }
    }

    /// A question for each action. A decision is good as long as each of its parts.
    async fn evaluate(
        &self,
        peer: &Peer,
        asker: Asker,
        request: &AccessRequest<'_>,
    ) -> Result<(Authz, Duration), WebhookError> {
        let most = self.options.limits.actions;
        if request.actions.iter().nth(most).is_some() {
            let reason = format!("more than {most} actions at once");
            return Ok((granting(ActionSet::new(), Some(&reason)), Duration::ZERO));
        }
        let questions = request.actions.iter().map(async |action| {
            let question = authzen::request(request, action, &self.options.subject_properties);
            let Answered { content, fresh } = peer.ask(asker, question).await?;
            Ok::<_, WebhookError>((action, authzen::decision(&content)?, fresh))
        });
        let answers = try_join_all(questions).await?;
        let fresh = answers.iter().map(|(.., fresh)| *fresh).min().unwrap_or_default();
        let granted = answers.iter().filter(|(_, granted, _)| *granted).map(|(action, ..)| *action).collect();
        Ok((granting(granted, None), fresh))
    }
}

#[async_trait]
impl Authorizer for WebhookAuthorizer {
    async fn authorize(&self, request: &AccessRequest<'_>) -> Result<Authz, BackendError> {
        self.decide(request).await.map_err(|error| BackendError::new(self.name(), error))
    }

    fn name(&self) -> Cow<'static, str> {
        "webhook".into()
    }

    fn memory(&self) -> Option<&dyn Memory> {
        Some(self)
    }
}

impl Succeed for WebhookAuthorizer {
    fn succeed(&self, previous: &Self) {
        if self.options == previous.options {
            self.held.store(previous.held.load_full());
        }
    }
}

impl fmt::Debug for WebhookAuthorizer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("WebhookAuthorizer").field("peer", &self.held.load().peer).finish_non_exhaustive()
    }
}
