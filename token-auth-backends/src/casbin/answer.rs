//! What a model and its policy say to a request: one question for each action.

use std::cell::RefCell;
use std::collections::HashMap;
use std::net::IpAddr;
use std::time::{Duration, Instant};

use token_auth_core::{AccessRequest, ActionSet, Labels};

use super::asked::{Asked, Untold};
use super::model::{Effect, Model};
use super::policy::{Line, Policy, Verdict};

/// How many lines are held against a question before the time is looked at.
const STRIDE: usize = 256;

/// A model and a policy, compiled.
pub(super) struct Rules {
    model: Model,
    policy: Policy,
}

/// A request, to be answered on another thread.
pub(super) struct Request {
    account: String,
    resource_type: String,
    name: String,
    service: String,
    address: Option<IpAddr>,
    labels: Labels,
    actions: ActionSet,
}

/// Why there is no answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("no answer within {0:?}")]
pub(super) struct TimedOut(Duration);

impl Request {
    pub(super) fn of(request: &AccessRequest<'_>) -> Self {
        Self {
            account: request.account.to_owned(),
            resource_type: request.resource_type.to_owned(),
            name: request.name.to_owned(),
            service: request.service.to_owned(),
            address: request.address.map(|address| address.to_canonical()),
            labels: request.labels.clone(),
            actions: request.actions.clone(),
        }
    }
}

impl Rules {
    pub(super) fn new(model: Model, policy: Policy) -> Self {
        Self { model, policy }
    }

    /// How many lines the policy has.
    pub(super) fn len(&self) -> usize {
        self.policy.lines.len()
    }

    /// How many lines are held against something, at most.
    pub(super) fn steps(&self, request: &Request) -> usize {
        self.len().saturating_mul(request.actions.len())
    }

    /// What is granted of what is asked for. Takes a processor as long as it takes.
    pub(super) fn answer(&self, request: &Request, limit: Duration) -> Result<ActionSet, TimedOut> {
        let begun = Instant::now();
        let address = request.address.map(|address| address.to_string()).unwrap_or_default();
        let Request { account, resource_type, name, service, labels, .. } = request;
        let mut granted = ActionSet::new();
        let mut found = HashMap::new();
        for action in request.actions.iter() {
            let asked = Asked {
                parts: [account, resource_type, name, service, &address, action],
                address: request.address,
                labels,
                roles: &self.policy.roles,
                found: RefCell::new(found),
            };
            let in_time = || begun.elapsed() < limit;
            match self.allows(&asked, in_time).ok_or(TimedOut(limit))? {
                Ok(true) => granted.insert(action),
                Ok(false) => {}
                Err(why) => tracing::warn!(%why, "casbin cannot tell, and so denies"),
            }
            found = asked.found.into_inner();
        }
        Ok(granted)
    }

    /// `None` if there is no time left.
    fn allows<'a>(&'a self, asked: &Asked<'a>, in_time: impl Fn() -> bool) -> Option<Result<bool, Untold>> {
        let (mut is_allowed, mut is_denied) = (false, false);
        for lines in self.policy.lines.chunks(STRIDE) {
            if !in_time() {
                return None;
            }
            for line in lines {
                match self.verdict(asked, line) {
                    Err(untold) => return Some(Err(untold)),
                    Ok(None) => continue,
                    Ok(Some(Verdict::Allow)) => is_allowed = true,
                    Ok(Some(Verdict::Deny)) => is_denied = true,
                }
                let is_decided = match self.model.effect {
                    Effect::SomeAllow => is_allowed,
                    Effect::NoDeny | Effect::SomeAllowNoDeny => is_denied,
                    Effect::First => true,
                };
                if is_decided {
                    return Some(Ok(self.model.effect.of(is_allowed, is_denied)));
                }
            }
        }
        Some(Ok(self.model.effect.of(is_allowed, is_denied)))
    }

    fn verdict<'a>(&'a self, asked: &Asked<'a>, line: &'a Line) -> Result<Option<Verdict>, Untold> {
        self.model.matcher.holds(asked, line).map(|holds| holds.then_some(line.verdict))
    }
}
