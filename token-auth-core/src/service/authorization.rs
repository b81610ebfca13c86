//! What is granted of each scope that a request asks for: all are asked about side by side.

use std::future::poll_fn;
use std::task::Poll;

use super::{ScopeDecision, TokenService};
use crate::{AccessRequest, Authz, BackendError, Identity, ResourceScope, TokenRequest};

impl TokenService {
    /// A decision for each scope, in their order.
    pub(super) async fn authorize(
        &self,
        request: &TokenRequest,
        identity: &Identity,
    ) -> Result<Vec<ScopeDecision>, BackendError> {
        let scopes = request.scopes.scopes();
        // There is nothing to wait for beside a single one.
        if let [scope] = scopes {
            let answer = self.authorizer.authorize(&access(request, identity, scope)).await?;
            return Ok(vec![self.decide(identity, scope, answer)]);
        }
        let asked: Vec<AccessRequest<'_>> =
            scopes.iter().map(|scope| access(request, identity, scope)).collect();
        let mut answers: Vec<Option<Authz>> = asked.iter().map(|_| None).collect();
        let questions = asked.iter().map(|access| self.authorizer.authorize(access));
        let mut questions: Vec<_> = questions.zip(&mut answers).collect();
        poll_fn(|context| {
            let mut at = 0;
            while let Some((question, answer)) = questions.get_mut(at) {
                match question.as_mut().poll(context)? {
                    Poll::Pending => at += 1,
                    Poll::Ready(outcome) => {
                        **answer = Some(outcome);
                        drop(questions.swap_remove(at));
                    }
                }
            }
            if questions.is_empty() { Poll::Ready(Ok::<_, BackendError>(())) } else { Poll::Pending }
        })
        .await?;
        drop(questions);
        let decide = |(scope, answer): (_, Option<Authz>)| {
            self.decide(identity, scope, answer.unwrap_or(Authz::Abstain))
        };
        Ok(scopes.iter().zip(answers).map(decide).collect())
    }

    fn decide(&self, identity: &Identity, scope: &ResourceScope, answer: Authz) -> ScopeDecision {
        let grant = match answer {
            Authz::Abstain => return ScopeDecision::nobody(scope.clone()),
            Authz::Grant(grant) => grant,
        };
        let decided_by = grant.decided_by.unwrap_or_else(|| self.authorizer.name().into());
        let full = scope.actions().intersection(&grant.actions);
        let granted = identity.restriction.narrow(scope, &full);
        let decided_by = match granted == full {
            true => decided_by,
            false => format!("{decided_by}, narrowed by the credential").into(),
        };
        ScopeDecision { granted, scope: scope.clone(), decided_by: Some(decided_by) }
    }
}

fn access<'a>(
    request: &'a TokenRequest,
    identity: &'a Identity,
    scope: &'a ResourceScope,
) -> AccessRequest<'a> {
    AccessRequest::new(&identity.account, scope.resource_type(), scope.name(), scope.actions())
        .with_labels(&identity.labels)
        .with_service(&request.service)
        .with_address(request.address)
        .with_deadline(request.deadline)
}
