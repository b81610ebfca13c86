//! What all patterns with placeholders have at most: whether the values of a request could exceed a limit.

use crate::AccessRequest;
use crate::acl::AclLimits;
use crate::acl::field::Field;
use crate::acl::matching::Template;

/// What all patterns with placeholders have at most, to see whether the values of a request could exceed a limit.
#[derive(Clone, Debug, Default)]
pub(in super::super) struct Bounds {
    /// Rules with such a pattern, in their order.
    templates: Vec<u32>,
    /// Bytes of a pattern.
    text: usize,
    /// Placeholders in a pattern.
    placeholders: usize,
    /// Bytes of a compiled expression, before anything is filled in.
    size: usize,
    /// Labels in one pattern.
    labels_each: u32,
    /// Labels in all of them.
    labels: Vec<Box<str>>,
}

impl Bounds {
    /// Takes account of a pattern; `size` is about what it compiles to if it is an expression.
    pub(in super::super) fn include(&mut self, rule: u32, template: &Template, size: Option<usize>) {
        if self.templates.last() != Some(&rule) {
            self.templates.push(rule);
        }
        self.text = self.text.max(template.text.len());
        self.placeholders = self.placeholders.max(template.text.matches("${").count());
        self.size = self.size.max(size.unwrap_or(0));
        self.labels_each = self.labels_each.max(u32::try_from(template.labels.len()).unwrap_or(u32::MAX));
        for label in &template.labels {
            if !self.labels.contains(label) {
                self.labels.push(label.clone());
            }
        }
    }

    pub(super) fn templates(&self) -> &[u32] {
        &self.templates
    }

    /// Whether a pattern might exceed a limit with the values of this request filled in.
    pub(super) fn exceeded(&self, request: &AccessRequest<'_>, limits: &AclLimits) -> bool {
        /// More than a byte takes in a compiled expression.
        const BYTE: usize = 256;
        if self.templates.is_empty() {
            return false;
        }
        let mut longest = Field::ALL.iter().map(|field| field.of(request).len()).max().unwrap_or(0);
        let mut values = 1;
        for label in &self.labels {
            let of_label = request.labels.get(label);
            values = values.max(of_label.len());
            longest = of_label.iter().map(|value| value.as_str().len()).fold(longest, usize::max);
        }
        let inserted = self.placeholders.saturating_mul(longest);
        // Quoting may double it.
        self.text.saturating_add(inserted.saturating_mul(2)) > limits.pattern
            || values.saturating_pow(self.labels_each) > limits.combinations
            || self.size.saturating_add(inserted.saturating_mul(BYTE)) > limits.regex.size
    }
}
