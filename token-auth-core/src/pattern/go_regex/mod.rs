//! Regular expressions in the dialect of Go.

mod class;
mod error;
mod escape;
mod group;
mod input;
mod parser;
mod repeat;
mod size;
mod unicode;

use regex_automata::Input;
use regex_automata::meta::{self, Regex};
use regex_automata::nfa::thompson::WhichCaptures;
use regex_syntax::hir::Hir;

pub use error::{GoRegexError, GoRegexErrorKind};

/// A regular expression that means what Go's `regexp` package takes it for, or does not exist.
///
/// The dialect is RE2's as `regexp.Compile` reads it, which differs from that of the `regex` crate: `\d`, `\s`, `\w` and
/// `\b` are ASCII; `{` is literal where it begins no repetition; `\Q…\E` quotes; `\141` is octal; `\<` is `<`; inside a
/// class `&&`, `--`, `~~` and `[` are literal. Not anchored. Matching takes time linear in the text.
///
/// ```
/// use token_auth_core::pattern::GoRegex;
///
/// let regex = GoRegex::new(r"^(\w+)-ci{$")?;
/// assert!(regex.is_match("team-ci{"));
/// assert_eq!(regex.group("team-ci{", 1), Some("team"));
/// assert!(GoRegex::new(r"(?=x)").is_err());
/// # Ok::<(), token_auth_core::pattern::GoRegexError>(())
/// ```
#[derive(Clone, Debug)]
pub struct GoRegex {
    regex: Regex,
    groups: usize,
}

/// How large a regular expression may be.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct GoRegexLimits {
    /// How deep groups and repetitions may lie within each other. Default 50; Go allows 1000. Compiling recurses: a level
    /// takes up to 20 KiB of stack in a build that is not optimized.
    pub nesting: u32,
    /// Bytes that the compiled form may take, about. Default 10 MiB.
    pub size: usize,
}

impl Default for GoRegexLimits {
    fn default() -> Self {
        Self { nesting: 50, size: 10 << 20 }
    }
}

impl GoRegex {
    /// Compiles an expression, without the slashes that enclose it in an ACL.
    ///
    /// # Errors
    ///
    /// When Go would refuse it, or when it exceeds the default limits.
    pub fn new(pattern: &str) -> Result<Self, GoRegexError> {
        Self::with_limits(pattern, GoRegexLimits::default())
    }

    /// Compiles an expression within limits.
    ///
    /// # Errors
    ///
    /// When Go would refuse it, or when it exceeds the limits.
    pub fn with_limits(pattern: &str, limits: GoRegexLimits) -> Result<Self, GoRegexError> {
        Self::build(pattern, limits, WhichCaptures::All)
    }

    /// Compiles an expression that will only be asked whether it matches: smaller and faster.
    pub(crate) fn without_groups(pattern: &str, limits: GoRegexLimits) -> Result<Self, GoRegexError> {
        Self::build(pattern, limits, WhichCaptures::None)
    }

    /// Compiles an expression for [`is_match_once`](Self::is_match_once), which has to know where a match is.
    pub(crate) fn without_memory(pattern: &str, limits: GoRegexLimits) -> Result<Self, GoRegexError> {
        Self::build(pattern, limits, WhichCaptures::Implicit)
    }

    /// What an expression means, if it is one, without compiling it.
    pub(crate) fn read(pattern: &str, limits: GoRegexLimits) -> Result<Hir, GoRegexError> {
        parser::parse(pattern, limits.nesting).map(|parsed| parsed.hir)
    }

    /// Bytes that the compiled form takes at most.
    pub(crate) fn largest(hir: &Hir) -> usize {
        size::AROUND.saturating_add(size::states(hir)).saturating_mul(size::STATE)
    }

    fn build(pattern: &str, limits: GoRegexLimits, captures: WhichCaptures) -> Result<Self, GoRegexError> {
        let parsed = parser::parse(pattern, limits.nesting)?;
        let config = meta::Config::new()
            .which_captures(captures)
            .nfa_size_limit(Some(limits.size))
            .onepass_size_limit(Some(ONE_PASS))
            // Their caches are several times an expression; another crate of the same build may have asked for them.
            .hybrid(false)
            .dfa(false);
        let regex = meta::Builder::new()
            .configure(config)
            .build_from_hir(&parsed.hir)
            .map_err(|_| GoRegexError { kind: GoRegexErrorKind::Size, offset: pattern.len() })?;
        Ok(Self { regex, groups: usize::try_from(parsed.groups).unwrap_or(usize::MAX) })
    }

    /// Whether it matches anywhere in the text.
    pub fn is_match(&self, text: &str) -> bool {
        self.regex.is_match(text)
    }

    /// The same of one that was compiled for it, and keeps no memory for its next search: others do for each thread, several
    /// times their own size.
    pub(crate) fn is_match_once(&self, text: &str) -> bool {
        let mut cache = self.regex.create_cache();
        self.regex.search_half_with(&mut cache, &Input::new(text).earliest(true)).is_some()
    }

    /// What a group captured in the leftmost match: empty if the group took no part in it, nothing if there is no match
    /// or no such group. Group 0 is the whole match.
    pub fn group<'t>(&self, text: &'t str, group: usize) -> Option<&'t str> {
        if !self.has_group(group) {
            return None;
        }
        let mut captures = self.regex.create_captures();
        self.regex.search_captures(&Input::new(text), &mut captures);
        captures.is_match().then(|| {
            let span = captures.get_group(group);
            span.and_then(|span| text.get(span.range())).unwrap_or_default()
        })
    }

    /// Whether there is a group of this number.
    pub(crate) fn has_group(&self, group: usize) -> bool {
        group <= self.groups
    }

    /// Bytes of memory that the compiled form takes, about.
    pub(crate) fn memory(&self) -> usize {
        self.regex.memory_usage()
    }
}

/// Bytes for the fast engine of anchored expressions; what does not fit uses another.
const ONE_PASS: usize = 32 << 10;

#[cfg(test)]
mod tests;
