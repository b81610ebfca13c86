//! What patterns are made of: globs, and with the feature `acl` Go's regular expressions. Rules, scope patterns and filters
//! of groups stand on it.

mod glob;
#[cfg(feature = "acl")]
mod go_regex;

pub(crate) use glob::negates_like_a_shell;
pub use glob::{MalformedGlob, glob_matches, literal};
#[cfg(feature = "acl")]
pub(crate) use glob::{check_glob, is_literal};
#[cfg(feature = "acl")]
pub use go_regex::{GoRegex, GoRegexError, GoRegexErrorKind, GoRegexLimits};

/// The regular expression between the slashes of a pattern, if it is one: `/^team/`, but not `//`.
pub(crate) fn expression(pattern: &str) -> Option<&str> {
    pattern.strip_prefix('/')?.strip_suffix('/').filter(|expression| !expression.is_empty())
}
