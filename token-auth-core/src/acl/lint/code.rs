use std::fmt;

/// What [`Acl::lint`](crate::acl::Acl::lint) looks for. The names that it prints are stable.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
#[non_exhaustive]
pub enum LintCode {
    /// `shadowed-rule`: an earlier rule decides whatever this one applies to.
    ShadowedRule,
    /// `malformed-glob`: a pattern that never matches. An error, unless such globs are
    /// [accepted](crate::acl::AclBuilder::malformed_globs_never_match).
    MalformedGlob,
    /// `double-star`: `**` means `*`, and not what it means elsewhere.
    DoubleStar,
    /// `unanchored-regex`: a regular expression that matches more than it seems to.
    UnanchoredRegex,
    /// `prefix-ends-at-slash`: a glob that looks like a prefix, and does not match what is below a `/`.
    PrefixEndsAtSlash,
    /// `unknown-label`: `${labels:…}` for a label that no identity source supplies.
    UnknownLabel,
    /// `no-anonymous-user`: a rule for the anonymous user, and there is none.
    NoAnonymousUser,
    /// `unknown-action`: an action that no registry asks for.
    UnknownAction,
    /// `star-among-actions`: `*` beside other actions, where it does not mean all of them.
    StarAmongActions,
    /// `anonymous-push`: anonymous users may push.
    AnonymousPush,
}

impl LintCode {
    /// The stable name.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::ShadowedRule => "shadowed-rule",
            Self::MalformedGlob => "malformed-glob",
            Self::DoubleStar => "double-star",
            Self::UnanchoredRegex => "unanchored-regex",
            Self::PrefixEndsAtSlash => "prefix-ends-at-slash",
            Self::UnknownLabel => "unknown-label",
            Self::NoAnonymousUser => "no-anonymous-user",
            Self::UnknownAction => "unknown-action",
            Self::StarAmongActions => "star-among-actions",
            Self::AnonymousPush => "anonymous-push",
        }
    }
}

impl fmt::Display for LintCode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}
