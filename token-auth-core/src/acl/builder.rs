//! Rules one after the other, until they are an ACL.

use std::fmt;
use std::sync::Arc;

use super::cache::RegexCache;
use super::compile::Compiler;
use super::index::Index;
use super::{Acl, AclErrors, AclLimits, Rule, Undecided};

pub(super) type OnUndecided = Arc<dyn Fn(&Undecided) + Send + Sync>;

/// Settings of an [`Acl`].
///
/// ```
/// use token_auth_core::acl::{Acl, AclLimits, Match, Rule};
///
/// let acl = Acl::builder()
///     .name("acl_mongo")
///     .limits(AclLimits { combinations: 64, ..AclLimits::default() })
///     .on_undecided(|undecided| eprintln!("{undecided}"))
///     .build([Rule::new(Match::any().name("${labels:team}/*"), ["pull"])])?;
/// # let _: Acl = acl;
/// # Ok::<(), token_auth_core::acl::AclErrors>(())
/// ```
#[derive(Clone)]
pub struct AclBuilder {
    name: Box<str>,
    limits: AclLimits,
    lenient: bool,
    on_undecided: Option<OnUndecided>,
}

impl Default for AclBuilder {
    fn default() -> Self {
        Self { name: "acl".into(), limits: AclLimits::default(), lenient: false, on_undecided: None }
    }
}

impl AclBuilder {
    /// What the operator's log calls the list. Default `acl`.
    #[must_use]
    pub fn name(self, name: impl Into<Box<str>>) -> Self {
        Self { name: name.into(), ..self }
    }

    /// What the list may cost.
    #[must_use]
    pub fn limits(self, limits: AclLimits) -> Self {
        Self { limits, ..self }
    }

    /// Reads a malformed glob as docker_auth does: the condition never holds. Default: it is an error.
    #[must_use]
    pub fn malformed_globs_never_match(self) -> Self {
        Self { lenient: true, ..self }
    }

    /// Called, while a request waits, for each rule that could not be decided because of a limit. Default: nothing.
    #[must_use]
    pub fn on_undecided(self, report: impl Fn(&Undecided) + Send + Sync + 'static) -> Self {
        Self { on_undecided: Some(Arc::new(report)), ..self }
    }

    /// Compiles the rules.
    ///
    /// # Errors
    ///
    /// When a condition cannot be used; all of them are reported.
    pub fn build(self, rules: impl IntoIterator<Item = Rule>) -> Result<Acl, AclErrors> {
        let Self { name, limits, lenient, on_undecided } = self;
        let mut compiler = Compiler::new(&name, &limits, lenient);
        let rules = rules.into_iter().enumerate().map(|(index, rule)| compiler.rule(index, &rule)).collect();
        if !compiler.errors.is_empty() {
            return Err(AclErrors::new(compiler.errors));
        }
        let (index, bounds) = (Index::new(&compiler.ways), compiler.bounds);
        Ok(Acl { name, rules, index, bounds, limits, cache: RegexCache::new(limits.cache), on_undecided })
    }
}

impl fmt::Debug for AclBuilder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("AclBuilder")
            .field("name", &self.name)
            .field("limits", &self.limits)
            .field("lenient", &self.lenient)
            .finish_non_exhaustive()
    }
}
