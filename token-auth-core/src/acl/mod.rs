//! Rules that say who may do what.
//!
//! An [`Acl`] is a list of [`Rule`]s. The first rule whose every condition holds decides; if there is none, the list
//! abstains. It reads the rules of docker_auth, and means by them what docker_auth means, with the differences below.
//!
//! # Patterns
//!
//! A pattern in slashes, longer than `//`, is a regular expression in Go's dialect ([`GoRegex`]), not anchored. Any other
//! is a glob over the whole text ([`glob_matches`]).
//!
//! Danger: a rule that a program makes of a name which somebody else has chosen is a rule for everyone if that name is `*`,
//! `/./` or `${account}`. [`Match::account_is`] and its like, and [`literal`] for a part of a pattern, take a name for itself.
//!
//! # Placeholders
//!
//! * `${account}`, `${type}`, `${name}`, `${service}` stand for that part of the request, literally.
//! * `${account:1}`, and so for the others, stands for what group 1 of this rule's own regular expression for that part
//!   captured, literally.
//! * `${labels:team}` stands for each value of that label, in every combination with those of other labels. It has no
//!   meaning in the pattern of a label. The name of the label ends at the first `}`.
//!
//! A value that stands for itself is quoted: no account name can act as a pattern. Whether the value of a label acts as a
//! piece of pattern depends on its [`Origin`](crate::Origin). A placeholder that has no value stays in the pattern as it
//! is written. Placeholders are filled in from left to right, and a value is not searched for placeholders.
//!
//! `${account:1}` counts where it is found in `account`, `type`, `name` or `service`; it is then filled in throughout the
//! rule. In `${account}/${account:1}` it is not found: the search begins at the first `${`.
//!
//! # Cost
//!
//! A rule is filed under the one of its conditions that fewest others share, and a request is held against the rules that it
//! finds there: a decision over a hundred thousand rules costs about what it costs over ten, and allocates nothing unless a
//! placeholder has to be filled in or an action is not one of `pull`, `push`, `delete` and `*`. What begins with a literal, a
//! `${account}` or a `${labels:…}` is found by its beginning; what is not anchored, by a literal that it requires. The limit
//! is a regular expression that requires none (`/[a-z]+[0-9]/`) in a rule without another selective condition: it is asked of
//! every request, at about a tenth of a microsecond for a name of usual length. So is a pattern with `${labels:…}` where a
//! value of that label is itself a [pattern](crate::LabelValue::dangerous_pattern) with wildcards.
//!
//! A regular expression is read and bounded when the list is compiled, and compiled when it is first asked.
//!
//! # Why
//!
//! [`Acl::explain`] says which rule decides a request and what each rule before it lacked; [`Acl::lint`] finds rules that are
//! probably not meant.
//!
//! # Differences from docker_auth
//!
//! * A captured group is always literal. There, an account `.*-ci` opens `secret/y` through `/^${account:1}\/.+$/`.
//! * A pattern is a regular expression only if the administrator wrote its slashes. There, an account `/a/` makes one of
//!   the pattern `${account}`.
//! * A malformed glob is an error when the list is compiled, unless
//!   [`malformed_globs_never_match`](AclBuilder::malformed_globs_never_match) is set.
//! * A mistyped or missing key is an error.
//! * Sizes are bounded ([`AclLimits`]).

mod builder;
mod cache;
mod combinations;
mod compile;
mod compiled;
mod error;
mod explain;
mod expression;
mod field;
mod groups;
mod index;
mod limits;
mod lint;
mod list;
mod matching;
mod network;
mod pattern;
mod rule;
mod template;
#[cfg(test)]
mod tests;
mod undecided;

pub use crate::pattern::{
    GoRegex, GoRegexError, GoRegexErrorKind, GoRegexLimits, MalformedGlob, glob_matches, literal,
};
pub use builder::AclBuilder;
pub use error::{AclErrors, Condition, RuleError, RuleErrorKind};
pub use explain::{Asked, ExplainedDecision, Explanation, NumberedRule, PassedRule, UnmetCondition};
pub use limits::AclLimits;
pub use lint::{LintCode, LintContext, LintFinding};
pub use list::{Acl, Decision};
pub use rule::{Match, Rule};
pub use undecided::{Undecided, UndecidedReason};
