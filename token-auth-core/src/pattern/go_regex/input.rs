//! The text of a regular expression, sign by sign.

/// What is left to read of a pattern.
#[derive(Clone, Copy)]
pub(super) struct Input<'p> {
    whole: &'p str,
    rest: &'p str,
}

impl<'p> Input<'p> {
    pub(super) fn new(pattern: &'p str) -> Self {
        Self { whole: pattern, rest: pattern }
    }

    /// Where reading stands, in bytes from the beginning of the pattern.
    pub(super) fn offset(&self) -> usize {
        self.whole.len() - self.rest.len()
    }

    pub(super) fn rest(&self) -> &'p str {
        self.rest
    }

    pub(super) fn peek(&self) -> Option<char> {
        self.rest.chars().next()
    }

    /// The character after the next.
    pub(super) fn peek_second(&self) -> Option<char> {
        self.rest.chars().nth(1)
    }

    pub(super) fn next(&mut self) -> Option<char> {
        let mut chars = self.rest.chars();
        let next = chars.next();
        self.rest = chars.as_str();
        next
    }

    /// Reads this text if it comes next.
    pub(super) fn eat(&mut self, text: &str) -> bool {
        match self.rest.strip_prefix(text) {
            Some(rest) => {
                self.rest = rest;
                true
            }
            None => false,
        }
    }

    /// Reads up to this text and over it, if it comes at all.
    pub(super) fn eat_through(&mut self, end: &str) -> Option<&'p str> {
        let (before, after) = self.rest.split_once(end)?;
        self.rest = after;
        Some(before)
    }

    /// Reads everything.
    pub(super) fn take(&mut self) -> &'p str {
        std::mem::take(&mut self.rest)
    }
}
