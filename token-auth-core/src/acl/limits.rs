//! How much an ACL may cost, when it is loaded and when it is asked.

use super::GoRegexLimits;

/// What an ACL may cost: bounds for hostile patterns, accounts and labels.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct AclLimits {
    /// Bytes of a pattern, as written and with all placeholders filled in. Default 64 KiB.
    pub pattern: usize,
    /// Size of a regular expression.
    pub regex: GoRegexLimits,
    /// Combinations of label values that are tried for one pattern with `${labels:…}`. Default 256.
    pub combinations: usize,
    /// Bytes of memory, about, for compiled regular expressions that are kept because a placeholder in them was filled in and
    /// may be filled in so again. Default 16 MiB.
    pub cache: usize,
}

impl Default for AclLimits {
    fn default() -> Self {
        Self { pattern: 64 << 10, regex: GoRegexLimits::default(), combinations: 256, cache: 16 << 20 }
    }
}
