//! Why a text is no regular expression of Go, or one that is too large.

/// A regular expression that cannot be used.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{kind} at byte {offset}")]
pub struct GoRegexError {
    pub(super) kind: GoRegexErrorKind,
    pub(super) offset: usize,
}

impl GoRegexError {
    /// Why.
    pub fn kind(&self) -> GoRegexErrorKind {
        self.kind
    }

    /// Where, in bytes from the beginning of the expression.
    pub fn offset(&self) -> usize {
        self.offset
    }
}

/// Why a regular expression cannot be used.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, thiserror::Error)]
#[non_exhaustive]
pub enum GoRegexErrorKind {
    /// `\y`, `\1`, `\C`, or a lone `\` at the end: Go gives them no meaning.
    #[error("escape sequence without a meaning; write a literal backslash as `\\\\`")]
    Escape,
    /// `\x{D800}` and the like: no text contains such a character.
    #[error("a surrogate is not a character")]
    Surrogate,
    /// `[` without `]`.
    #[error("character class without its `]`")]
    Bracket,
    /// `[z-a]`.
    #[error("character range that ends before it begins")]
    Range,
    /// `[[:word:]]` with a name that Go does not know.
    #[error("unknown character class; the names are those of POSIX and `word`")]
    Class,
    /// `\p{…}` with a name that is neither a general category nor a script.
    #[error("unknown Unicode class; the names are those of general categories and scripts")]
    UnicodeClass,
    /// `(` without `)`.
    #[error("group without its `)`")]
    OpenGroup,
    /// `)` without `(`.
    #[error("`)` without a group")]
    CloseGroup,
    /// `(?<1 2>…)`.
    #[error("group name that is not letters, digits and `_`")]
    GroupName,
    /// `(?=…)`, `(?x)` and the like: Go has the flags `i`, `m`, `s` and `U`, and no look-around.
    #[error("unknown group syntax; the flags are i, m, s and U, and there is no look-around")]
    Group,
    /// `*` with nothing before it.
    #[error("nothing to repeat; write a literal quantifier with a backslash")]
    NothingToRepeat,
    /// `a**`.
    #[error("repetition of a repetition; put the inner one in a group")]
    DoubleRepeat,
    /// `a{2,1}`, `a{1001}`, or repetitions within repetitions that together exceed 1000.
    #[error("repetition count out of order, or above 1000")]
    RepeatCount,
    /// Groups and repetitions within each other beyond the limit.
    #[error("nested too deeply; the limit is configurable")]
    Nesting,
    /// The compiled form exceeds the limit.
    #[error("too large when compiled; the limit is configurable")]
    Size,
}
