//! How a part of a service goes on with what the one before it knew, when the configuration is loaded again.

use std::any::Any;

/// A part with a memory, which goes on with what its namesake knew under the configuration before.
///
/// A configuration that is loaded again makes everything anew and cold. Then each part takes over from the one that had its
/// place what is still true (`TokenService::succeeding`): keys of an issuer that may be away now, passwords that were verified a
/// moment ago, connections. So a configuration that says the same again costs nobody anything. What an implementation owes:
///
/// * **Nothing survives that it would not have accepted itself.** The previous one may have been configured otherwise, or asked
///   someone else. Look; where in doubt, begin anew.
/// * **The previous one stays as it was.** It answers requests until it is replaced and a little longer, and goes on alone if
///   the new one is not used after all. What is bounded (places, counts) is best shared by both.
/// * Nobody is asked and waited for.
///
/// An [`Authenticator`](crate::Authenticator), [`Authorizer`](crate::Authorizer) or `TokenStore` of your own that has
/// something to hand over also says so, in its method `memory`:
///
/// ```
/// use std::sync::{Arc, Mutex};
/// use token_auth_core::{AccessRequest, Authorizer, Authz, BackendError, Memory, Succeed, async_trait};
///
/// /// Asks a policy server, and remembers its answers.
/// struct Remote {
///     url: String,
///     answers: Mutex<Arc<Mutex<Vec<Authz>>>>,
/// }
///
/// impl Succeed for Remote {
///     fn succeed(&self, previous: &Self) {
///         // Another server may answer otherwise.
///         if self.url == previous.url {
///             let answers = previous.answers.lock().map(|answers| Arc::clone(&answers));
///             if let (Ok(mut own), Ok(answers)) = (self.answers.lock(), answers) {
///                 *own = answers;
///             }
///         }
///     }
/// }
///
/// #[async_trait]
/// impl Authorizer for Remote {
///     async fn authorize(&self, request: &AccessRequest<'_>) -> Result<Authz, BackendError> {
///         // ...
/// #       Ok(Authz::Abstain)
///     }
///
///     fn memory(&self) -> Option<&dyn Memory> {
///         Some(self)
///     }
/// }
/// ```
pub trait Succeed: Send + Sync + 'static {
    /// Takes over what is still true.
    fn succeed(&self, previous: &Self);
}

/// A part that can [succeed](Succeed) one of its own type, whatever that type is: every `Succeed` is one.
pub trait Memory: Any + Send + Sync {
    /// Takes over from the previous one, if that is of the same type.
    fn succeed_any(&self, previous: &dyn Memory);
}

impl<T: Succeed> Memory for T {
    fn succeed_any(&self, previous: &dyn Memory) {
        let previous: &dyn Any = previous;
        if let Some(previous) = previous.downcast_ref() {
            self.succeed(previous);
        }
    }
}

