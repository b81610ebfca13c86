//! An ACL: its rules, and what they decide.

use std::borrow::Cow;
use std::fmt;
use std::sync::Arc;

use async_trait::async_trait;

use super::builder::OnUndecided;
use super::cache::RegexCache;
use super::compiled::{CompiledRule, RuleVerdict};
use super::index::{Bounds, Candidates, Index};
use super::matching::Context;
use super::{AclBuilder, AclErrors, AclLimits, Rule, Undecided};
use crate::{AccessRequest, ActionSet, Authorizer, Authz, BackendError, Grant};

/// A compiled access control list: the first rule whose every condition holds decides.
///
/// ```
/// use token_auth_core::AccessRequest;
/// use token_auth_core::acl::{Acl, Match, Rule};
///
/// let acl = Acl::new([
///     Rule::new(Match::any().account("admin"), ["*"]).comment("Admin has full access"),
///     Rule::new(Match::any().account("/.+/").name("${account}/*"), ["pull", "push"]),
/// ])?;
/// let asked = ["delete", "pull"].into_iter().collect();
/// let decision = acl.decide(&AccessRequest::new("bob", "repository", "bob/app", &asked)).unwrap();
/// assert_eq!(decision.actions.to_string(), "pull");
/// assert_eq!(&**decision.decided_by, "acl rule 2");
/// assert!(acl.decide(&AccessRequest::new("bob", "repository", "alice/app", &asked)).is_none());
/// # Ok::<(), token_auth_core::acl::AclErrors>(())
/// ```
pub struct Acl {
    pub(super) name: Box<str>,
    pub(super) rules: Box<[CompiledRule]>,
    pub(super) index: Index,
    pub(super) bounds: Bounds,
    pub(super) limits: AclLimits,
    pub(super) cache: RegexCache,
    pub(super) on_undecided: Option<OnUndecided>,
}

/// What a rule of an [`Acl`] decided.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Decision<'a> {
    /// The rule; the first is 0.
    pub rule: usize,
    /// Where the rule is written, if that is known.
    pub line: Option<u32>,
    /// What the rule is for.
    pub comment: Option<&'a str>,
    /// What is granted of what was asked for. The empty set denies.
    pub actions: ActionSet,
    /// All of that for the log, with rules counted from 1: `acl rule 3 (line 12): Admin has full access`.
    pub decided_by: &'a Arc<str>,
}

impl Acl {
    /// Compiles rules with the default settings.
    ///
    /// # Errors
    ///
    /// When a condition cannot be used; all of them are reported.
    pub fn new(rules: impl IntoIterator<Item = Rule>) -> Result<Self, AclErrors> {
        Self::builder().build(rules)
    }

    /// Settings to be made before rules are compiled.
    pub fn builder() -> AclBuilder {
        AclBuilder::default()
    }

    /// How many rules there are.
    pub fn len(&self) -> usize {
        self.rules.len()
    }

    /// Whether there is no rule, so that nothing is ever decided.
    pub fn is_empty(&self) -> bool {
        self.rules.is_empty()
    }

    /// What the first rule decides whose every condition holds; nothing if there is none.
    ///
    /// A rule that a limit keeps from being decided is passed over, but what decides instead grants nothing that the rule
    /// would not have granted; and if nothing else decides, a rule that might have denied something denies everything.
    pub fn decide(&self, request: &AccessRequest<'_>) -> Option<Decision<'_>> {
        self.decide_among(self.candidates(request), request)
    }

    /// What the first of these rules decides.
    pub(super) fn decide_among<'a>(
        &'a self,
        candidates: impl Iterator<Item = (usize, &'a CompiledRule)>,
        request: &AccessRequest<'_>,
    ) -> Option<Decision<'a>> {
        let context = Context { request, groups: &[], limits: &self.limits, cache: &self.cache };
        let mut doubt: Option<(usize, &CompiledRule, ActionSet)> = None;
        for (index, rule) in candidates {
            match rule.evaluate(&Context { groups: &rule.groups, ..context }) {
                RuleVerdict::DoesNotApply => {}
                RuleVerdict::Applies => {
                    let actions = rule.granted.of(request.actions);
                    let actions = match doubt {
                        Some((_, _, at_most)) => actions.intersection(&at_most),
                        None => actions,
                    };
                    return Some(rule.decision(index, actions));
                }
                RuleVerdict::Undecided(test, reason) => {
                    if let Some(report) = &self.on_undecided {
                        report(&Undecided {
                            rule: index,
                            line: rule.line,
                            condition: test.condition(),
                            reason,
                        });
                    }
                    let (first, by, at_most) =
                        doubt.unwrap_or_else(|| (index, rule, request.actions.clone()));
                    let at_most = rule.granted.of(&at_most);
                    doubt = Some((first, by, at_most));
                }
            }
        }
        doubt
            .filter(|(_, _, at_most)| at_most != request.actions)
            .map(|(index, rule, _)| rule.decision(index, ActionSet::new()))
    }

    /// The rules that may apply, in their order.
    pub(super) fn candidates(
        &self,
        request: &AccessRequest<'_>,
    ) -> impl Iterator<Item = (usize, &CompiledRule)> {
        let candidates = Candidates::new(&self.index, &self.bounds, &self.limits, request);
        candidates.filter_map(|index| Some((index, self.rules.get(index)?)))
    }
}

impl CompiledRule {
    fn decision(&self, rule: usize, actions: ActionSet) -> Decision<'_> {
        let (line, comment, decided_by) = (self.line, self.comment.as_deref(), &self.decided_by);
        Decision { rule, line, comment, actions, decided_by }
    }
}

/// Grants what the deciding rule grants, and abstains if there is none.
#[async_trait]
impl Authorizer for Acl {
    async fn authorize(&self, request: &AccessRequest<'_>) -> Result<Authz, BackendError> {
        Ok(match self.decide(request) {
            Some(decision) => {
                Authz::Grant(Grant::new(decision.actions).decided_by(Arc::clone(decision.decided_by)))
            }
            None => Authz::Abstain,
        })
    }

    fn name(&self) -> Cow<'static, str> {
        self.name.to_string().into()
    }
}

impl fmt::Debug for Acl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Acl").field("name", &self.name).field("rules", &self.rules).finish_non_exhaustive()
    }
}
