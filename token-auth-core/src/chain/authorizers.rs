//! Several policies asked in order.

use std::borrow::Cow;
use std::sync::Arc;

use async_trait::async_trait;

use crate::{AccessRequest, Authorizer, Authz, BackendError, Memory, Succeed, hand_over};

/// Authorizers asked in order. The first that does not abstain decides, be it to deny; an `Err` stops the chain.
///
/// ```
/// use token_auth_core::{authorizer_fn, AccessRequest, AuthorizerChain, Authz};
///
/// let mut chain = AuthorizerChain::new();
/// chain.push(authorizer_fn(|_: &AccessRequest<'_>| Authz::Abstain));
/// # let _: &dyn token_auth_core::Authorizer = &chain;
/// ```
#[derive(Clone, Default)]
pub struct AuthorizerChain(Vec<Arc<dyn Authorizer>>);

impl AuthorizerChain {
    /// A chain that abstains from everything, until something is pushed.
    pub fn new() -> Self {
        Self::default()
    }

    /// Appends one that is asked when all before it have abstained.
    pub fn push(&mut self, authorizer: impl Authorizer + 'static) {
        self.0.push(Arc::new(authorizer));
    }
}

impl FromIterator<Arc<dyn Authorizer>> for AuthorizerChain {
    fn from_iter<I: IntoIterator<Item = Arc<dyn Authorizer>>>(members: I) -> Self {
        Self(members.into_iter().collect())
    }
}

#[async_trait]
impl Authorizer for AuthorizerChain {
    async fn authorize(&self, request: &AccessRequest<'_>) -> Result<Authz, BackendError> {
        for member in &self.0 {
            match member.authorize(request).await? {
                Authz::Abstain => {}
                Authz::Grant(mut grant) => {
                    grant.decided_by.get_or_insert_with(|| member.name().into());
                    return Ok(Authz::Grant(grant));
                }
            }
        }
        Ok(Authz::Abstain)
    }

    fn name(&self) -> Cow<'static, str> {
        "chain".into()
    }

    fn memory(&self) -> Option<&dyn Memory> {
        Some(self)
    }
}

/// Each policy goes on with what the one of its name knew; of several of a name the first with what the first knew.
impl Succeed for AuthorizerChain {
    fn succeed(&self, previous: &Self) {
        let mut left: Vec<_> = previous.0.iter().collect();
        for member in &self.0 {
            if let Some(place) = left.iter().position(|namesake| namesake.name() == member.name()) {
                hand_over(left.remove(place).memory(), member.memory());
            }
        }
    }
}