/// Lets one part succeed another, if both have a memory, and of one type.
pub fn hand_over(previous: Option<&dyn Memory>, next: Option<&dyn Memory>) {
    if let (Some(previous), Some(next)) = (previous, next) {
        next.succeed_any(previous);
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;
    use std::sync::atomic::{AtomicU32, Ordering};

    use async_trait::async_trait;

    use super::*;
    use crate::{
        AccessRequest, AccountRequest, Authenticator, AuthenticatorChain, Authn, AuthnRequest, Authorizer,
        AuthorizerChain, Authz, BackendError, Prefixed,
    };

    /// Remembers a number, which is handed over where the configuration is the same.
    struct Remembering {
        configured: &'static str,
        known: AtomicU32,
    }

    fn one(configured: &'static str, known: u32) -> Arc<Remembering> {
        Arc::new(Remembering { configured, known: AtomicU32::new(known) })
    }

    impl Remembering {
        fn knows(&self) -> u32 {
            self.known.load(Ordering::Relaxed)
        }
    }

    impl Succeed for Remembering {
        fn succeed(&self, previous: &Self) {
            if self.configured == previous.configured {
                self.known.store(previous.knows(), Ordering::Relaxed);
            }
        }
    }

    #[async_trait]
    impl Authenticator for Remembering {
        async fn authenticate(&self, _: &AuthnRequest<'_>) -> Result<Authn, BackendError> {
            Ok(Authn::Abstain)
        }

        async fn revalidate(&self, _: &AccountRequest<'_>) -> Result<Authn, BackendError> {
            Ok(Authn::Abstain)
        }

        fn memory(&self) -> Option<&dyn Memory> {
            Some(self)
        }
    }

    #[async_trait]
    impl Authorizer for Remembering {
        async fn authorize(&self, _: &AccessRequest<'_>) -> Result<Authz, BackendError> {
            Ok(Authz::Abstain)
        }

        fn name(&self) -> std::borrow::Cow<'static, str> {
            self.configured.into()
        }

        fn memory(&self) -> Option<&dyn Memory> {
            Some(self)
        }
    }

    /// Sources by their ids, in chains within chains and with prefixes.
    fn chain(sources: [(&'static str, &'static str, &Arc<Remembering>); 3]) -> AuthenticatorChain {
        let [(first, first_prefix, one), (second, second_prefix, other), (inner, prefix, third)] = sources;
        let mut within = AuthenticatorChain::new();
        within.push(inner, Prefixed::new(prefix, Arc::clone(third))).unwrap();
        let mut chain = AuthenticatorChain::new();
        chain.push(first, Prefixed::new(first_prefix, Arc::clone(one))).unwrap();
        chain.push(second, Box::new(Prefixed::new(second_prefix, Arc::clone(other)))).unwrap();
        chain.push("within", within).unwrap();
        chain
    }

    #[test]
    fn sources_go_on_with_what_their_namesakes_knew() {
        let before = [one("x", 1), one("y", 2), one("z", 3)];
        let previous = chain([("one", "a/", &before[0]), ("two", "", &before[1]), ("three", "", &before[2])]);
        for (what, configured, next, expected) in [
            ("the same", ["x", "y", "z"], [("one", "a/"), ("two", ""), ("three", "")], [1, 2, 3]),
            ("in another order", ["y", "x", "z"], [("two", ""), ("one", "a/"), ("three", "")], [2, 1, 3]),
            ("under another name", ["x", "y", "z"], [("uno", "a/"), ("two", ""), ("three", "")], [0, 2, 3]),
            ("otherwise", ["x", "?", "z"], [("one", "a/"), ("two", ""), ("three", "")], [1, 0, 3]),
            ("another prefix", ["x", "y", "z"], [("one", "b/"), ("two", ""), ("three", "c/")], [0, 2, 0]),
            ("changed places", ["x", "y", "z"], [("two", "a/"), ("one", ""), ("three", "")], [0, 0, 3]),
        ] {
            let now = configured.map(|configured| one(configured, 0));
            let [(first, a), (second, b), (third, c)] = next;
            let next = chain([(first, a, &now[0]), (second, b, &now[1]), (third, c, &now[2])]);
            hand_over(previous.memory(), next.memory());
            assert_eq!(now.map(|now| now.knows()), expected, "{what}");
            assert_eq!([1, 2, 3], [0, 1, 2].map(|index: usize| before[index].knows()), "{what}");
        }
    }

    #[test]
    fn policies_go_on_with_what_the_same_one_in_order_knew() {
        let of = |policies: &[&Arc<Remembering>]| {
            let policies = policies.iter().map(|policy| Arc::clone(policy) as Arc<dyn Authorizer>);
            policies.collect::<AuthorizerChain>()
        };
        let previous = of(&[&one("x", 1), &one("y", 2), &one("x", 3)]);
        let (first, second, third) = (one("y", 0), one("x", 0), one("x", 0));
        hand_over(previous.memory(), of(&[&first, &second, &third]).memory());
        assert_eq!([first.knows(), second.knows(), third.knows()], [2, 1, 3]);
    }

    #[test]
    fn what_is_of_another_kind_hands_nothing_over() {
        let known = one("x", 1);
        hand_over(chain([("one", "", &known), ("two", "", &known), ("three", "", &known)]).memory(), {
            Authenticator::memory(&known)
        });
        hand_over(None, Authenticator::memory(&known));
        assert_eq!(known.knows(), 1);
    }
}
