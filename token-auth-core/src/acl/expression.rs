//! A regular expression of a rule, which may have placeholders.

use std::sync::OnceLock;

use regex_syntax::hir::Hir;

use super::{GoRegex, GoRegexError, GoRegexLimits};

/// The regular expression of a rule, compiled when it is first needed.
///
/// Most rules of a long list are never asked, and compiled expressions take most of what a list takes. It is read when the
/// rule is; and unless it is certain that it keeps to the limit of its size, it is compiled then, too.
#[derive(Debug)]
pub(super) struct Expression {
    text: Box<str>,
    limits: GoRegexLimits,
    /// Whether what groups capture is asked for.
    groups: bool,
    compiled: OnceLock<Result<GoRegex, GoRegexError>>,
}

impl Expression {
    /// Reads an expression; with it comes what it means.
    pub(super) fn read(text: &str, limits: GoRegexLimits, groups: bool) -> Result<(Self, Hir), GoRegexError> {
        let hir = GoRegex::read(text, limits)?;
        let expression = Self { text: text.into(), limits, groups, compiled: OnceLock::new() };
        if GoRegex::largest(&hir) > limits.size {
            expression.compiled()?;
        }
        Ok((expression, hir))
    }

    /// Whether it matches anywhere in the text.
    ///
    /// # Errors
    ///
    /// When it turns out that it exceeds the limits.
    pub(super) fn is_match(&self, text: &str) -> Result<bool, GoRegexError> {
        Ok(self.compiled()?.is_match(text))
    }

    /// What a group captured, as [`GoRegex::group`] has it.
    pub(super) fn group<'t>(&self, text: &'t str, group: usize) -> Option<&'t str> {
        self.compiled().ok()?.group(text, group)
    }

    /// Whether it has a group of this number.
    pub(super) fn has_group(&self, group: usize) -> bool {
        self.compiled().is_ok_and(|regex| regex.has_group(group))
    }

    /// What stands between the slashes.
    pub(super) fn text(&self) -> &str {
        &self.text
    }

    fn compiled(&self) -> Result<&GoRegex, GoRegexError> {
        let compile = || match self.groups {
            true => GoRegex::with_limits(&self.text, self.limits),
            false => GoRegex::without_groups(&self.text, self.limits),
        };
        self.compiled.get_or_init(compile).as_ref().map_err(Clone::clone)
    }
}
