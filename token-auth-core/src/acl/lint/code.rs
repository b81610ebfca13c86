//! The kinds of findings, by their stable names.

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
    /// `missing-slash`: a regular expression that lacks one of its slashes, and is a glob that never matches.
    MissingSlash,
    /// `not-a-glob`: a glob that looks like a regular expression, a list in braces, or a negation.
    NotAGlob,
    /// `shell-negation`: `[!a]`, which is a `!` or an `a` here, and anything else in a shell.
    ShellNegation,
    /// `unknown-placeholder`: `${…}`, `{account}` or `$account` that nothing is filled in for.
    UnknownPlaceholder,
    /// `typographic-quote`: a curly quotation mark, which is a character of the pattern.
    TypographicQuote,
    /// `unknown-account`: an account that no identity source has.
    UnknownAccount,
    /// `unknown-type`: a type of resource that no registry asks for.
    UnknownType,
    /// `not-a-repository`: a name that no repository has: with a tag, a host, or capital letters.
    NotARepository,
    /// `label-never-fits`: a label in a name whose values are distinguished names.
    LabelNeverFits,
    /// `insufficient-actions`: actions that no registry accepts alone: push without pull, the catalog without `*`.
    InsufficientActions,
    /// `denial-never-applies`: a rule that denies, and never applies. An error: what it is to deny stays open.
    DenialNeverApplies,
}

impl LintCode {
    /// Whether it is an error: the rule leaves open what it is to close.
    pub fn is_error(self) -> bool {
        self == Self::DenialNeverApplies
    }

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
            Self::MissingSlash => "missing-slash",
            Self::NotAGlob => "not-a-glob",
            Self::ShellNegation => "shell-negation",
            Self::UnknownPlaceholder => "unknown-placeholder",
            Self::TypographicQuote => "typographic-quote",
            Self::UnknownAccount => "unknown-account",
            Self::UnknownType => "unknown-type",
            Self::NotARepository => "not-a-repository",
            Self::LabelNeverFits => "label-never-fits",
            Self::InsufficientActions => "insufficient-actions",
            Self::DenialNeverApplies => "denial-never-applies",
        }
    }
}

impl fmt::Display for LintCode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}
