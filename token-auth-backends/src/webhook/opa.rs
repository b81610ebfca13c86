//! The form of Open Policy Agent's data API: `POST /v1/data/…` with `{"input": …}`, answered by `{"result": …}`.

use serde::Deserialize;
use token_auth_core::{ActionSet, Authn, Authz, Identity};
use zeroize::Zeroizing;

use super::WebhookError;
use super::answer::{Decision, Verdict, granting};

/// A question as the policy's input.
pub(super) fn input(question: &[u8]) -> Zeroizing<Vec<u8>> {
    let (begin, end) = (br#"{"input":"#, b"}");
    let mut text = Zeroizing::new(Vec::with_capacity(begin.len() + question.len() + end.len()));
    for part in [begin, question, end] {
        text.extend_from_slice(part);
    }
    text
}

/// The rest is for OPA's own log: `decision_id`, `metrics`, `warning`.
#[derive(Deserialize)]
struct Document<T> {
    result: Option<T>,
}

#[derive(Deserialize)]
#[serde(untagged)]
enum LoginResult {
    Allowed(bool),
    Verdict(Verdict),
}

#[derive(Deserialize)]
#[serde(untagged)]
enum AccessResult {
    Allowed(bool),
    Actions(ActionSet),
    Decision(Decision),
}

/// What a policy that decides nothing (it is undefined) decides: that nobody gets in.
const UNDEFINED: &str = "the policy is undefined";

pub(super) fn verdict(content: &[u8], asked: &str, secret: &str) -> Result<Authn, WebhookError> {
    match result(content)? {
        Some(LoginResult::Verdict(verdict)) => verdict.into_authn(asked, secret),
        Some(LoginResult::Allowed(true)) => Ok(Authn::Accept(Identity::new(asked))),
        Some(LoginResult::Allowed(false)) => Ok(Authn::Reject("the policy denies".into())),
        None => Ok(Authn::Reject(UNDEFINED.into())),
    }
}

pub(super) fn decision(content: &[u8], asked: &ActionSet) -> Result<Authz, WebhookError> {
    match result(content)? {
        Some(AccessResult::Decision(decision)) => decision.into_authz(),
        Some(AccessResult::Actions(actions)) => Ok(granting(actions, None)),
        Some(AccessResult::Allowed(true)) => Ok(granting(asked.clone(), None)),
        Some(AccessResult::Allowed(false)) => Ok(granting(ActionSet::new(), None)),
        None => Ok(granting(ActionSet::new(), Some(UNDEFINED))),
    }
}

fn result<'a, T: Deserialize<'a>>(content: &'a [u8]) -> Result<Option<T>, WebhookError> {
    let document: Document<T> =
        serde_json::from_slice(content).map_err(|error| WebhookError::unreadable(&error))?;
    Ok(document.result)
}
