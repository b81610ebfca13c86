//! An answer in our form.

use serde::Deserialize;
use token_auth_core::{ActionSet, Authn, Authz, Grant, LabelValue};

use super::WebhookError;
use crate::outside::{ToldIdentity, ToldLabels};

/// What is made of somebody, or of an account.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Verdict {
    decision: Judgement,
    account: Option<String>,
    labels: Option<ToldLabels>,
    security_stamp: Option<String>,
    subject: Option<String>,
    reason: Option<String>,
}

#[derive(Deserialize)]
#[serde(rename_all = "lowercase")]
enum Judgement {
    Accept,
    Reject,
    Abstain,
}

impl Verdict {
    /// Labels are literals: whoever edits them there is not the administrator of this server.
    pub(super) fn into_authn(self, asked: &str, secret: &str) -> Result<Authn, WebhookError> {
        let Self { decision, account, labels, security_stamp, subject, reason } = self;
        Ok(match decision {
            Judgement::Abstain => Authn::Abstain,
            Judgement::Reject => Authn::Reject(said(reason.as_deref(), secret).into()),
            Judgement::Accept => {
                let told = ToldIdentity { account, labels, security_stamp, subject };
                let identity = told.into_identity(asked, LabelValue::literal);
                Authn::Accept(identity.map_err(|problem| WebhookError::Answer(problem.to_owned()))?)
            }
        })
    }
}

/// What is granted.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Decision {
    decision: Kind,
    actions: Option<ActionSet>,
    reason: Option<String>,
}

#[derive(Deserialize)]
#[serde(rename_all = "lowercase")]
enum Kind {
    Grant,
    Deny,
    Abstain,
}

impl Decision {
    pub(super) fn into_authz(self) -> Result<Authz, WebhookError> {
        let Self { decision, actions, reason } = self;
        let granted = match (decision, actions) {
            (Kind::Abstain, _) => return Ok(Authz::Abstain),
            (Kind::Deny, _) => ActionSet::new(),
            (Kind::Grant, Some(actions)) => actions,
            (Kind::Grant, None) => {
                return Err(WebhookError::Answer("it grants, and says no `actions`".to_owned()));
            }
        };
        Ok(granting(granted, reason.as_deref()))
    }
}

/// A grant, with what the service says of it for the log.
pub(super) fn granting(actions: ActionSet, reason: Option<&str>) -> Authz {
    let grant = Grant::new(actions);
    Authz::Grant(match reason {
        Some(reason) => grant.decided_by(format!("webhook: {}", plain(reason))),
        None => grant,
    })
}

fn said(reason: Option<&str>, secret: &str) -> String {
    match reason {
        // Whoever repeats the password has nothing else to say.
        Some(reason) if secret.is_empty() || !reason.contains(secret) => {
            format!("the webhook rejects: {}", plain(reason))
        }
        _ => "the webhook rejects".to_owned(),
    }
}

/// The beginning of what somebody outside says, on one line.
fn plain(text: &str) -> String {
    const MOST_CHARS: usize = 256;
    text.trim().chars().take(MOST_CHARS).map(|c| if c.is_control() { ' ' } else { c }).collect()
}
